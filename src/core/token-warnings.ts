/** Warns before a directory token ends, so that nobody learns it from people who are no longer deactivated. */
import { days } from '../kernel/clock.ts';
import { record } from './audit.ts';
import type { Deps } from './deps.ts';
import type { DirectoryToken } from './entities/directory.ts';

/** Days before the end; each is told once. */
const THRESHOLDS = [1, 7, 14, 30] as const;
const FIRST = days(30);
const BATCH = 100;

/** The threshold that has been reached, in days; undefined when the end is farther away, or has come. */
function reachedThreshold(expiresAt: number, now: number): number | undefined {
  const left = expiresAt - now;
  return left <= 0 ? undefined : THRESHOLDS.find((threshold) => left <= days(threshold));
}

/**
 * Tells the audit and the outbox (`directory_token.expiring`) of every token that has come nearer to its end than
 * 30, 14, 7 or 1 days, once for each; one that is met late gets the nearest warning only. Answers how many were given.
 */
export async function warnOfExpiringTokens(deps: Pick<Deps, 'storage' | 'clock'>): Promise<number> {
  let given = 0;
  const now = deps.clock();
  let last: DirectoryToken | undefined;
  for (;;) {
    const span = { after: last?.expiresAt ?? now, afterId: last?.id, until: now + FIRST };
    const tokens = await deps.storage.directoryTokens.listExpiring(span, BATCH);
    for (const token of tokens) if (await warn(deps, token)) given += 1;
    last = tokens.at(-1);
    if (tokens.length < BATCH) return given;
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
