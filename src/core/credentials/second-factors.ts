/** The second factor of somebody signed in: set up, shown once to work, taken away; each step with the password in hand. */
import { GatehouseError } from '../../kernel/errors.ts';
import { constantTimeEqual } from '../../kernel/tokens.ts';
import { limitAttempt } from '../attempt-limit.ts';
import type { Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { User } from '../entities/people.ts';
import { recordForPerson } from '../members/person-records.ts';
import type { Repositories } from '../ports/storage.ts';
import { notifyPerson } from './credential-notices.ts';
import { acceptableAlone } from './password-rules.ts';
import { proveByPassword } from './passwords.ts';
import {
  acceptCode,
  findSecondFactor,
  newRecoveryCodes,
  plainCode,
  recoveryHashes,
  WRONG_CODE,
} from './second-factor-codes.ts';
import { assertNotNeeded } from './second-factor-policy.ts';

type FactorDeps = Parameters<typeof proveByPassword>[0] &
  Pick<Deps, 'hashToken' | 'oneTimeCodes' | 'baseUrl' | 'secondStepAttempts'>;

interface Asking {
  readonly user: User;
  readonly cause: Cause;
}

/** Acts that need the password again: throw `unauthenticated` (field `currentPassword`) and `too_many_requests`. */
interface Proving extends Asking {
  readonly password: string;
}

const wrongCode = () => new GatehouseError('invalid', WRONG_CODE, { field: 'code' });

const noFactor = () => new GatehouseError('not_found', 'There is no second factor.');

/**
 * Begins setting up: answers the secret and the address for the QR code. Nothing is asked for until a code of it has been
 * confirmed; beginning again makes the earlier secret worthless. Throws `already_exists` when there is a confirmed one.
 */
export async function beginSecondFactor(
  deps: FactorDeps,
  proving: Proving,
): Promise<{ readonly secret: string; readonly address: string }> {
  await proveByPassword(deps, proving);
  return startFactor(deps, proving);
}

/** Does so for somebody who has just shown the password. Throws `already_exists`. */
export async function startFactor(
  deps: Pick<Deps, 'storage' | 'clock' | 'oneTimeCodes' | 'baseUrl'>,
  { user }: Pick<Asking, 'user'>,
): Promise<{ readonly secret: string; readonly address: string }> {
  const secret = deps.oneTimeCodes.newSecret();
  await deps.storage.transact(async (tx) => {
    const before = await tx.secondFactors.find(user.id);
    if (before?.confirmedAt != null) {
      throw new GatehouseError('already_exists', 'There is a second factor already. Remove it first.', {
        whatToDo: 'Remove the second factor that is there, then begin again.',
      });
    }
    if (before !== undefined) await tx.secondFactors.remove(user.id);
    const createdAt = deps.clock();
    await tx.secondFactors.insert({
      userId: user.id,
      version: 1,
      secret,
      confirmedAt: null,
      lastStep: 0,
      createdAt,
    });
  });
  return shownFactor(deps, user, secret);
}

function shownFactor(
  { oneTimeCodes, baseUrl }: Pick<Deps, 'oneTimeCodes' | 'baseUrl'>,
  { email, name }: User,
  secret: string,
): { readonly secret: string; readonly address: string } {
  const issuer = new URL(baseUrl).hostname;
  return { secret, address: oneTimeCodes.addressOf({ secret, issuer, label: email ?? name }) };
}

/**
 * What is being set up, once more, for whoever has its secret before them: a stolen session does not learn it. Undefined when
 * nothing is being set up, or with another secret.
 */
export async function showFactorAgain(
  deps: Pick<Deps, 'storage' | 'oneTimeCodes' | 'baseUrl'>,
  { user, secret }: Pick<Asking, 'user'> & { readonly secret: string },
): Promise<{ readonly secret: string; readonly address: string } | undefined> {
  const factor = await deps.storage.secondFactors.find(user.id);
  if (factor === undefined || factor.confirmedAt !== null) return undefined;
  return constantTimeEqual(factor.secret, secret) ? shownFactor(deps, user, secret) : undefined;
}

/**
 * Turns the second factor on with a code of it; answers the recovery codes, the only time they are shown. Throws `invalid`
 * (field `code`) for a wrong one, `not_found` when nothing is being set up.
 */
export async function confirmSecondFactor(
  deps: FactorDeps,
  confirmation: Confirmation,
): Promise<readonly string[]> {
  return deps.storage.transact((tx) => confirmWithin(tx, deps, confirmation));
}

interface Confirmation extends Asking {
  readonly code: string;
}

/** As `confirmSecondFactor`, inside the caller's transaction. */
export async function confirmWithin(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken' | 'oneTimeCodes' | 'baseUrl'>,
  { user, cause, code }: Confirmation,
): Promise<readonly string[]> {
  const codes = newRecoveryCodes();
  const now = deps.clock();
  const factor = await tx.secondFactors.find(user.id);
  if (factor === undefined || factor.confirmedAt !== null)
    throw new GatehouseError('not_found', 'No second factor is being set up.');
  const step = deps.oneTimeCodes.stepOf(factor.secret, plainCode(code), now);
  if (step === undefined || !(await tx.secondFactors.claim(user.id, step))) throw wrongCode();
  await tx.secondFactors.update({ ...factor, confirmedAt: now, createdAt: now }, factor.version);
  await tx.recoveryCodes.replace(user.id, recoveryHashes(deps, user.id, codes));
  await recordForPerson(tx, { cause, now }, { userId: user.id, type: 'second_factor.enabled' });
  await notifyPerson(tx, deps, { user, cause, what: 'second_factor_enabled' });
  return codes;
}

/** Makes ten new recovery codes and the old ones worthless; answers them. Throws `not_found` without a second factor. */
export async function renewRecoveryCodes(deps: FactorDeps, proving: Proving): Promise<readonly string[]> {
  const { user, cause } = proving;
  await proveByPassword(deps, proving);
  const codes = newRecoveryCodes();
  await deps.storage.transact(async (tx) => {
    if ((await findSecondFactor(tx, user.id)) === undefined) throw noFactor();
    await tx.recoveryCodes.replace(user.id, recoveryHashes(deps, user.id, codes));
    const context = { cause, now: deps.clock() };
    await recordForPerson(tx, context, { userId: user.id, type: 'second_factor.codes_renewed' });
  });
  return codes;
}

/**
 * Turns the second factor off, with a code of it or a recovery code. Throws `invalid` (field `code`; field `password` when the
 * password is too short to be the only factor, or an organization asks for a second one), `not_found`.
 */
export async function removeSecondFactor(
  deps: FactorDeps,
  proving: Proving & { readonly code: string },
): Promise<void> {
  const { user, cause } = proving;
  await proveByPassword(deps, proving);
  // A password that is good enough beside a second factor may be too short without one.
  acceptableAlone(proving.password);
  const tryer = { emailKey: user.id, ip: cause.ip, refusal: 'invalid' } as const;
  await limitAttempt(deps.secondStepAttempts, tryer, () => takeAway(deps, proving));
}

async function takeAway(
  deps: FactorDeps,
  { user, cause, code }: Asking & { readonly code: string },
): Promise<void> {
  await deps.storage.transact(async (tx) => {
    const factor = await findSecondFactor(tx, user.id);
    if (factor === undefined) throw noFactor();
    if ((await tx.passkeys.listByUser(user.id)).length === 0) await assertNotNeeded(tx, user);
    if ((await acceptCode(tx, deps, { factor, code })) === undefined) throw wrongCode();
    await tx.secondFactors.remove(user.id);
    const context = { cause, now: deps.clock() };
    await recordForPerson(tx, context, { userId: user.id, type: 'second_factor.disabled' });
    await notifyPerson(tx, deps, { user, cause, what: 'second_factor_disabled' });
  });
}
