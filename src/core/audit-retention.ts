/** Old audit rows go where an organization wants it so; the chain of what is left holds, from a place that the chain itself vouches for. */
import { days } from '../kernel/clock.ts';
import type { OrganizationId } from '../kernel/ids.ts';
import { record } from './audit.ts';
import type { Deps } from './deps.ts';
import type { Cause } from './entities/journal.ts';

const ROWS_AT_ONCE = 1_000;
const ORGANIZATIONS_AT_ONCE = 200;
const CAUSE: Cause = { actor: { kind: 'system' }, requestId: 'audit-retention' };

/** Prunes every organization that has said for how long it keeps its audit. Answers how many rows went. */
export async function pruneAudits(deps: Pick<Deps, 'storage' | 'clock'>): Promise<number> {
  let pruned = 0;
  for (let after: string | undefined; ; ) {
    const page = await deps.storage.organizations.list({ after, limit: ORGANIZATIONS_AT_ONCE });
    for (const { id, auditRetentionDays } of page)
      if (auditRetentionDays !== null) pruned += await pruneAudit(deps, id, days(auditRetentionDays));
    if (page.length < ORGANIZATIONS_AT_ONCE) return pruned;
    after = page.at(-1)?.id;
  }
}

async function pruneAudit(
  deps: Pick<Deps, 'storage' | 'clock'>,
  organizationId: OrganizationId,
  keptMs: number,
): Promise<number> {
  for (let pruned = 0; ; ) {
    const count = await deps.storage.transact(async (tx) => {
      const now = deps.clock();
      const rows = await tx.auditEvents.prune(organizationId, now - keptMs, ROWS_AT_ONCE);
      const head = rows === 0 ? undefined : await tx.auditEvents.findHead(organizationId);
      if (head === undefined) return rows;
      const { baseSeq, baseHash } = head;
      await record(
        tx,
        { organizationId, cause: CAUSE, now },
        {
          type: 'audit.pruned',
          target: { kind: 'organization', id: organizationId },
          details: { rows, baseSeq, baseHash },
        },
      );
      return rows;
    });
    pruned += count;
    if (count < ROWS_AT_ONCE) return pruned;
  }
}

/**
 * Hands the heads that have moved since the last time to `keep`, which puts them where nobody who holds the store can reach
 * them (S214). `seen` is what was handed over before, by organization.
 */
export async function anchorAudits(
  deps: Pick<Deps, 'storage'>,
  seen: Map<OrganizationId, number>,
  keep: (anchor: {
    readonly organizationId: OrganizationId;
    readonly seq: number;
    readonly hash: string;
  }) => void,
): Promise<number> {
  let told = 0;
  for (let after: string | undefined; ; ) {
    const page = await deps.storage.organizations.list({ after, limit: ORGANIZATIONS_AT_ONCE });
    for (const { id } of page) {
      const head = await deps.storage.auditEvents.findHead(id);
      if (head === undefined || seen.get(id) === head.seq) continue;
      seen.set(id, head.seq);
      keep({ organizationId: id, seq: head.seq, hash: head.hash });
      told += 1;
    }
    if (page.length < ORGANIZATIONS_AT_ONCE) return told;
    after = page.at(-1)?.id;
  }
}
