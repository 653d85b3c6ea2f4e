/** The second step of a sign-in: a code, asked of whoever showed the right password a moment ago in this browser. */
import { minutes } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { limitAttempt } from '../attempt-limit.ts';
import type { Deps } from '../deps.ts';
import type { SecondFactor } from '../entities/credentials.ts';
import type { Cause } from '../entities/journal.ts';
import type { User } from '../entities/people.ts';
import { issueOneTime, recordForPerson } from '../members/person-records.ts';
import type { Repositories } from '../ports/storage.ts';
import { deviceToken, knownDevice } from '../sign-in/known-device.ts';
import { notifyPerson } from './credential-notices.ts';
import { type Entered, enter } from './local-entry.ts';
import { acceptCode, findSecondFactor, WRONG_CODE } from './second-factor-codes.ts';

/** How long the code may take. */
export const SECOND_STEP_TTL_MS = minutes(10);
/** Why no further code helps: the sign-in begins anew. */
export const SECOND_STEP_OVER = 'second_step.over';
/** After so many wrong codes the password is asked again. */
const TRIES = 5;

type StepDeps = Pick<
  Deps,
  'storage' | 'clock' | 'hashToken' | 'oneTimeCodes' | 'secondStepAttempts' | 'afterwards' | 'baseUrl'
>;

/** Answers the value for the browser's cookie, inside the transaction in which the password was right. */
export const askSecondStep = (
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken'>,
  input: {
    readonly user: User;
    readonly returnTo: string | null;
    /** Id or slug of the organization whose sign-in it is. */
    readonly organization: string | undefined;
  },
): Promise<string> =>
  issueOneTime(tx, deps, {
    purpose: 'second_step',
    userId: input.user.id,
    now: deps.clock(),
    ttlMs: SECOND_STEP_TTL_MS,
    data: { returnTo: input.returnTo, organization: input.organization ?? null },
    tries: TRIES,
  });

export interface SecondStepDone extends Pick<Entered, 'sessionToken' | 'entry'> {
  readonly deviceToken: string | undefined;
  readonly returnTo: string | null;
}

/** Whether a code is still awaited from this browser. */
export async function isSecondStepOpen(deps: StepDeps, stepToken: string): Promise<boolean> {
  const record = await deps.storage.oneTimeRecords.find('second_step', deps.hashToken(stepToken));
  return record !== undefined && record.expiresAt > deps.clock() && record.triesLeft > 0;
}

/**
 * Opens the session when the code fits: of the generator or a recovery code. Throws `unauthenticated` for a wrong or used one,
 * and, with the reason `SECOND_STEP_OVER`, when the step is over (done, expired, tried too often, or the password changed
 * since): then the sign-in begins anew. Tries are counted with the step and, over all steps of the person, by the limiter: `too_many_requests` (S178).
 */
export async function completeSecondStep(
  deps: StepDeps,
  input: {
    readonly stepToken: string;
    readonly code: string;
    readonly cause: Cause;
    /** The device cookie's value, if there is one. */
    readonly device?: string | undefined;
  },
): Promise<SecondStepDone> {
  const { stepToken, cause } = input;
  const tokenHash = deps.hashToken(stepToken);
  const step = await deps.storage.oneTimeRecords.find('second_step', tokenHash);
  const user = step?.userId == null ? undefined : await deps.storage.users.find(step.userId);
  if (user === undefined) throw over();
  const tryer = { emailKey: user.id, ip: cause.ip, refusal: 'unauthenticated' } as const;
  return limitAttempt(deps.secondStepAttempts, tryer, async () => {
    // Counted in a transaction of its own: the refusal of a wrong code rolls the other one back.
    const isCounted = await deps.storage.transact((tx) =>
      tx.oneTimeRecords.claim('second_step', tokenHash, deps.clock()),
    );
    if (!isCounted) throw over();
    const done = await deps.storage.transact((tx) => finish(tx, deps, { ...input, tokenHash, user }));
    if (done !== undefined) return done;
    await recordWrongCode(deps, { user, cause });
    throw new GatehouseError('unauthenticated', WRONG_CODE, { field: 'code' });
  });
}

const over = () =>
  new GatehouseError('unauthenticated', 'This sign-in is over. Start again with your password.', {
    context: { reason: SECOND_STEP_OVER },
  });

/** Undefined for a wrong code: the step stays, nothing else has been written. */
async function finish(
  tx: Repositories,
  deps: StepDeps,
  input: {
    readonly tokenHash: string;
    readonly user: User;
    readonly code: string;
    readonly cause: Cause;
    readonly device?: string | undefined;
  },
): Promise<SecondStepDone | undefined> {
  const { tokenHash, code, cause } = input;
  const step = await tx.oneTimeRecords.find('second_step', tokenHash);
  const user = await tx.users.find(input.user.id);
  const factor: SecondFactor | undefined = await findSecondFactor(tx, input.user.id);
  if (step === undefined || user === undefined || factor === undefined) throw over();
  const kind = await acceptCode(tx, deps, { factor, code });
  if (kind === undefined) return undefined;
  if ((await tx.oneTimeRecords.consume('second_step', tokenHash)) === undefined) throw over();
  if (kind === 'recovery') await tellRecovery(tx, deps, { user, cause });
  const organization = step.data.organization ?? undefined;
  const { sessionToken, entry } = await enter(tx, deps, { user, amr: ['pwd', 'otp'], cause, organization });
  return {
    ...{ sessionToken, entry },
    deviceToken: deviceOf(deps, user, input.device),
    returnTo: step.data.returnTo ?? null,
  };
}

/** The cookie that makes this browser a device the person is known to use; undefined for somebody without an address. */
export const deviceOf = (
  deps: Pick<Deps, 'clock' | 'hashToken'>,
  { emailKey }: User,
  device: string | undefined,
): string | undefined =>
  emailKey === null ? undefined : deviceToken(deps, emailKey, knownDevice(deps, emailKey, device));

async function tellRecovery(
  tx: Repositories,
  deps: StepDeps,
  { user, cause }: { readonly user: User; readonly cause: Cause },
): Promise<void> {
  const codesLeft = await tx.recoveryCodes.count(user.id);
  const type = 'second_factor.recovery_code_used';
  await recordForPerson(tx, { cause, now: deps.clock() }, { userId: user.id, type, details: { codesLeft } });
  await notifyPerson(tx, deps, { user, cause, what: 'recovery_code_used' });
}

function recordWrongCode(
  deps: StepDeps,
  { user, cause }: { readonly user: User; readonly cause: Cause },
): Promise<void> {
  return deps.storage.transact((tx) =>
    recordForPerson(tx, { cause, now: deps.clock() }, { userId: user.id, type: 'second_factor.rejected' }),
  );
}
