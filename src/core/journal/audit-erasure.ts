/** Takes a former member's personal data out of the audit, the history and the recorders of an organization; the chain still holds (S217). */
import { GatehouseError } from '../../kernel/errors.ts';
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { RemovedUser } from '../entities/adoption.ts';
import type { AuditEvent, Cause } from '../entities/journal.ts';
import { eraseWaysIn } from '../joining/invitation-erasure.ts';
import { eraseLeftBehind } from '../members/left-behind-erasure.ts';
import { eraseReviews } from '../members/review-erasure.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { record } from './audit.ts';
import { emptied, isEmptied } from './audit-emptied.ts';
import { eraseRecordings } from './recording-erasure.ts';

const ROWS_AT_ONCE = 500;

/**
 * Empties every row that tells of the member or of one of the addresses: who acted becomes a bare membership id, network address and
 * details go, and so do the details of the events that told it; the history keeps when they were a member and not who, and
 * recorded exchanges and sign-ins that tell of them go whole; invitations and links lose who came,
 * cut-overs and jobs whom they remember, and mails that wait are not sent. Answers how many of each. Throws `invalid` (field `member`) for
 * somebody who is a member still. `pause` lets others work between pages.
 */
export async function erasePerson(
  deps: Pick<Deps, 'storage' | 'clock' | 'mailer'>,
  input: {
    readonly organizationId: OrganizationId;
    readonly member: MembershipId;
    readonly emails: readonly string[];
    readonly cause: Cause;
    readonly pause: () => Promise<unknown>;
  },
): Promise<{ readonly rows: number; readonly recordings: number; readonly invitations: number }> {
  const { organizationId, member, emails, cause, pause } = input;
  if ((await deps.storage.memberships.find(organizationId, member)) !== undefined)
    throw new GatehouseError('invalid', 'Remove the member first: rows about them are still written.', {
      field: 'member',
    });
  const signs = [member, ...emails].map((sign) => sign.toLowerCase());
  const { rows, scimIds } = await eraseAudit(deps, { organizationId, member, signs, pause });
  const removed = await removedUsersOf(deps.storage, organizationId, member);
  const known = { organizationId, signs: [...signs, ...scimIds, ...removed.flatMap(signsOf)], pause };
  const { changed, emailKeys } = await eraseWaysIn(deps, { organizationId, member, emails, pause });
  await eraseLeftBehind(deps, { organizationId, member, emailKeys, pause });
  await eraseReviews(deps, { organizationId, member, emailKeys, pause });
  const counts = { rows, recordings: await eraseRecordings(deps, known), invitations: changed };
  const context = { organizationId, cause, now: deps.clock() };
  const target = { kind: 'membership', id: member };
  await deps.storage.transact(async (tx) => {
    await tx.pastValues.erase(organizationId, member);
    for (const { id, directoryId } of removed) await tx.removedUsers.consume(organizationId, directoryId, id);
    await record(tx, context, { type: 'audit.erased', target, details: counts });
  });
  return counts;
}

/** The rows of the audit; `scimIds` are those of the directory users who were this member. */
async function eraseAudit(
  { storage }: Pick<Deps, 'storage'>,
  of: {
    readonly organizationId: OrganizationId;
    readonly member: MembershipId;
    readonly signs: readonly string[];
    readonly pause: () => Promise<unknown>;
  },
): Promise<{ readonly rows: number; readonly scimIds: ReadonlySet<string> }> {
  const { organizationId, member, signs, pause } = of;
  const scimIds = new Set<string>();
  let erased = 0;
  for (let after = 0; ; ) {
    const rows = await storage.auditEvents.listChain(organizationId, after, ROWS_AT_ONCE);
    const found = rows.filter(({ event }) => tellsOf(event, signs)).map(({ event }) => event);
    for (const event of found) if (isAboutOne(event, member)) scimIds.add(event.target.id);
    if (found.length > 0) await storage.transact((tx) => eraseRows(tx, organizationId, found));
    erased += found.length;
    after = rows.at(-1)?.link.seq ?? after;
    if (rows.length < ROWS_AT_ONCE) return { rows: erased, scimIds };
    await pause();
  }
}

/** Under which names directories had them, as long as that is kept: from here on somebody pushed so is somebody new. */
async function removedUsersOf(
  from: Queries,
  organizationId: OrganizationId,
  member: MembershipId,
): Promise<readonly RemovedUser[]> {
  const found: RemovedUser[] = [];
  for (const { id } of await from.directories.list(organizationId)) {
    const removed = await from.removedUsers.findByMembership(organizationId, id, member);
    if (removed !== undefined) found.push(removed);
  }
  return found;
}

/** Names only as whole words of JSON: `ada` is in `canada`. */
const signsOf = ({ id, userNameKey, externalId }: RemovedUser): readonly string[] => [
  id,
  JSON.stringify(userNameKey),
  ...(externalId === null ? [] : [JSON.stringify(externalId.toLowerCase())]),
];

/** Whether the row tells of a directory user who was this member: exchanges name people by that id. */
const isAboutOne = ({ target, details }: AuditEvent, member: MembershipId): boolean =>
  target.kind === 'directory_user' && details.membershipId === member;

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
