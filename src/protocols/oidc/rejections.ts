/** Why an OIDC sign-in is refused: exact inside, one sentence outside (law 10). */
import { GatehouseError } from '../../kernel/errors.ts';

/** The closed list of reasons; they go to the audit, never to the browser. */
export type OidcRejection =
  // the identity provider
  | 'oidc.unreachable'
  | 'oidc.egress'
  | 'oidc.discovery'
  // the authorization response
  | 'oidc.response'
  | 'oidc.state'
  | 'oidc.response_issuer'
  | 'oidc.denied'
  // the token and UserInfo endpoints
  | 'oidc.code'
  | 'oidc.userinfo'
  | 'oidc.userinfo_subject'
  // the ID token
  | 'oidc.id_token'
  | 'oidc.encrypted'
  | 'oidc.algorithm'
  | 'oidc.key'
  | 'oidc.signature'
  | 'oidc.issuer'
  | 'oidc.tenant'
  | 'oidc.audience'
  | 'oidc.authorized_party'
  | 'oidc.nonce'
  | 'oidc.subject'
  | 'oidc.time'
  | 'oidc.expired'
  | 'oidc.not_yet_valid'
  | 'oidc.too_old'
  | 'oidc.auth_time'
  // the logout token
  | 'oidc.logout_token'
  | 'oidc.logout_replayed';

/** The sentence everybody sees, whatever happened and whatever the protocol. */
const UNIFORM_TEXT = 'The sign-in could not be completed. Please start again, or ask your administrator.';

/**
 * Refuses a sign-in with `sign_in_refused`. `facts` are logged beside the reason and may be unverified: they are
 * for a person to read, never to decide by.
 */
export function refuse(
  reason: OidcRejection,
  facts: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): never {
  const context = { ...facts, reason };
  throw new GatehouseError(
    'sign_in_refused',
    UNIFORM_TEXT,
    cause === undefined ? { context } : { context, cause },
  );
}
