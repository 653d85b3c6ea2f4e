/** The acts that the audit tells, one after the other in one organization: which rows each leaves. Data for audit-acts.test.ts. */
import { testCertificate } from '../../support/saml-keys.ts';
import type { Act } from './audit-act.ts';
import { CREDENTIALS, CUTOVER, LINKS, WEBHOOKS } from './audit-acts-own.ts';

const O = '/organizations/{org}';
const PASSWORD = 'a sentence nobody guesses';
const CERTIFICATE = testCertificate('idp');
const EMAIL = 'ada@example.com';

const PEOPLE: readonly Act[] = [
  {
    types: ['organization.created'],
    also: ['team.created'],
    request: 'operator post /organizations',
    body: { name: 'Acts' },
    saves: { org: 'id' },
  },
  { types: ['organization.updated'], request: `operator patch ${O}`, body: { name: 'Acts of all kinds' } },
  {
    types: ['invitation.created'],
    request: `operator post ${O}/invitations`,
    body: { email: EMAIL, delivery: 'link' },
    saves: { invitation: 'id', invitationToken: 'url' },
  },
  {
    types: ['invitation.updated'],
    request: `operator patch ${O}/invitations/{invitation}`,
    body: { role: 'viewer' },
  },
  {
    types: ['invitation.resent'],
    request: `operator post ${O}/invitations/{invitation}/resend`,
    body: {},
    saves: { invitationToken: 'url' },
  },
  { types: ['invitation.link_shown'], request: `operator post ${O}/invitations/{invitation}/link` },
  {
    types: ['invitation.accepted', 'member.added', 'session.started'],
    also: ['member.roles_changed'],
    request: 'person post /invitations/{invitationToken}/accept',
    body: { name: 'Ada', password: PASSWORD },
    saves: { member: 'membershipId' },
  },
  {
    types: ['invitation.created'],
    request: `operator post ${O}/invitations`,
    body: { email: 'b@example.com', delivery: 'link' },
    saves: { other: 'id', deadToken: 'url' },
  },
  { types: ['invitation.revoked'], request: `operator delete ${O}/invitations/{other}` },
  {
    types: ['invitation_link.created'],
    request: `operator post ${O}/invitation-links`,
    body: { expiresIn: '1h' },
    saves: { link: 'id', linkToken: 'url' },
  },
  { types: ['invitation_link.revoked'], request: `operator delete ${O}/invitation-links/{link}` },
  {
    types: ['member.roles_changed'],
    request: `operator patch ${O}/members/{member}`,
    body: { orgRole: 'admin' },
  },
  { types: ['member.updated'], request: `operator patch ${O}/members/{member}`, body: { department: 'Ops' } },
  {
    types: ['member.resources_changed'],
    request: `operator put ${O}/members/{member}/resources/bot/1`,
    body: { role: 'viewer' },
  },
  {
    types: ['team.created'],
    request: `operator post ${O}/teams`,
    body: { name: 'Red' },
    saves: { team: 'id' },
  },
  { types: ['team.updated'], request: `operator patch ${O}/teams/{team}`, body: { name: 'Green' } },
  {
    types: ['team.member_set'],
    also: ['member.roles_changed'],
    request: `operator put ${O}/teams/{team}/members/{member}`,
    body: { role: 'owner' },
  },
  {
    types: ['team.member_removed'],
    also: ['member.roles_changed'],
    request: `operator delete ${O}/teams/{team}/members/{member}`,
  },
  { types: ['team.removed'], request: `operator delete ${O}/teams/{team}` },
  {
    types: ['password.rejected'],
    request: 'page post /sign-in/password',
    body: { email: EMAIL, password: 'wrong' },
    status: 401,
  },
  {
    types: ['password.accepted', 'session.started'],
    also: ['session.ended'],
    request: 'page post /sign-in/password',
    body: { email: EMAIL, password: PASSWORD },
  },
];

const RULES: readonly Act[] = [
  {
    types: ['group_mapping.created'],
    request: `operator post ${O}/group-mappings`,
    body: { match: { groupName: 'A' }, grants: [{ scope: 'org', role: 'viewer' }] },
    saves: { mapping: 'id' },
  },
  {
    types: ['group_mapping.updated'],
    request: `operator patch ${O}/group-mappings/{mapping}`,
    body: { rank: 9 },
  },
  {
    types: ['mapping_test.created'],
    request: `operator post ${O}/mapping-tests`,
    body: { name: 'A', given: {}, expect: { teams: [] } },
    saves: { mappingTest: 'id' },
  },
  {
    types: ['mapping_test.updated'],
    request: `operator patch ${O}/mapping-tests/{mappingTest}`,
    body: { name: 'B' },
  },
  { types: ['mapping_test.removed'], request: `operator delete ${O}/mapping-tests/{mappingTest}` },
  {
    types: ['mapping_draft.created'],
    request: `operator post ${O}/mapping-drafts`,
    body: {},
    saves: { draft: 'id' },
  },
  {
    types: ['mapping_draft.updated'],
    request: `operator patch ${O}/mapping-drafts/{draft}`,
    body: { name: 'B' },
  },
  { types: [], request: `operator get ${O}/mapping-drafts/{draft}/plan`, saves: { planHash: 'planHash' } },
  {
    types: ['mapping_draft.applied'],
    request: `operator post ${O}/mapping-drafts/{draft}/apply`,
    body: { planHash: '{planHash}' },
  },
  {
    types: ['mapping_draft.created'],
    request: `operator post ${O}/mapping-drafts`,
    body: {},
    saves: { draft: 'id' },
  },
  { types: ['mapping_draft.removed'], request: `operator delete ${O}/mapping-drafts/{draft}` },
  { types: ['group_mapping.removed'], request: `operator delete ${O}/group-mappings/{mapping}` },
  { types: ['organization.reprojection_started'], request: `operator post ${O}/reprojections` },
  {
    types: ['access_review.created'],
    request: `operator post ${O}/access-reviews`,
    body: {},
    saves: { review: 'id' },
  },
  {
    types: ['access_review.decided'],
    request: `operator patch ${O}/access-reviews/{review}/items/{member}`,
    body: { decision: 'confirm' },
  },
  { types: ['access_review.completed'], request: `operator post ${O}/access-reviews/{review}/complete` },
  {
    types: ['api_key.created'],
    request: `operator post ${O}/api-keys`,
    body: { name: 'A', kind: 'team', scopes: ['members.read'] },
    saves: { apiKey: 'id', keyToken: 'token' },
  },
  { types: ['api_key.removed'], request: `operator delete ${O}/api-keys/{apiKey}` },
];

const SIGN_ON: readonly Act[] = [
  {
    types: ['domain.created'],
    request: `operator post ${O}/domains`,
    body: { domain: 'acts.example' },
    saves: { domain: 'id' },
  },
  {
    types: ['connection.created'],
    request: `operator post ${O}/connections`,
    body: {
      ...{ protocol: 'oidc', name: 'A', issuer: 'https://idp.example.com', clientId: 'a', clientSecret: 'b' },
    },
    saves: { connection: 'id' },
  },
  {
    types: ['domain.updated'],
    request: `operator patch ${O}/domains/{domain}`,
    body: { connection: '{connection}' },
  },
  { types: ['domain.removed'], request: `operator delete ${O}/domains/{domain}` },
  {
    types: ['connection.updated'],
    request: `operator patch ${O}/connections/{connection}`,
    body: { name: 'B' },
  },
  {
    types: ['test_sign_in.started'],
    request: `operator post ${O}/connections/{connection}/test-sign-in`,
    body: {},
  },
  {
    types: ['connection.created'],
    also: ['connection.key_created'],
    request: `operator post ${O}/connections`,
    body: {
      protocol: 'saml',
      name: 'S',
      entityId: 'https://idp.example.com',
      ssoUrl: 'https://idp.example.com/sso',
      certificates: [CERTIFICATE],
    },
    saves: { saml: 'id' },
  },
  {
    types: ['connection.key_created'],
    request: `operator post ${O}/connections/{saml}/sp-keys`,
  },
  {
    types: ['connection.key_rotated'],
    request: `operator post ${O}/connections/{saml}/sp-keys/rotate`,
    saves: { key: 'spCertificates.1.id' },
  },
  {
    types: ['connection.key_removed'],
    request: `operator delete ${O}/connections/{saml}/sp-keys/{key}`,
  },
  { types: ['connection.removed'], request: `operator delete ${O}/connections/{connection}` },
  {
    types: ['member.roles_changed'],
    request: `operator patch ${O}/members/{member}`,
    body: { orgRole: 'owner' },
  },
  {
    types: ['emergency_code.created'],
    request: `operator post ${O}/emergency-codes`,
    body: { member: '{member}' },
    saves: { emergency: 'id' },
  },
  { types: ['emergency_code.revoked'], request: `operator delete ${O}/emergency-codes/{emergency}` },
  {
    types: ['emergency_code.created'],
    request: `operator post ${O}/emergency-codes`,
    body: { member: '{member}' },
    saves: { emergencyCode: 'code' },
  },
];

const S = '/scim/v2/{directory}';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const change = (...Operations: readonly object[]) => ({ schemas: [PATCH], Operations });

const DIRECTORY: readonly Act[] = [
  {
    types: ['directory.created', 'organization.provisioning_changed', 'invitation_link.voided'],
    request: `operator post ${O}/directories`,
    body: { kind: 'okta' },
    saves: { directory: 'id' },
  },
  {
    types: ['directory.updated'],
    request: `operator patch ${O}/directories/{directory}`,
    body: { name: 'B' },
  },
  {
    types: ['directory_token.created'],
    request: `operator post ${O}/directories/{directory}/tokens`,
    body: { name: 'Okta' },
    saves: { token: 'id', scimToken: 'token' },
  },
  {
    types: ['directory_client.created'],
    request: `operator post ${O}/directories/{directory}/clients`,
    body: { name: 'Entra' },
    saves: { client: 'clientId' },
  },
  {
    types: ['directory_client.removed'],
    request: `operator delete ${O}/directories/{directory}/clients/{client}`,
  },
  {
    types: ['directory_extension.created'],
    request: `operator post ${O}/directories/{directory}/extensions`,
    body: { urn: 'urn:acts:scim:Badge', attributes: [{ name: 'badge' }] },
  },
  {
    types: ['directory_extension.updated'],
    request: `operator put ${O}/directories/{directory}/extensions/urn:acts:scim:Badge`,
    body: { attributes: [{ name: 'badge' }, { name: 'desk' }] },
  },
  {
    types: ['directory_extension.removed'],
    request: `operator delete ${O}/directories/{directory}/extensions/urn:acts:scim:Badge`,
  },
  {
    types: ['directory_user.created', 'member.added'],
    request: `scim post ${S}/Users`,
    body: { schemas: [USER], userName: 'eve@example.com', externalId: '1', active: true },
    saves: { user: 'id' },
  },
  {
    types: ['directory_user.updated'],
    request: `scim patch ${S}/Users/{user}`,
    body: change({ op: 'replace', path: 'displayName', value: 'Eve' }),
  },
  {
    types: ['directory_group.created'],
    request: `scim post ${S}/Groups`,
    body: { schemas: [GROUP], displayName: 'Staff' },
    saves: { group: 'id' },
  },
  {
    types: ['directory_group.updated'],
    request: `scim patch ${S}/Groups/{group}`,
    body: change({ op: 'replace', path: 'displayName', value: 'All' }),
  },
  {
    types: ['directory_group.members_changed'],
    request: `scim patch ${S}/Groups/{group}`,
    body: change({ op: 'add', path: 'members', value: [{ value: '{user}' }] }),
  },
  {
    types: ['member.suspended'],
    also: ['directory_user.updated'],
    request: `scim patch ${S}/Users/{user}`,
    body: change({ op: 'replace', path: 'active', value: false }),
  },
  {
    types: ['member.reactivated'],
    also: ['directory_user.updated'],
    request: `scim patch ${S}/Users/{user}`,
    body: change({ op: 'replace', path: 'active', value: true }),
  },
  { types: ['directory_group.removed'], request: `scim delete ${S}/Groups/{group}` },
  {
    types: ['directory_user.removed', 'member.removed'],
    request: `scim delete ${S}/Users/{user}`,
  },
  {
    types: ['directory_token.removed'],
    request: `operator delete ${O}/directories/{directory}/tokens/{token}`,
  },
  {
    types: ['directory.removed', 'organization.provisioning_changed'],
    request: `operator delete ${O}/directories/{directory}?grants=drop`,
  },
];

const INSTALLATION: readonly Act[] = [
  {
    types: ['signing_key.created'],
    request: 'operator post /signing-keys/rotate',
    body: { algorithm: 'RS256' },
    saves: { signingKey: 'items.0.id' },
  },
  { types: ['signing_key.removed'], request: 'operator delete /signing-keys/{signingKey}' },

  {
    types: ['org_role.created'],
    request: 'operator post /roles',
    body: { key: 'auditor', name: 'Auditor', rank: 50, permissions: ['audit.read'] },
  },
  { types: ['org_role.updated'], request: 'operator patch /roles/auditor', body: { name: 'B' } },
  { types: ['org_role.removed'], request: 'operator delete /roles/auditor' },
  {
    types: ['application.created'],
    request: 'operator post /applications',
    body: { name: 'A', redirectUris: ['https://app.example/'] },
    saves: { application: 'clientId', secret: 'secrets.0.id' },
  },
  {
    types: ['application.updated'],
    request: 'operator patch /applications/{application}',
    body: { name: 'B' },
  },
  {
    types: ['application_secret.created'],
    request: 'operator post /applications/{application}/secrets',
    body: {},
  },
  {
    types: ['application_secret.removed'],
    request: 'operator delete /applications/{application}/secrets/{secret}',
  },
  { types: ['application.removed'], request: 'operator delete /applications/{application}' },
  {
    types: ['mail_suppression.created'],
    request: 'operator post /mail-suppressions',
    body: { address: 'a@bounced.example' },
    saves: { suppression: 'id' },
  },
  { types: ['mail_suppression.removed'], request: 'operator delete /mail-suppressions/{suppression}' },
  { types: ['organization.removed'], request: `operator delete ${O}` },
];

/** In this order. */
export const ACTS: readonly Act[] = [
  ...PEOPLE,
  ...RULES,
  ...SIGN_ON,
  ...CREDENTIALS,
  ...LINKS,
  ...WEBHOOKS,
  ...DIRECTORY,
  ...CUTOVER,
  ...INSTALLATION,
];
