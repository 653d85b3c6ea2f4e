/** Codes of the second factor: which are right, and using them up. */
import { randomBytes } from 'node:crypto';
import type { UserId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { SecondFactor } from '../entities/credentials.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

const RECOVERY_CODES = 10;

/** What is said of a code that does not fit, or did once. */
export const WRONG_CODE = 'This code is not right. Take the newest one; each works once.';

/** The factor that is asked for at the sign-in; undefined for somebody who has none, or has not finished setting it up. */
export async function findSecondFactor(
  from: Repositories | Queries,
  userId: UserId,
): Promise<SecondFactor | undefined> {
  const factor = await from.secondFactors.find(userId);
  return factor?.confirmedAt === null ? undefined : factor;
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
  const shown = plainCode(code);
  if (/^\d{6}$/.test(shown)) {
    const step = deps.oneTimeCodes.stepOf(secret, shown, deps.clock());
    return step !== undefined && (await tx.secondFactors.claim(userId, step)) ? 'generator' : undefined;
  }
  const isTaken = await tx.recoveryCodes.consume(userId, hashOf(deps, userId, shown));
  return isTaken ? 'recovery' : undefined;
}

/** A code as it is compared: spaces and hyphens are how people read codes, and case does not count. */
export const plainCode = (code: string): string => code.replace(/[\s-]/g, '').toLowerCase().slice(0, 64);

/** Without the look-alikes i, l, o and u: codes are copied by hand. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Ten codes of 50 bits such as `7k2qd-x9mwe`: kept as keyed hashes and guarded by the limit on tries. */
export const newRecoveryCodes = (): readonly string[] =>
  Array.from({ length: RECOVERY_CODES }, () => {
    const text = Array.from(randomBytes(10), (byte) => ALPHABET.charAt(byte & 31)).join('');
    return `${text.slice(0, 5)}-${text.slice(5)}`;
  });

const hashOf = ({ hashToken }: Pick<Deps, 'hashToken'>, userId: UserId, code: string): string =>
  hashToken(`recovery:${userId}:${code}`);

/** The form in which recovery codes are stored. */
export const recoveryHashes = (deps: Pick<Deps, 'hashToken'>, userId: UserId, codes: readonly string[]) =>
  codes.map((code) => hashOf(deps, userId, plainCode(code)));
