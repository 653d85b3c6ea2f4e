/** Records sign-ins without an identity provider. Whose they are is looked up when the answer has left, so that its time tells nobody (S177). */
import type { Response } from 'express';
import { type LocalEntry, openMembership } from '../core/credentials/local-entry.ts';
import type { SeenAttempt } from '../core/sign-in/sign-in-recorder.ts';
import type { GatehouseError } from '../kernel/errors.ts';
import type { UserId } from '../kernel/ids.ts';
import { foldKey } from '../kernel/text.ts';
import type { HttpDeps } from './deps.ts';
import { factsOf } from './request-facts.ts';
import { factsFrom } from './sign-in-recording.ts';

type Found = Pick<SeenAttempt, 'organizationId' | 'protocol' | 'facts' | 'outcome' | 'failure'>;

/** Somebody came in: recorded in the organization that the session is of, however soon the session ends. */
export function recordEntry(
  deps: HttpDeps,
  res: Response,
  { organizationId, membershipId, amr, protocol }: LocalEntry & Pick<Found, 'protocol'>,
): void {
  const facts = factsFrom([['amr', amr]], true);
  const outcome = { kind: 'enter', membershipId } as const;
  recordLater(deps, res, async () => [{ organizationId, protocol, facts, outcome, failure: null }]);
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
    const reason = reasonOf(error, wrong);
    return memberships.map(({ organizationId }) => ({
      organizationId,
      protocol: 'password' as const,
      facts: factsFrom([['email', email]], false),
      outcome: null,
      failure: { code: error.code, reason },
    }));
  });
}

/** A right password, and no right code behind it: in every organization of the person. A step of nobody is nobody's. */
export function recordSecondStepRefusal(
  deps: HttpDeps,
  res: Response,
  { userId, error }: { readonly userId: UserId | undefined; readonly error: GatehouseError },
): void {
  if (userId === undefined) return;
  const reason = reasonOf(error, 'second_step.wrong_code');
  recordRefusal(deps, res, { userId, protocol: 'password', failure: { code: error.code, reason } });
}

/** A passkey that is somebody's and opened nothing; one of nobody is nobody's. */
export function recordPasskeyRefusal(
  deps: HttpDeps,
  res: Response,
  { credentialId, error }: { readonly credentialId: string; readonly error: GatehouseError },
): void {
  recordLater(deps, res, async () => {
    const passkey = await deps.storage.passkeys.findByCredential(credentialId);
    if (passkey === undefined) return [];
    const failure = { code: error.code, reason: 'passkey.refused' };
    return refusalsOf(deps, { userId: passkey.userId, protocol: 'passkey', failure });
  });
}

/** A code that there is and opened nothing; one of nobody is nobody's. */
export function recordEmergencyRefusal(
  deps: HttpDeps,
  res: Response,
  { code, error }: { readonly code: string; readonly error: GatehouseError },
): void {
  recordLater(deps, res, async () => {
    const found = await deps.storage.emergencyCodes.findByHash(deps.hashToken(code));
    if (found === undefined) return [];
    const { organizationId } = found;
    const failure = { code: error.code, reason: reasonOf(error, error.code) };
    return [{ organizationId, protocol: 'emergency_code', facts: [], outcome: null, failure }];
  });
}

/** The reason the error tells inside; else `wrong` for what was not right, and the code for everything else. */
function reasonOf({ code, context }: GatehouseError, wrong: string): string {
  if (typeof context.reason === 'string') return context.reason;
  return code === 'unauthenticated' ? wrong : code;
}

type Refusal = Pick<Found, 'protocol' | 'failure'> & { readonly userId: UserId };

const recordRefusal = (deps: HttpDeps, res: Response, refusal: Refusal): void =>
  recordLater(deps, res, () => refusalsOf(deps, refusal));

async function refusalsOf(deps: HttpDeps, { userId, protocol, failure }: Refusal): Promise<readonly Found[]> {
  const memberships = await deps.storage.memberships.listByUser(userId);
  return memberships.map(({ organizationId }) => ({
    ...{ organizationId, protocol, failure },
    facts: [],
    outcome: null,
  }));
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
