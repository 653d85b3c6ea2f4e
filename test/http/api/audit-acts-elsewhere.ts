/** Types of the audit that need an identity provider, an authenticator, time or a job: the test that finds the one row of each. Data for audit-acts.test.ts. */
import type { AuditType } from '../../../src/core/entities/journal.ts';

type Place = readonly [file: string, title: string];

const METADATA = 'test/http/api/connection-metadata.test.ts';
const OUTAGE = 'test/http/oidc/dead-provider.test.ts';
const SSO = 'test/http/policy/sso-required.test.ts';
const PASSKEYS = 'test/http/passkeys.test.ts';
const LAPSE: Place = [
  'test/core/connections/domain-checks.test.ts',
  'S153 a lapse freezes routing and joining, not access; the owners hear of it twice',
];
const PASSKEY_USED: Place = [
  PASSKEYS,
  'opens a session that says hwk, also for somebody with a second factor',
];

export const HELD_ELSEWHERE: Partial<Record<AuditType, Place>> = {
  'connection.metadata_staged': [METADATA, 'is staged and shown, tells every owner once, and is not trusted'],
  'connection.metadata_applied': [METADATA, 'counts once it is applied, and only what was looked at can be'],
  'connection.certificate_expiring': [METADATA, 'S21: are told of as events and mails'],
  'connection.certificate_expired': [METADATA, 'S21: are told of as events and mails'],
  'connection.unreachable': [
    OUTAGE,
    'is told once, with the provider and the reason, and once that it is over',
  ],
  'connection.reachable': [
    OUTAGE,
    'is told once, with the provider and the reason, and once that it is over',
  ],
  'domain.missing': LAPSE,
  'domain.lapsed': LAPSE,
  'domain.unanswered': [
    'test/core/connections/domain-checks.test.ts',
    'S153 looks that nobody answers are told after three days and after 23, and end the proof after thirty',
  ],
  'emergency_code.rejected': [
    'test/http/policy/emergency.test.ts',
    'S157 %s: one page outside, the reason in the recorder and the audit',
  ],
  'identity.connected': [
    'test/http/policy/connecting.test.ts',
    'S156 connects it on their own page; from then on both ways open the same membership',
  ],
  'test_sign_in.passed': [SSO, 'a test of a draft passes without a session'],
  'test_sign_in.failed': [SSO, 'a test that would be refused does not pass, and keeps the exact reason'],
  'passkey.added': PASSKEY_USED,
  'passkey.accepted': PASSKEY_USED,
  'passkey.removed': [PASSKEYS, 'is renamed, and taken away by its person only; then it opens nothing'],
  'saml.accepted': ['test/http/saml/sign-in.test.ts', 'comes in by externalId when the NameID is one'],
  'saml.rejected': ['test/http/saml/sign-in.test.ts', 'somebody the directory does not know'],
  'saml.logout': ['test/http/saml/logout.test.ts', 'S65 by %s ends the session and is answered, signed'],
  'oidc.accepted': ['test/http/oidc/sign-in.test.ts', 'comes in when sub is their externalId'],
  'oidc.rejected': ['test/http/oidc/sign-in.test.ts', 'is refused with the uniform page, without a session'],
  'oidc.logout': [
    'test/http/oidc/backchannel-logout.test.ts',
    'S88 of type %s ends the sessions of its subject',
  ],
  'directory_token.expiring': [
    'test/core/directory/token-warnings.test.ts',
    'name the token and its end, never its value',
  ],
  'api_key.expiring': [
    'test/core/directory/token-warnings.test.ts',
    'API keys are warned of in the same way',
  ],
  'recorder_entry.replayed': [
    'test/http/scim/recorder-replay.test.ts',
    'runs again as its directory; the audit names the admin as the actor',
  ],
  'application_grant.created': [
    'test/http/provider/sign-in.test.ts',
    'comes to the application at once, with every claim',
  ],
  'application_grant.refused': [
    'test/http/provider/attacks.test.ts',
    'an application of one is closed to people of another: access_denied',
  ],
  'application_grant.revoked': [
    'test/http/provider/attacks.test.ts',
    'is redeemed once in 50 parallel tries, and everything it gave is withdrawn, audited',
  ],
  'signing_key.retired': [
    'test/http/provider/keys.test.ts',
    'publishes the next key a day before it signs, and the last one for two weeks after',
  ],
  'operator.claimed': ['test/http/pages/operator.test.ts', 'works for exactly one of fifty at once'],
  'webhook.disabled': [
    'test/http/api/webhook-delivery.test.ts',
    'S200: 410 ends it at once, 3 days of failing end it then; the owners hear of it once by mail',
  ],
  'webhook.event_failed': [
    'test/http/api/webhook-set-aside.test.ts',
    'S200: an event that is never taken holds up the others for an hour, is tried on its own for three days, and then told of',
  ],
  'mail.unreadable': [
    'test/http/api/unreadable-secrets.test.ts',
    'a mail that does not open is given up visibly; the others go out',
  ],
  'audit.pruned': ['test/http/api/audit-retention.test.ts', 'nothing goes until the organization says so'],
  'audit.erased': [
    'test/http/api/audit-retention.test.ts',
    'S217: a former member’s address is nowhere in audit and events, and the chain holds',
  ],
};
