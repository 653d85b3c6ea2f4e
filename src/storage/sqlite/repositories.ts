/** All repositories over one connection. */
import type { Connection } from '../../core/entities/connection.ts';
import type { Repositories } from '../../core/ports/storage.ts';
import { accessReviewRepository, reviewItemRepository } from './access-reviews.ts';
import { adoptionConflictRepository } from './adoption-conflicts.ts';
import { apiKeyRepository } from './api-keys.ts';
import { applicationGrantRepository } from './application-grants.ts';
import { applicationRepository } from './applications.ts';
import { auditEventRepository } from './audit-events.ts';
import { noHead, type RememberedHead } from './audit-heads.ts';
import { connectionRepository } from './connections.ts';
import { cutoverMemberRepository, cutoverRepository } from './cutovers.ts';
import { directoryRepository, directoryTokenRepository } from './directories.ts';
import { directoryClientRepository } from './directory-clients.ts';
import { directoryGroupRepository } from './directory-groups.ts';
import { directoryUserRepository } from './directory-users.ts';
import { domainRepository } from './domains.ts';
import { emergencyCodeRepository } from './emergency-codes.ts';
import { grantRepository } from './grants.ts';
import { groupMappingRepository } from './group-mappings.ts';
import { groupMemberRepository } from './group-members.ts';
import { identityRepository } from './identities.ts';
import { installationRepository } from './installation.ts';
import { invitationRepository } from './invitations.ts';
import { jobRepository } from './jobs.ts';
import type { KnownRows } from './known-rows.ts';
import { mailCountRepository } from './mail-counts.ts';
import { mailSuppressionRepository } from './mail-suppressions.ts';
import { mappingDraftRepository } from './mapping-drafts.ts';
import { mappingTestRepository } from './mapping-tests.ts';
import { membershipRepository } from './memberships.ts';
import { oneTimeRecordRepository } from './one-time-records.ts';
import { orgRoleRepository } from './org-roles.ts';
import { organizationRepository } from './organizations.ts';
import { outboxRepository } from './outbox.ts';
import type { PageAnchors } from './page-anchors.ts';
import { passkeyRepository } from './passkeys.ts';
import { pastValueRepository } from './past-values.ts';
import { consumedAssertionRepository, pendingSignInRepository } from './pending-sign-ins.ts';
import { providerRecordRepository } from './provider-records.ts';
import { recorderEntryRepository } from './recorder-entries.ts';
import { removedUserRepository } from './removed-users.ts';
import { recoveryCodeRepository, secondFactorRepository } from './second-factors.ts';
import { sessionRepository } from './sessions.ts';
import { shareableLinkRepository } from './shareable-links.ts';
import { signInAttemptRepository } from './sign-in-attempts.ts';
import { signingKeyRepository } from './signing-keys.ts';
import type { Remembering, Sql } from './sql.ts';
import { teamMemberRepository, teamRepository } from './teams.ts';
import { testSignInRepository } from './test-sign-ins.ts';
import { uniqueValueRepository } from './unique-values.ts';
import { userRepository } from './users.ts';
import { webhookRepository } from './webhooks.ts';

/** What may be remembered between two questions; absent: nothing is. */
export interface Memory {
  /** Only where nothing is seen that may still be rolled back. */
  readonly anchors?: PageAnchors;
  /** The same. */
  readonly remembering?: Remembering;
  /** In a transaction only to find in. */
  readonly connections?: KnownRows<Connection> | undefined;
  /** Only over the connection that writes. */
  readonly head?: RememberedHead;
}

/** Builds every repository over `sql`. */
export function createRepositories(sql: Sql, memory: Memory = {}): Repositories {
  const { anchors, remembering, connections, head = noHead } = memory;
  return {
    organizations: organizationRepository(sql, head),
    orgRoles: orgRoleRepository(sql),
    users: userRepository(sql),
    oneTimeRecords: oneTimeRecordRepository(sql),
    secondFactors: secondFactorRepository(sql),
    recoveryCodes: recoveryCodeRepository(sql),
    passkeys: passkeyRepository(sql),
    memberships: membershipRepository(sql),
    grants: grantRepository(sql),
    pastValues: pastValueRepository(sql),
    teams: teamRepository(sql),
    teamMembers: teamMemberRepository(sql),
    directories: directoryRepository(sql),
    directoryTokens: directoryTokenRepository(sql, remembering),
    directoryClients: directoryClientRepository(sql),
    directoryUsers: directoryUserRepository(sql, anchors),
    ...arrivalRepositories(sql),
    directoryGroups: directoryGroupRepository(sql, anchors),
    groupMembers: groupMemberRepository(sql),
    ...ruleRepositories(sql),
    ...signInRepositories(sql, connections),
    invitations: invitationRepository(sql),
    shareableLinks: shareableLinkRepository(sql),
    jobs: jobRepository(sql),
    mailCounts: mailCountRepository(sql),
    mailSuppressions: mailSuppressionRepository(sql),
    auditEvents: auditEventRepository(sql, head),
    outbox: outboxRepository(sql),
    recorderEntries: recorderEntryRepository(sql),
    installation: installationRepository(sql),
    applications: applicationRepository(sql),
    applicationGrants: applicationGrantRepository(sql),
    providerRecords: providerRecordRepository(sql),
    signingKeys: signingKeyRepository(sql),
    ...accessRepositories(sql),
  };
}

/** What programs may do, and what people are reviewed for. */
const accessRepositories = (sql: Sql) => ({
  apiKeys: apiKeyRepository(sql),
  accessReviews: accessReviewRepository(sql),
  reviewItems: reviewItemRepository(sql),
  webhooks: webhookRepository(sql),
});

/** Which roles follow from groups and claims. */
const ruleRepositories = (sql: Sql) => ({
  groupMappings: groupMappingRepository(sql),
  mappingTests: mappingTestRepository(sql),
  mappingDrafts: mappingDraftRepository(sql),
});

/** What is known of people between a directory and their membership. */
const arrivalRepositories = (sql: Sql) => ({
  uniqueValues: uniqueValueRepository(sql),
  adoptionConflicts: adoptionConflictRepository(sql),
  removedUsers: removedUserRepository(sql),
  cutovers: cutoverRepository(sql),
  cutoverMembers: cutoverMemberRepository(sql),
});

/** How people come in. */
const signInRepositories = (sql: Sql, known: KnownRows<Connection> | undefined) => ({
  connections: connectionRepository(sql, known),
  identities: identityRepository(sql),
  domains: domainRepository(sql),
  pendingSignIns: pendingSignInRepository(sql),
  consumedAssertions: consumedAssertionRepository(sql),
  testSignIns: testSignInRepository(sql),
  emergencyCodes: emergencyCodeRepository(sql),
  sessions: sessionRepository(sql),
  signInAttempts: signInAttemptRepository(sql),
});
