/** All tables of `test/guards` under the names of their files. */

import { auditGuards } from '../../test/guards/audit.ts';
import { domainsLinkingGuards } from '../../test/guards/domains-linking.ts';
import { filesForSpreadsheetsGuards } from '../../test/guards/files-for-spreadsheets.ts';
import { invitationsLinksGuards } from '../../test/guards/invitations-links.ts';
import { oidcRelyingPartyGuards } from '../../test/guards/oidc-relying-party.ts';
import { oneOrganizationCostGuards } from '../../test/guards/one-organization-cost.ts';
import { openidProviderGuards } from '../../test/guards/openid-provider.ts';
import { outboundWebhooksGuards } from '../../test/guards/outbound-webhooks.ts';
import { passwordsRecoveryGuards } from '../../test/guards/passwords-recovery.ts';
import { rolesGroupsLifecycleGuards } from '../../test/guards/roles-groups-lifecycle.ts';
import { samlDocumentGuards } from '../../test/guards/saml-document.ts';
import { samlProtocolGuards } from '../../test/guards/saml-protocol.ts';
import { samlStatementGuards } from '../../test/guards/saml-statements.ts';
import { samlTenancyGuards } from '../../test/guards/saml-tenancy.ts';
import { samlTextGuards } from '../../test/guards/saml-text.ts';
import { sessionsCsrfGuards } from '../../test/guards/sessions-csrf.ts';
import type { Guard, NamedGuard } from './guard.ts';

/** A new table is one line here. */
const guardTables: Readonly<Record<string, readonly Guard[]>> = {
  'saml-document': samlDocumentGuards,
  'saml-text': samlTextGuards,
  'saml-protocol': samlProtocolGuards,
  'saml-statements': samlStatementGuards,
  'saml-tenancy': samlTenancyGuards,
  'oidc-relying-party': oidcRelyingPartyGuards,
  'openid-provider': openidProviderGuards,
  'roles-groups-lifecycle': rolesGroupsLifecycleGuards,
  'domains-linking': domainsLinkingGuards,
  'invitations-links': invitationsLinksGuards,
  'passwords-recovery': passwordsRecoveryGuards,
  'sessions-csrf': sessionsCsrfGuards,
  'outbound-webhooks': outboundWebhooksGuards,
  'files-for-spreadsheets': filesForSpreadsheetsGuards,
  audit: auditGuards,
  'one-organization-cost': oneOrganizationCostGuards,
};

/** Every row, in the order of the tables. */
export const allGuards: readonly NamedGuard[] = Object.entries(guardTables).flatMap(([table, rows]) =>
  rows.map((row) => ({ ...row, table })),
);
