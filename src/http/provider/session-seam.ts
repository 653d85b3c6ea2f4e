/**
 * The library's session is a view of the gateway's: made from the session cookie for each request, never stored, never in a
 * cookie of its own. So there is nothing that could outlive a sign-out or a deactivation.
 */
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { SignedIn } from '../../core/sign-in/sessions.ts';
import { currentRequest } from './request-facts.ts';

/** Puts the view in place of the library's own sessions. */
export function deriveSessions(provider: Provider): void {
  const { Session } = provider;
  Object.assign(Session, {
    get: async (ctx: KoaContextWithOIDC) => {
      const signedIn = await currentRequest().signedIn();
      // To the library it is one that is over: nothing of it is kept, and no cookie is set.
      const session = Object.assign(new Session(), signedIn && viewOf(signedIn), { destroyed: true });
      ctx.oidc.entity('Session', session);
      return session;
    },
    findByUid: async () => undefined,
  });
  Object.assign(Session.prototype, {
    // Who is signed in is the gateway's to say, and its session changes its own cookie value.
    loginAccount: () => undefined,
    resetIdentifier: () => undefined,
  });
}

const viewOf = ({ session, user }: SignedIn) => ({
  jti: session.id,
  uid: session.id,
  accountId: user.id,
  loginTs: Math.floor(session.authTime / 1000),
  amr: [...session.amr],
  authorizations: {},
});
