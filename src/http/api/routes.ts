/** The route table of the management API: one file per resource, put together; nothing else is mounted below /api/v1. */
import { accessReviewRoutes } from './access-reviews.ts';
import { accountRoutes } from './account.ts';
import { adoptionConflictRoutes } from './adoption-conflicts.ts';
import { apiKeyRoutes } from './api-keys.ts';
import { applicationRoutes } from './applications.ts';
import { auditEventRoutes } from './audit-events.ts';
import { brandingRoutes } from './branding.ts';
import { connectionKeyRoutes } from './connection-keys.ts';
import { connectionMetadataRoutes } from './connection-metadata.ts';
import { connectionRoutes } from './connections.ts';
import { cutoverRoutes } from './cutover.ts';
import { directoryRoutes } from './directories.ts';
import { directoryClientRoutes } from './directory-clients.ts';
import { directoryExtensionRoutes } from './directory-extensions.ts';
import { domainRoutes } from './domains.ts';
import { emergencyCodeRoutes } from './emergency-codes.ts';
import { eventRoutes } from './events.ts';
import { groupMappingRoutes } from './group-mappings.ts';
import { invitationAcceptanceRoutes } from './invitation-acceptance.ts';
import { invitationBulkRoutes } from './invitation-bulk.ts';
import { invitationChangeRoutes } from './invitation-changes.ts';
import { invitationLinkRoutes } from './invitation-links.ts';
import { invitationRoutes } from './invitations.ts';
import { jobRoutes } from './jobs.ts';
import { linkJoiningRoutes } from './link-joining.ts';
import { mailSuppressionRoutes } from './mail-suppressions.ts';
import { mappingDraftRoutes } from './mapping-drafts.ts';
import { mappingTestRoutes } from './mapping-tests.ts';
import { memberResourceRoutes } from './member-resources.ts';
import { memberRoutes } from './members.ts';
import { newLinkRequestRoutes } from './new-link-requests.ts';
import { describingRoute } from './openapi.ts';
import { organizationRoutes } from './organizations.ts';
import { ownershipRoutes } from './ownership.ts';
import { passkeyRoutes } from './passkeys.ts';
import { planUsageRoutes } from './plan-usage.ts';
import { recorderRoutes } from './recorder.ts';
import { reprojectionRoutes } from './reprojections.ts';
import { roleConflictRoutes } from './role-conflicts.ts';
import { roleFitRoutes } from './role-fit.ts';
import { roleRoutes } from './roles.ts';
import type { ApiRoute } from './route.ts';
import { sessionRoutes } from './session.ts';
import { sessionListRoutes } from './sessions.ts';
import { signingKeyRoutes } from './signing-keys.ts';
import { teamRoutes } from './teams.ts';
import { testSignInRoutes } from './test-sign-ins.ts';
import { webhookRoutes } from './webhooks.ts';

const resources: readonly ApiRoute[] = [
  ...organizationRoutes,
  ...roleRoutes,
  ...brandingRoutes,
  ...planUsageRoutes,
  ...teamRoutes,
  ...memberRoutes,
  ...memberResourceRoutes,
  ...roleFitRoutes,
  ...accessReviewRoutes,
  ...ownershipRoutes,
  ...invitationRoutes,
  ...invitationChangeRoutes,
  ...invitationBulkRoutes,
  ...invitationAcceptanceRoutes,
  ...invitationLinkRoutes,
  ...linkJoiningRoutes,
  ...newLinkRequestRoutes,
  ...directoryRoutes,
  ...cutoverRoutes,
  ...directoryClientRoutes,
  ...directoryExtensionRoutes,
  ...adoptionConflictRoutes,
  ...groupMappingRoutes,
  ...mappingTestRoutes,
  ...mappingDraftRoutes,
  ...reprojectionRoutes,
  ...roleConflictRoutes,
  ...connectionRoutes,
  ...testSignInRoutes,
  ...emergencyCodeRoutes,
  ...connectionKeyRoutes,
  ...connectionMetadataRoutes,
  ...domainRoutes,
  ...applicationRoutes,
  ...jobRoutes,
  ...mailSuppressionRoutes,
  ...signingKeyRoutes,
  ...auditEventRoutes,
  ...eventRoutes,
  ...webhookRoutes,
  ...apiKeyRoutes,
  ...recorderRoutes,
  ...sessionRoutes,
  ...sessionListRoutes,
  ...accountRoutes,
  ...passkeyRoutes,
];

/** Every route, the one that describes all the others included. */
export const apiRoutes: readonly ApiRoute[] = [...resources, describingRoute(resources)];
