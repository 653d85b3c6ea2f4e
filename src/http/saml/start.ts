/** Starts a SAML sign-in: one stored request, and what carries it to the identity provider. */

import { signsRequests } from '../../core/connections/saml-settings.ts';
import { spKeys } from '../../core/connections/sp-keys.ts';
import type { SamlConnection } from '../../core/entities/connection.ts';
import type { SignInPurpose } from '../../core/entities/sign-in.ts';
import { signInRefusal } from '../../core/sign-in/refused-sign-ins.ts';
import type { Freshness } from '../../core/sign-in/sign-in-freshness.ts';
import type { BegunSignIn } from '../../core/sign-in/sign-ins.ts';
import { beginSignIn } from '../../core/sign-in/sign-ins.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import { certificateProblem } from '../../protocols/saml/certificates.ts';
import type { HttpDeps } from '../deps.ts';
import type { AuthnRequest } from './authn-request.ts';
import { newMessageId } from './message-id.ts';
import { samlTrust } from './trust.ts';

export interface SamlStart {
  readonly connection: SamlConnection;
  readonly returnTo: string | null;
  /** Whom the person said to be; passed on as a hint, believed by nobody. */
  readonly loginHint: string | undefined;
  readonly freshness?: Freshness | undefined;
  /** A sign-in if absent. */
  readonly purpose?: SignInPurpose | undefined;
}

/** Answers where to send the browser. Throws `sign_in_refused` for settings that cannot work (S21, S60). */
export async function startSaml(
  deps: HttpDeps,
  { connection, returnTo, loginHint, freshness = {}, purpose }: SamlStart,
): Promise<AuthnRequest & { readonly begun: BegunSignIn }> {
  if (purpose?.kind !== 'test') assertVerifiable(deps, connection);
  // Somebody comes back with a response: by then a thread is there to judge it.
  deps.samlValidator.warm();
  const requestId = newMessageId();
  const { settings } = connection;
  const { mustReauthenticate = false, maxAgeSeconds = null } = freshness;
  // SAML knows no age: whoever limits it gets a new proof.
  const forceAuthn = settings.forceAuthn || mustReauthenticate || maxAgeSeconds !== null;
  const begun = await beginSignIn(deps, {
    ...{ connection, requestId, nonce: null, codeVerifier: null, returnTo },
    ...{ maxAgeSeconds, mustReauthenticate: forceAuthn, purpose },
  });
  try {
    // With the first sign-in comes the engine; this thread needs it for nothing else.
    const { buildAuthnRequest } = await import('./authn-request.ts');
    const request = await buildAuthnRequest({
      connection: samlTrust(deps, connection),
      settings,
      signingKey: signsRequests(settings) ? (await spKeys(deps, connection)).signing : undefined,
      requestId,
      relayState: begun.handle,
      forceAuthn,
    });
    return { ...request, begun, url: withHint(request.url, loginHint) };
  } catch (error) {
    if (isGatehouseError(error)) throw error;
    throw signInRefusal('saml.start', error);
  }
}

/** S21: whoever went would come back in vain. A test goes all the same: its report has the reason. */
function assertVerifiable({ clock }: Pick<HttpDeps, 'clock'>, { settings }: SamlConnection): void {
  const problem = certificateProblem(settings.certificates, clock());
  if (problem !== null) throw signInRefusal(problem);
}

/** Not part of what is signed, in either binding. */
function withHint(address: string, loginHint: string | undefined): string {
  const url = new URL(address);
  if (loginHint !== undefined) url.searchParams.set('login_hint', loginHint);
  return url.href;
}
