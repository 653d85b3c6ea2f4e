/** The gate before the code is spent: is this answer for this sign-in, from this identity provider? */
import { constantTimeEqual } from '../../kernel/tokens.ts';
import { refuse } from './rejections.ts';

export interface ExpectedResponse {
  /** The stored state of this browser's sign-in. */
  readonly state: string;
  readonly issuer: string;
  /** True when the identity provider promises `iss` in every answer (RFC 9207 §3). */
  readonly isIssuerRequired: boolean;
}

/** Parameters that mean something here; a second copy of one is an attempt to show two readers two answers. */
const SINGLE_PARAMETERS = ['code', 'state', 'iss', 'error'];
const LONGEST_PARAMETER = 4096;
/** Error codes are short ASCII words (RFC 6749 §4.1.2.1); anything else is not even logged. */
const ERROR_CODE = /^[a-z0-9_.-]{1,64}$/i;

/**
 * Checks `state` (S72), `iss` (S71, RFC 9207) and the shape of the answer, and answers the authorization code.
 * Refuses with `oidc.response`, `oidc.state`, `oidc.response_issuer` or `oidc.denied`.
 */
export function readAuthorizationResponse(query: URLSearchParams, expected: ExpectedResponse): string {
  for (const name of SINGLE_PARAMETERS) {
    const values = query.getAll(name);
    if (values.length > 1 || (values[0]?.length ?? 0) > LONGEST_PARAMETER) refuse('oidc.response', { name });
  }
  const state = query.get('state');
  if (state === null || !constantTimeEqual(state, expected.state)) refuse('oidc.state');
  const issuer = query.get('iss');
  if (issuer === null && expected.isIssuerRequired) refuse('oidc.response_issuer');
  if (issuer !== null && issuer !== expected.issuer) refuse('oidc.response_issuer');
  const error = query.get('error');
  if (error !== null) refuse('oidc.denied', { unverified: wordsOf(error, query.get('error_description')) });
  const code = query.get('code');
  if (code === null || code === '') refuse('oidc.response', { name: 'code' });
  return code;
}

const LONGEST_DESCRIPTION = 500;

/** For the organization's admins alone: anybody can put anything there, so it is never shown where the browser is (S87). */
function wordsOf(error: string, description: string | null): Readonly<Record<string, string>> {
  const code = ERROR_CODE.test(error) ? error : 'unreadable';
  if (description === null) return { error: code };
  return {
    error: code,
    error_description: description.slice(0, LONGEST_DESCRIPTION).replace(/\p{Cc}+/gu, ' '),
  };
}
