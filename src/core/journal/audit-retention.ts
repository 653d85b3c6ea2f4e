/** Old audit rows, and the history of roles that is as old, go where an organization wants it so; the chain of what is left holds, from a place that the chain itself vouches for. */
import { days } from '../../kernel/clock.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { Repositories } from '../ports/storage.ts';
import { record } from './audit.ts';

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
    const gone = await deps.storage.transact((tx) => {
      const context = { organizationId, cause: CAUSE, now: deps.clock() };
      return pruneSome(tx, context, context.now - keptMs);
    });
    pruned += gone.rows;
    if (Math.max(gone.rows, gone.grants, gone.values) < ROWS_AT_ONCE) return pruned;
  }
}

/** Rows and the history of roles go together: what the audit may not say any more, `explain` does not say either. */
async function pruneSome(tx: Repositories, context: ChangeContext, before: number) {
  const { organizationId } = context;
  const rows = await tx.auditEvents.prune(organizationId, before, ROWS_AT_ONCE);
  const grants = await tx.grants.prune(organizationId, before, ROWS_AT_ONCE);
  const values = await tx.pastValues.prune(organizationId, before, ROWS_AT_ONCE);
  if (grants + values > 0) await moveBeginning(tx, context, before);
  const head = await tx.auditEvents.findHead(organizationId);
  if (rows + grants + values > 0 && head !== undefined) {
    const { baseSeq, baseHash } = head;
    await record(tx, context, {
      type: 'audit.pruned',
      target: { kind: 'organization', id: organizationId },
      details: { rows, history: grants + values, baseSeq, baseHash },
    });
  }
  return { rows, grants, values };
}

/** From now on the history is whole from here only; see `historySince`. */
async function moveBeginning(
  tx: Repositories,
  { organizationId }: ChangeContext,
  until: number,
): Promise<void> {
  const subject = { kind: 'unrecorded', id: organizationId } as const;
  const known = await tx.pastValues.find(organizationId, subject, -1);
  if (known !== undefined && known.until >= until) return;
  const row = { organizationId, kind: subject.kind, subjectId: organizationId, until };
  await tx.pastValues.replace(organizationId, { ...row, value: null, endedBy: null });
}

/** Beyond so many organizations, removed ones included, all heads are handed over once more. */
const HEADS_REMEMBERED = 100_000;

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
  if (seen.size >= HEADS_REMEMBERED) seen.clear();
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
