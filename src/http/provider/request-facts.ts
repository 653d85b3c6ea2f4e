/** What is known of a request that the library handles: who is signed in in that browser, and where it came from. */
import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import Provider from 'oidc-provider';
import type { Cause } from '../../core/entities/journal.ts';
import type { SignedIn } from '../../core/sign-in/sessions.ts';
import type { HttpDeps } from '../deps.ts';
import { visitingOf } from '../guards.ts';
import { causeOf } from '../request-facts.ts';

interface ProviderRequest {
  /** The person behind the gateway's own session cookie; looked up once. */
  readonly signedIn: () => Promise<SignedIn | undefined>;
  readonly cause: Cause;
}

const known = new WeakMap<IncomingMessage, ProviderRequest>();

const NOBODY: ProviderRequest = {
  signedIn: async () => undefined,
  cause: { actor: { kind: 'system' }, requestId: 'openid-provider' },
};

/** Notes the facts for as long as the library works on the request. */
export function noteRequest(deps: HttpDeps, req: Request, res: Response): void {
  let found: Promise<SignedIn | undefined> | undefined;
  known.set(req, {
    signedIn: () => {
      found ??= visitingOf(deps, req);
      return found;
    },
    cause: causeOf(res, { kind: 'anonymous' }),
  });
}

/** The facts of the request that the library is working on; nobody's when it is not working on one. */
export function currentRequest(): ProviderRequest {
  const { ctx } = Provider;
  return (ctx && known.get(ctx.req)) ?? NOBODY;
}
