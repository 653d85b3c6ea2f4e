/** Starts a SAML sign-in: one stored request, and the address that carries it to the identity provider. */
import { randomBytes } from 'node:crypto';
import type { BegunSignIn } from '../../core/sign-ins.ts';
import { beginSignIn } from '../../core/sign-ins.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import type { ConnectionOf } from '../sign-in-answer.ts';
import { signInRefusal } from '../sign-in-refusal.ts';
import { buildAuthnRequestUrl } from './strategy.ts';
import { samlTrust } from './trust.ts';

export interface SamlStart {
  readonly connection: ConnectionOf<'saml'>;
  readonly returnTo: string | null;
  /** Whom the person said to be; passed on as a hint, believed by nobody. */
  readonly loginHint: string | undefined;
}

/** Answers where to send the browser (SAML bindings §3.4). Throws `sign_in_refused` for settings that cannot work (S60). */
export async function startSaml(
  deps: HttpDeps,
  { connection, returnTo, loginHint }: SamlStart,
): Promise<{ readonly begun: BegunSignIn; readonly url: string }> {
  const requestId = `_${randomBytes(20).toString('hex')}`;
  const begun = await beginSignIn(deps, { connection, requestId, nonce: null, codeVerifier: null, returnTo });
  try {
    const address = await buildAuthnRequestUrl({
      connection: samlTrust(deps, connection),
      requestId,
      relayState: begun.handle,
    });
    const url = new URL(address);
    if (loginHint !== undefined) url.searchParams.set('login_hint', loginHint);
    return { begun, url: url.href };
  } catch (error) {
    if (isGatehouseError(error)) throw error;
    throw signInRefusal('saml.start', error);
  }
}
