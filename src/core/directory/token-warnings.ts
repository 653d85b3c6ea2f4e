/** Warns before a directory token or an API key ends, so that nobody learns it from what no longer happens. */
import { days } from '../../kernel/clock.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { ApiKey } from '../entities/api-key.ts';
import type { DirectoryToken } from '../entities/directory.ts';
import type { ChangeRecord } from '../journal/audit.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';

/** Days before the end; each is told once. */
const THRESHOLDS = [1, 7, 14, 30] as const;
const FIRST = days(30);
const BATCH = 100;

/** The threshold that has been reached, in days; undefined when the end is farther away, or has come. */
function reachedThreshold(expiresAt: number, now: number): number | undefined {
  const left = expiresAt - now;
  return left <= 0 ? undefined : THRESHOLDS.find((threshold) => left <= days(threshold));
}

type WarningDeps = Pick<Deps, 'storage' | 'clock'>;

/** What ends and is warned of. */
interface Ending {
  readonly id: string;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly expiresAt: number | null;
  readonly expiryWarnedDays: number | null;
  readonly lastUsedAt: number | null;
}

/** How one kind of it is found, claimed and told. */
interface EndingKind<Row extends Ending> {
  list(span: { after: number; afterId?: Row['id'] | undefined; until: number }): Promise<readonly Row[]>;
  claim(tx: Repositories, row: Row, days: number): Promise<boolean>;
  tell(row: Row): ChangeRecord;
}

/**
 * Tells the audit and the outbox (`directory_token.expiring`) of every token that has come nearer to its end than
 * 30, 14, 7 or 1 days, once for each; one that is met late gets the nearest warning only. Answers how many were given.
 */
export const warnOfExpiringTokens = (deps: WarningDeps): Promise<number> =>
  warnOfAll<DirectoryToken>(deps, {
    list: (span) => deps.storage.directoryTokens.listExpiring(span, BATCH),
    claim: (tx, { organizationId, id }, left) => tx.directoryTokens.claimWarning(organizationId, id, left),
    tell: ({ id, directoryId }) => ({
      type: 'directory_token.expiring',
      target: { kind: 'directory_token', id },
      details: { directoryId },
    }),
  });

/** The same of API keys (`api_key.expiring`). */
export const warnOfExpiringKeys = (deps: WarningDeps): Promise<number> =>
  warnOfAll<ApiKey>(deps, {
    list: (span) => deps.storage.apiKeys.listExpiring(span, BATCH),
    claim: (tx, { organizationId, id }, left) => tx.apiKeys.claimWarning(organizationId, id, left),
    tell: ({ id, kind, membershipId, teamId }) => ({
      type: 'api_key.expiring',
      target: { kind: 'api_key', id },
      details: { kind, membershipId, teamId },
    }),
  });

async function warnOfAll<Row extends Ending>(deps: WarningDeps, kind: EndingKind<Row>): Promise<number> {
  let given = 0;
  const now = deps.clock();
  let last: Row | undefined;
  for (;;) {
    const rows = await kind.list({ after: last?.expiresAt ?? now, afterId: last?.id, until: now + FIRST });
    for (const row of rows) if (await warn(deps, kind, row)) given += 1;
    last = rows.at(-1);
    if (rows.length < BATCH) return given;
  }
}

async function warn<Row extends Ending>(
  deps: WarningDeps,
  kind: EndingKind<Row>,
  row: Row,
): Promise<boolean> {
  const { organizationId, name, expiresAt, expiryWarnedDays, lastUsedAt } = row;
  const now = deps.clock();
  const threshold = expiresAt === null ? undefined : reachedThreshold(expiresAt, now);
  if (threshold === undefined) return false;
  if (expiryWarnedDays !== null && expiryWarnedDays <= threshold) return false;
  return deps.storage.transact(async (tx) => {
    if (!(await kind.claim(tx, row, threshold))) return false;
    const cause = { actor: { kind: 'system' }, requestId: 'warn-of-expiring-tokens' } as const;
    const { details, ...told } = kind.tell(row);
    await record(
      tx,
      { organizationId, cause, now },
      {
        ...told,
        details: { ...details, name, expiresAt, thresholdDays: threshold, lastUsedAt },
      },
    );
    return true;
  });
}
