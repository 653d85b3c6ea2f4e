/** Logout tokens: what applications are told when somebody is out (OIDC Back-Channel Logout 1.0 §2.4). */
import { randomUUID } from 'node:crypto';
import { currentKey, settleSigningKeys } from '../../core/applications/signing-keys.ts';
import type { SignLogoutToken } from '../../core/sign-in/logout-notices.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const LIFE_SECONDS = 120;

/** Signs with the key and algorithm of the application's ID tokens. Made anew for each try: it lives two minutes. */
export const signLogoutTokenWith =
  (deps: Pick<HttpDeps, 'storage' | 'clock' | 'newRsaKey' | 'baseUrl'>): SignLogoutToken =>
  async ({ sub, sid }, application) => {
    const track = { purpose: 'sign', algorithm: application.idTokenAlgorithm } as const;
    const key = currentKey(await settleSigningKeys(deps), track, deps.clock());
    if (key === undefined) throw new GatehouseError('internal', 'There is no key to sign with.');
    const now = Math.floor(deps.clock() / 1000);
    const { importJWK, SignJWT } = await import('jose');
    return new SignJWT({ sid, events: { [EVENT]: {} } })
      .setProtectedHeader({ alg: key.algorithm, kid: key.id, typ: 'logout+jwt' })
      .setIssuer(`${deps.baseUrl}/oidc`)
      .setAudience(application.id)
      .setSubject(sub)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + LIFE_SECONDS)
      .sign(await importJWK(JSON.parse(key.secret), key.algorithm));
  };
