/** Warns before a directory token ends, so that nobody learns it from people who are no longer deactivated. */
import { days } from '../kernel/clock.ts';
import { record } from './audit.ts';
import type { Deps } from './deps.ts';
import type { DirectoryToken } from './entities/directory.ts';

/** Days before the end; each is told once. */
const THRESHOLDS = [1, 7, 14, 30] as const;
const FIRST = days(30);
const BATCH = 500;

/** The threshold that has been reached, in days; undefined when the end is farther away, or has come. */
export function reachedThreshold(expiresAt: number, now: number): number | undefined {
  const left = expiresAt - now;
  return left <= 0 ? undefined : THRESHOLDS.find((threshold) => left <= days(threshold));
}

/**
 * Tells the audit and the outbox (`directory_token.expiring`) of every token that has come nearer to its end than
 * 30, 14, 7 or 1 days, once for each; one that is met late gets the nearest warning only. Answers how many were given.
 */
export async function warnOfExpiringTokens(deps: Pick<Deps, 'storage' | 'clock'>): Promise<number> {
  let given = 0;
  let after = deps.clock();
  const until = after + FIRST;
  for (;;) {
    const tokens = await deps.storage.directoryTokens.listExpiring({ after, until }, BATCH);
    for (const token of tokens) if (await warn(deps, token)) given += 1;
    const last = tokens.at(-1)?.expiresAt;
    // Tokens with the very same end as the last of a full batch are met by the next round, an hour later.
    if (tokens.length < BATCH || last === undefined || last === null) return given;
    after = last;
  }
}

async function warn(deps: Pick<Deps, 'storage' | 'clock'>, token: DirectoryToken): Promise<boolean> {
  const { organizationId, id, expiresAt, expiryWarnedDays } = token;
  const now = deps.clock();
  const threshold = expiresAt === null ? undefined : reachedThreshold(expiresAt, now);
  if (threshold === undefined) return false;
  if (expiryWarnedDays !== null && expiryWarnedDays <= threshold) return false;
  return deps.storage.transact(async (tx) => {
    if (!(await tx.directoryTokens.claimWarning(organizationId, id, threshold))) return false;
    const context = {
      organizationId,
      cause: { actor: { kind: 'system' }, requestId: 'warn-of-expiring-tokens' },
      now,
    } as const;
    await record(tx, context, {
      type: 'directory_token.expiring',
      target: { kind: 'directory_token', id },
      details: {
        directoryId: token.directoryId,
        name: token.name,
        expiresAt,
        thresholdDays: threshold,
        lastUsedAt: token.lastUsedAt,
      },
    });
    return true;
  });
}
