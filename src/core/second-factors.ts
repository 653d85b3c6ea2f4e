/** The second factor: set up, shown once to work, asked, taken away; and the recovery codes for whoever has lost it. */
import { randomBytes } from 'node:crypto';
import { GatehouseError } from '../kernel/errors.ts';
import type { UserId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';
import type { SecondFactor } from './entities/credentials.ts';
import type { Cause } from './entities/journal.ts';
import type { User } from './entities/people.ts';
import { notifyPerson } from './credential-notices.ts';
import { recordForPerson } from './person-records.ts';
import type { Queries, Repositories } from './ports/storage.ts';

const RECOVERY_CODES = 10;

type FactorDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'oneTimeCodes' | 'baseUrl'>;

interface Asking {
  readonly user: User;
  readonly cause: Cause;
}

const wrongCode = () =>
  new GatehouseError('invalid', 'This code is not right. Take the newest one; each works once.', {
    field: 'code',
  });

/** The factor that is asked for at the sign-in; undefined for somebody who has none, or has not finished setting it up. */
export async function findSecondFactor(
  from: Repositories | Queries,
  userId: UserId,
): Promise<SecondFactor | undefined> {
  const factor = await from.secondFactors.find(userId);
  return factor?.confirmedAt === null ? undefined : factor;
}

/**
 * Begins setting up: answers the secret and the address for the QR code. Nothing is asked for until a code of it has been
 * confirmed; beginning again makes the earlier secret worthless. Throws `already_exists` when there is a confirmed one.
 */
export async function beginSecondFactor(
  deps: FactorDeps,
  { user }: Asking,
): Promise<{ readonly secret: string; readonly address: string }> {
  const secret = deps.oneTimeCodes.newSecret();
  await deps.storage.transact(async (tx) => {
    const before = await tx.secondFactors.find(user.id);
    if (before?.confirmedAt != null) {
      throw new GatehouseError('already_exists', 'There is a second factor already. Remove it first.');
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
  const issuer = new URL(deps.baseUrl).hostname;
  return {
    secret,
    address: deps.oneTimeCodes.addressOf({ secret, issuer, label: user.email ?? user.name }),
  };
}

/**
 * Turns the second factor on with a code of it; answers the recovery codes, the only time they are shown. Throws `invalid`
 * (field `code`) for a wrong one, `not_found` when nothing is being set up.
 */
export async function confirmSecondFactor(
  deps: FactorDeps,
  { user, cause, code }: Asking & { readonly code: string },
): Promise<readonly string[]> {
  const codes = newRecoveryCodes();
  await deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const factor = await tx.secondFactors.find(user.id);
    if (factor === undefined || factor.confirmedAt !== null)
      throw new GatehouseError('not_found', 'No second factor is being set up.');
    const step = deps.oneTimeCodes.stepOf(factor.secret, plain(code), now);
    if (step === undefined || !(await tx.secondFactors.claim(user.id, step))) throw wrongCode();
    await tx.secondFactors.update({ ...factor, confirmedAt: now, createdAt: now }, factor.version);
    await tx.recoveryCodes.replace(user.id, hashesOf(deps, user.id, codes));
    await recordForPerson(tx, { cause, now }, { userId: user.id, type: 'second_factor.enabled' });
    await notifyPerson(tx, deps, { user, cause, what: 'second_factor_enabled' });
  });
  return codes;
}

/** Makes ten new recovery codes and the old ones worthless; answers them. Throws `not_found` without a second factor. */
export async function renewRecoveryCodes(
  deps: FactorDeps,
  { user, cause }: Asking,
): Promise<readonly string[]> {
  const codes = newRecoveryCodes();
  await deps.storage.transact(async (tx) => {
    if ((await findSecondFactor(tx, user.id)) === undefined)
      throw new GatehouseError('not_found', 'There is no second factor.');
    await tx.recoveryCodes.replace(user.id, hashesOf(deps, user.id, codes));
    const context = { cause, now: deps.clock() };
    await recordForPerson(tx, context, { userId: user.id, type: 'second_factor.codes_renewed' });
  });
  return codes;
}

/** Turns the second factor off, with a code of it or a recovery code. Throws `invalid` (field `code`), `not_found`. */
export async function removeSecondFactor(
  deps: FactorDeps,
  { user, cause, code }: Asking & { readonly code: string },
): Promise<void> {
  await deps.storage.transact(async (tx) => {
    const factor = await findSecondFactor(tx, user.id);
    if (factor === undefined) throw new GatehouseError('not_found', 'There is no second factor.');
    if ((await acceptCode(tx, deps, { factor, code })) === undefined) throw wrongCode();
    await tx.secondFactors.remove(user.id);
    const context = { cause, now: deps.clock() };
    await recordForPerson(tx, context, { userId: user.id, type: 'second_factor.disabled' });
    await notifyPerson(tx, deps, { user, cause, what: 'second_factor_disabled' });
  });
}

/**
 * Uses up a code, inside the caller's transaction: of the generator each time step once, of the recovery codes each one once
 * (law 5). Answers which kind it was; undefined for a wrong or a used one.
 */
export async function acceptCode(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken' | 'oneTimeCodes'>,
  { factor, code }: { readonly factor: SecondFactor; readonly code: string },
): Promise<'generator' | 'recovery' | undefined> {
  const { userId, secret } = factor;
  const shown = plain(code);
  if (/^\d{6}$/.test(shown)) {
    const step = deps.oneTimeCodes.stepOf(secret, shown, deps.clock());
    return step !== undefined && (await tx.secondFactors.claim(userId, step)) ? 'generator' : undefined;
  }
  const isTaken = await tx.recoveryCodes.consume(userId, hashOf(deps, userId, shown));
  return isTaken ? 'recovery' : undefined;
}

/** Spaces and hyphens are how people read codes, and case does not count. */
const plain = (code: string): string => code.replace(/[\s-]/g, '').toLowerCase().slice(0, 64);

/** Without the look-alikes i, l, o and u: codes are copied by hand. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Ten codes of 50 bits such as `7k2qd-x9mwe`: kept as keyed hashes and guarded by the limit on tries. */
const newRecoveryCodes = (): readonly string[] =>
  Array.from({ length: RECOVERY_CODES }, () => {
    const text = Array.from(randomBytes(10), (byte) => ALPHABET.charAt(byte & 31)).join('');
    return `${text.slice(0, 5)}-${text.slice(5)}`;
  });

const hashOf = ({ hashToken }: Pick<Deps, 'hashToken'>, userId: UserId, code: string): string =>
  hashToken(`recovery:${userId}:${code}`);

const hashesOf = (deps: Pick<Deps, 'hashToken'>, userId: UserId, codes: readonly string[]) =>
  codes.map((code) => hashOf(deps, userId, plain(code)));
