/** Translates what openid-client and the fetcher throw into one exact refusal. An identity provider's fault is never a 5xx of ours. */
import * as oidc from 'openid-client';
import { isGatehouseError } from '../../kernel/errors.ts';
import { type OidcRejection, refuse } from '../../protocols/oidc/rejections.ts';

/** Refuses with the reason hidden in `error`; a refusal already made passes unchanged. Never answers. */
export function refuseFor(error: unknown): never {
  if (isGatehouseError(error, 'sign_in_refused')) throw error;
  const chain = causesOf(error);
  const refusal = chain.find((cause) => isGatehouseError(cause, 'sign_in_refused'));
  if (refusal !== undefined) throw refusal;
  // What was wrong lies deeper than the library's general code for it.
  const exact = chain.map(reasonOf).find((reason) => reason !== undefined);
  const general = chain.map(reasonOfCode).find((reason) => reason !== undefined);
  const said = chain.map(saidIn).find((claims) => claims !== undefined);
  refuse(exact ?? general ?? 'oidc.id_token', said === undefined ? {} : { unverified: said }, error);
}

/** Said of a token endpoint's answer; where the description was asked for, no client secret and no token is to blame. */
const OF_TOKENS: readonly unknown[] = ['oidc.code', 'oidc.id_token'];

/** The same where the provider's own description was asked for: an answer that is none is `oidc.discovery`. */
export function refuseForDescription(error: unknown): never {
  try {
    return refuseFor(error);
  } catch (refusal) {
    if (isGatehouseError(refusal, 'sign_in_refused') && OF_TOKENS.includes(refusal.context.reason))
      refuse('oidc.discovery', {}, error);
    throw refusal;
  }
}

/** The error, its cause, the cause of that: openid-client wraps the library below it. */
function causesOf(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let current = error; current !== undefined && current !== null && chain.length < 6; ) {
    chain.push(current);
    current = isObject(current) ? current.cause : undefined;
  }
  return chain;
}

const CODES: Readonly<Record<string, OidcRejection>> = {
  OAUTH_TIMEOUT: 'oidc.unreachable',
  OAUTH_ABORT: 'oidc.unreachable',
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: 'oidc.time',
  OAUTH_KEY_SELECTION_FAILED: 'oidc.key',
  OAUTH_HTTP_REQUEST_FORBIDDEN: 'oidc.egress',
  OAUTH_REQUEST_PROTOCOL_FORBIDDEN: 'oidc.egress',
  OAUTH_MISSING_SERVER_METADATA: 'oidc.discovery',
  OAUTH_INVALID_SERVER_METADATA: 'oidc.discovery',
};

const CLAIMS: Readonly<Record<string, OidcRejection>> = {
  iss: 'oidc.issuer',
  aud: 'oidc.audience',
  azp: 'oidc.authorized_party',
  nonce: 'oidc.nonce',
  auth_time: 'oidc.auth_time',
  sub: 'oidc.subject',
  exp: 'oidc.expired',
  nbf: 'oidc.not_yet_valid',
};

/** Claims of a refused ID token that help to find out why; nobody vouches for them. */
const SHOWN_CLAIMS = [
  'iss',
  'aud',
  'azp',
  'sub',
  'tid',
  'email',
  'preferred_username',
  'iat',
  'nbf',
  'exp',
  'auth_time',
];

function saidIn(cause: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isObject(cause)) return undefined;
  const { claims, header } = cause;
  if (isObject(claims)) return pick(claims, SHOWN_CLAIMS);
  return isObject(header) ? pick(header, ['alg', 'kid', 'enc']) : undefined;
}

const pick = (from: Readonly<Record<string, unknown>>, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => Object.hasOwn(from, name)).map((name) => [name, from[name]]));

/** Five parts: encrypted (RFC 7516 §3.1). The library hands over what it would not read. */
const isEncrypted = (cause: unknown): boolean => typeof cause === 'string' && cause.split('.').length === 5;

function reasonOf(cause: unknown): OidcRejection | undefined {
  if (isEncrypted(cause)) return 'oidc.encrypted';
  if (isGatehouseError(cause, 'egress_refused')) return 'oidc.egress';
  if (isGatehouseError(cause, 'upstream_unreachable')) return 'oidc.unreachable';
  if (cause instanceof oidc.AuthorizationResponseError) return 'oidc.denied';
  if (cause instanceof oidc.ResponseBodyError) return reasonOfStatus(cause.status);
  if (cause instanceof oidc.WWWAuthenticateChallengeError) return 'oidc.code';
  if (cause instanceof Response) return reasonOfStatus(cause.status);
  if (!isObject(cause)) return undefined;
  // What the library attaches: which claim failed, or which header, or which bytes.
  if (typeof cause.claim === 'string') return CLAIMS[cause.claim] ?? 'oidc.time';
  if ('header' in cause && 'reason' in cause) return 'oidc.algorithm';
  if ('signature' in cause) return 'oidc.signature';
  return cause.attribute === 'issuer' ? 'oidc.discovery' : undefined;
}

function reasonOfCode(cause: unknown): OidcRejection | undefined {
  return isObject(cause) && typeof cause.code === 'string' ? CODES[cause.code] : undefined;
}

const reasonOfStatus = (status: number): OidcRejection => (status >= 500 ? 'oidc.unreachable' : 'oidc.code');

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
