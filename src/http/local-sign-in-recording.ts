/** Records sign-ins without an identity provider. Whose they are is looked up when the answer has left, so that its time tells nobody (S177). */
import type { Response } from 'express';
import { openMembership } from '../core/local-entry.ts';
import type { SeenAttempt } from '../core/sign-in-recorder.ts';
import type { GatehouseError } from '../kernel/errors.ts';
import { foldKey } from '../kernel/text.ts';
import type { HttpDeps } from './deps.ts';
import { factsOf } from './request-facts.ts';
import { factsFrom } from './sign-in-recording.ts';

type Found = Pick<SeenAttempt, 'organizationId' | 'protocol' | 'facts' | 'outcome' | 'failure'>;

/** Somebody came in: recorded in the organization that the session is of. */
export function recordEntry(deps: HttpDeps, res: Response, sessionToken: string): void {
  recordLater(deps, res, async () => {
    const session = await deps.storage.sessions.findByHash(deps.hashToken(sessionToken));
    if (session === undefined) return [];
    const { organizationId, membershipId, amr } = session;
    return [
      {
        organizationId,
        protocol: amr.includes('pwd') ? 'password' : 'passkey',
        facts: factsFrom([['amr', amr]], true),
        outcome: { kind: 'enter', membershipId },
        failure: null,
      },
    ];
  });
}

/** Nobody came in: recorded in every organization of the person, as in the audit; an address of nobody is nobody's. */
export function recordPasswordRefusal(
  deps: HttpDeps,
  res: Response,
  { email, error }: { readonly email: string; readonly error: GatehouseError },
): void {
  recordLater(deps, res, async () => {
    const user = await deps.storage.users.findByEmail(foldKey(email));
    if (user === undefined) return [];
    const memberships = await deps.storage.memberships.listByUser(user.id);
    const isOpen = (await openMembership(deps.storage, user)) !== undefined;
    const wrong = isOpen ? 'password.wrong' : 'password.no_way_in';
    const reason = error.code === 'unauthenticated' ? wrong : error.code;
    return memberships.map(({ organizationId }) => ({
      organizationId,
      protocol: 'password' as const,
      facts: factsFrom([['email', email]], false),
      outcome: null,
      failure: { code: error.code, reason },
    }));
  });
}

function recordLater(deps: HttpDeps, res: Response, find: () => Promise<readonly Found[]>): void {
  const { requestId, startedAt } = factsOf(res);
  const at = deps.clock();
  res.once('close', () => {
    const ms = Math.round((performance.now() - startedAt) * 10) / 10;
    const { statusCode: status } = res;
    void deps.afterwards(async () => {
      for (const found of await find()) {
        deps.signInRecorder.add({
          ...found,
          ...{ connectionId: null, signInId: null, step: 'decision', timings: [{ step: 'decision', ms }] },
          ...{ at, ms, requestId, status, notes: [] },
        });
      }
    });
  });
}
