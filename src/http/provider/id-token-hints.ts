/** ID tokens that applications show when they sign somebody out: ours, however old, and whose (OIDC RP-Initiated Logout §2). */
import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import { settleSigningKeys } from '../../core/applications/signing-keys.ts';
import type { HttpDeps } from '../deps.ts';

export interface ShownIdToken {
  readonly clientId: string;
  readonly sub: string;
}

const LONG_AGO = 10 * 365 * 86_400;

/** What an ID token of ours says, even one that is over; undefined for anything else: foreign, altered, of another issuer. */
export async function readIdTokenHint(deps: HttpDeps, token: string): Promise<ShownIdToken | undefined> {
  const keys = (await settleSigningKeys(deps))
    .filter(({ purpose }) => purpose === 'sign')
    .map(({ id, algorithm, secret }) => ({ ...publicPart(secret), kid: id, alg: algorithm }));
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys }), {
      issuer: `${deps.baseUrl}/oidc`,
      algorithms: ['ES256', 'RS256'],
      clockTolerance: LONG_AGO,
      requiredClaims: ['sub', 'aud', 'exp'],
    });
    const { sub, aud } = payload;
    if (sub === undefined || typeof aud !== 'string' || 'events' in payload) return undefined;
    return { clientId: aud, sub };
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e'];

function publicPart(secret: string): { readonly kty: string } & Readonly<Record<string, string>> {
  const jwk: Record<string, string> = JSON.parse(secret);
  const members = PUBLIC_MEMBERS.flatMap((name) => (jwk[name] === undefined ? [] : [[name, jwk[name]]]));
  return { kty: '', ...Object.fromEntries(members) };
}
