/** Acts that the audit tells, of people about themselves, through links, and of an organization that gets a directory. Data for audit-acts.test.ts. */
import { days, seconds } from '../../../src/kernel/clock.ts';
import type { Act } from './audit-act.ts';

const O = '/organizations/{org}';
const EMAIL = 'ada@example.com';
const FIRST = 'a sentence nobody guesses';
const SECOND = 'quite another sentence';
const THIRD = 'the third of the sentences';

const factorOn: readonly Act[] = [
  {
    types: [],
    request: 'person post /account/second-factor',
    body: { currentPassword: THIRD },
    saves: { factor: 'secret' },
  },
  {
    types: ['second_factor.enabled'],
    request: 'person post /account/second-factor/confirm',
    body: { code: '{code}' },
  },
];

/** What a person changes about how they sign in. They are in with {FIRST}. */
export const CREDENTIALS: readonly Act[] = [
  {
    types: ['password.changed'],
    request: 'person post /account/password',
    body: { currentPassword: FIRST, newPassword: SECOND },
  },
  {
    types: [],
    request: 'person post /account/email',
    body: { currentPassword: SECOND, email: 'lovelace@example.com' },
    mails: 'email-change',
  },
  { types: ['email.changed'], request: 'form post {mailed}', mails: 'undo' },
  { types: ['credentials.undone'], also: ['session.ended'], request: 'form post {mailed}' },
  {
    types: ['password.reset_requested'],
    request: 'page post /password-reset',
    body: { email: EMAIL },
    mails: 'password-reset',
  },
  { types: ['password.reset'], request: 'page post {mailed}', body: { password: THIRD } },
  {
    types: ['password.accepted', 'session.started'],
    request: 'page post /sign-in/password',
    body: { email: EMAIL, password: THIRD },
  },
  ...factorOn,
  {
    types: ['second_factor.codes_renewed'],
    request: 'person post /account/recovery-codes',
    body: { currentPassword: THIRD },
    saves: { recovery: 'recoveryCodes.0' },
  },
  {
    types: [],
    request: 'page post /sign-in/password',
    body: { email: EMAIL, password: THIRD },
    status: 401,
  },
  {
    types: ['second_factor.rejected'],
    request: 'page post /sign-in/second-step',
    body: { code: '000000' },
    status: 401,
  },
  {
    types: ['second_factor.recovery_code_used', 'session.started'],
    also: ['password.accepted', 'session.ended'],
    request: 'page post /sign-in/second-step',
    body: { code: '{recovery}' },
  },
  {
    types: ['second_factor.disabled'],
    waits: seconds(30),
    request: 'person post /account/second-factor/remove',
    body: { currentPassword: THIRD, code: '{code}' },
  },
  ...factorOn,
  {
    types: ['second_factor.reset'],
    also: ['session.ended'],
    request: `operator delete ${O}/members/{member}/second-factors`,
  },
  {
    types: ['emergency_code.used', 'session.started'],
    request: 'page post /sign-in/emergency',
    body: { code: '{emergencyCode}' },
  },
];

/** Ways in that are dead or for many. */
export const LINKS: readonly Act[] = [
  { types: ['invitation.asked_for'], request: 'nobody post /invitations/{deadToken}/new-link-request' },
  {
    types: ['invitation_link.asked_for'],
    request: 'nobody post /invitation-links/{linkToken}/new-link-request',
  },
  {
    types: ['invitation_link.created'],
    request: `operator post ${O}/invitation-links`,
    body: { expiresIn: '7d', maxUses: 3, domains: ['example.com'] },
    saves: { linkToken: 'url' },
  },
  {
    types: [],
    request: 'nobody post /invitation-links/{linkToken}/proofs',
    body: { email: 'dan@example.com' },
    mails: 'links',
  },
  {
    types: ['invitation_link.used', 'member.added', 'session.started'],
    request: 'nobody post /invitation-links/{linkToken}/accept',
    body: { proof: '{mailedProof}', name: 'Dan', password: FIRST },
    saves: { dan: 'membershipId' },
  },
  {
    types: ['organization.ownership_transferred'],
    also: ['member.roles_changed', 'member.roles_changed'],
    request: `person post ${O}/members/{dan}/transfer-ownership`,
    body: {},
  },
  { types: ['session.ended'], request: 'page post /sign-out' },
];

const D = `${O}/directories/{shadow}`;
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const pushed = (userName: string) => ({
  schemas: [USER],
  userName,
  externalId: userName,
  active: true,
  emails: [{ value: userName, primary: true }],
});

/** From invitations to a directory that was a shadow first, and back. */
export const CUTOVER: readonly Act[] = [
  {
    types: ['domain.created', 'domain.verified'],
    request: `operator post ${O}/domains`,
    body: { domain: 'example.com', verified: true },
  },
  {
    types: ['invitation.created'],
    request: `operator post ${O}/invitations`,
    body: { email: 'late@example.com', delivery: 'link' },
  },
  {
    types: ['directory.created'],
    request: `operator post ${O}/directories`,
    body: { kind: 'okta', status: 'draft', shadow: true, adoption: 'queue' },
    saves: { shadow: 'id' },
  },
  {
    types: ['directory_token.created'],
    request: `operator post ${D}/tokens`,
    body: { name: 'Okta' },
    saves: { scimToken: 'token' },
  },
  {
    types: ['directory_user.created'],
    request: 'scim post /scim/v2/{shadow}/Users',
    body: pushed('grace@example.com'),
    saves: { grace: 'id' },
  },
  {
    types: ['cutover.decided'],
    request: `operator put ${D}/cutover/people/{grace}/decision`,
    body: { decision: 'separate' },
  },
  { types: [], request: `operator get ${D}/cutover`, saves: { reportHash: 'reportHash' } },
  {
    types: ['directory.switched_on', 'organization.provisioning_changed', 'invitation.voided'],
    also: ['member.added'],
    request: `operator post ${D}/cutover`,
    body: { reportHash: '{reportHash}', unmatched: 'keep' },
  },
  {
    types: ['directory_user.created', 'adoption_conflict.opened'],
    also: ['member.added'],
    request: 'scim post /scim/v2/{shadow}/Users',
    body: pushed('dan@example.com'),
  },
  { types: [], request: `operator get ${D}/conflicts`, saves: { conflict: 'items.0.id' } },
  {
    types: ['adoption_conflict.resolved'],
    request: `operator post ${D}/conflicts/{conflict}/resolve`,
    body: { action: 'reject' },
  },
  {
    types: ['directory.rolled_back', 'organization.provisioning_changed'],
    also: ['member.removed', 'member.removed'],
    waits: days(1),
    request: `operator post ${D}/cutover/rollback`,
  },
];

const HOOKS = '/organizations/{org}/webhooks';

/** An address that nobody answers at: made all the same, and pending. */
export const WEBHOOKS: readonly Act[] = [
  {
    types: ['webhook.created'],
    request: `operator post ${HOOKS}`,
    body: { url: 'https://127.0.0.1:1/' },
    saves: { webhook: 'id', webhookSecret: 'secret' },
  },
  { types: ['webhook.updated'], request: `operator patch ${HOOKS}/{webhook}`, body: { types: ['team.*'] } },
  { types: ['webhook.secret_rotated'], request: `operator post ${HOOKS}/{webhook}/secret` },
  {
    types: [],
    request: 'operator get /events?organization={org}&limit=1',
    saves: { event: 'items.0.id' },
  },
  {
    types: ['webhook.replayed'],
    request: `operator post ${HOOKS}/{webhook}/replay`,
    body: { from: '{event}' },
  },
  { types: ['webhook.removed'], request: `operator delete ${HOOKS}/{webhook}` },
];
