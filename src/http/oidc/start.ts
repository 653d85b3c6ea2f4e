/** Starts an OIDC sign-in: one stored record with nonce and code verifier, and the authorization address. */
import type { PendingSignIn, SignInPurpose } from '../../core/entities/sign-in.ts';
import { signInRefusal } from '../../core/sign-in/refused-sign-ins.ts';
import type { Freshness } from '../../core/sign-in/sign-in-freshness.ts';
import type { BegunSignIn } from '../../core/sign-in/sign-ins.ts';
import { beginSignIn } from '../../core/sign-in/sign-ins.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import { takeRandom } from '../../kernel/random.ts';
import type { HttpDeps } from '../deps.ts';
import type { ConnectionOf } from '../sign-in-answer.ts';
import { oidcTrust } from './connection-trust.ts';

export interface OidcSignInStart {
  readonly connection: ConnectionOf<'oidc'>;
  readonly returnTo: string | null;
  readonly loginHint: string | undefined;
  readonly freshness?: Freshness | undefined;
  /** A sign-in if absent. */
  readonly purpose?: SignInPurpose | undefined;
}

const secret = (): string => takeRandom(32).toString('base64url');

/** Answers where to send the browser (OIDC Core §3.1.2.1, RFC 7636). Throws `sign_in_refused`, also when the IdP is down. */
export async function startOidcSignIn(
  deps: HttpDeps,
  { connection, returnTo, loginHint, freshness = {}, purpose }: OidcSignInStart,
): Promise<{ readonly begun: BegunSignIn; readonly url: string }> {
  const nonce = secret();
  const codeVerifier = secret();
  const begun = await beginSignIn(deps, {
    ...{ connection, requestId: null, nonce, codeVerifier, returnTo, purpose },
    ...freshness,
    purpose,
  });
  const trust = oidcTrust(deps, connection);
  try {
    const url = await deps.oidc.startOidc({
      connection: trust,
      state: begun.handle,
      nonce,
      codeVerifier,
      loginHint,
      downSince: connection.settings.outage?.since,
      ...freshnessOf(begun.pending),
    });
    return { begun, url };
  } catch (error) {
    if (isGatehouseError(error)) throw error;
    throw signInRefusal('oidc.start', error);
  }
}

const freshnessOf = ({ mustReauthenticate, maxAgeSeconds }: PendingSignIn) => ({
  prompt: mustReauthenticate ? ('login' as const) : undefined,
  maxAge: maxAgeSeconds ?? undefined,
});
