/** Takes a former member's personal data out of the audit of an organization; what happened and when stays, and so does the chain (S217). */
import { GatehouseError } from '../kernel/errors.ts';
import type { MembershipId, OrganizationId } from '../kernel/ids.ts';
import { record } from './audit.ts';
import { emptied, isEmptied } from './audit-emptied.ts';
import type { Deps } from './deps.ts';
import type { AuditEvent, Cause } from './entities/journal.ts';
import type { Repositories } from './ports/storage.ts';

const ROWS_AT_ONCE = 500;

/**
 * Empties every row that tells of the member or of one of the addresses: who acted becomes a bare membership id, network address and
 * details go, and so do the details of the events that told it. Answers how many rows. Throws `invalid` (field `member`) for
 * somebody who is a member still. `pause` lets others work between pages.
 */
export async function erasePerson(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: {
    readonly organizationId: OrganizationId;
    readonly member: MembershipId;
    readonly emails: readonly string[];
    readonly cause: Cause;
    readonly pause: () => Promise<unknown>;
  },
): Promise<number> {
  const { organizationId, member, emails, cause, pause } = input;
  if ((await deps.storage.memberships.find(organizationId, member)) !== undefined)
    throw new GatehouseError('invalid', 'Remove the member first: rows about them are still written.', {
      field: 'member',
    });
  const signs = [member, ...emails].map((sign) => sign.toLowerCase());
  let erased = 0;
  for (let after = 0; ; ) {
    const rows = await deps.storage.auditEvents.listChain(organizationId, after, ROWS_AT_ONCE);
    const found = rows.filter(({ event }) => tellsOf(event, signs)).map(({ event }) => event);
    if (found.length > 0) await deps.storage.transact((tx) => eraseRows(tx, organizationId, found));
    erased += found.length;
    after = rows.at(-1)?.link.seq ?? after;
    if (rows.length < ROWS_AT_ONCE) break;
    await pause();
  }
  await deps.storage.transact((tx) =>
    record(
      tx,
      { organizationId, cause, now: deps.clock() },
      { type: 'audit.erased', target: { kind: 'membership', id: member }, details: { rows: erased } },
    ),
  );
  return erased;
}

/** Pure: whether a row names the member or one of the addresses anywhere. One that was emptied before, or that tells of an erasure, says nothing personal. */
function tellsOf({ type, actor, target, details, ip }: AuditEvent, signs: readonly string[]): boolean {
  if (type === 'audit.erased' || isEmptied({ actor, details, ip })) return false;
  const words = JSON.stringify([actor, target, details]).toLowerCase();
  return signs.some((sign) => words.includes(sign));
}

async function eraseRows(
  tx: Repositories,
  organizationId: OrganizationId,
  events: readonly AuditEvent[],
): Promise<void> {
  for (const event of events) {
    await tx.auditEvents.erase(organizationId, event.id, { actor: emptied(event.actor) });
    await tx.outbox.eraseDetails(organizationId, event);
  }
}
