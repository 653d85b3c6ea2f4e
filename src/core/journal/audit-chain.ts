/** The audit rows of one organization as a chain (S214): each row's hash covers the row and the hash before it. */
import { hash as digest } from 'node:crypto';
import { canonicalJson } from '../../kernel/canonical-json.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import { takeRandom } from '../../kernel/random.ts';
import type { Deps } from '../deps.ts';
import type { AuditEvent, AuditHead, AuditLink, ChainedAuditEvent } from '../entities/journal.ts';
import { isEmptied } from './audit-emptied.ts';

/** What stands before the first row. */
const BEGINNING = { seq: 0, hash: '' } as const;

const sha256 = (text: string): string => digest('sha256', text, 'base64url');

/**
 * Who, from where and with which values: what a person may ask to have erased. It enters the chain as a salted digest, so
 * that the row can lose it without the chain noticing, and nobody can find it again by trying (S217).
 */
const digestPersonal = ({ actor, details, ip }: AuditEvent, salt: string): string =>
  sha256(`${salt}${canonicalJson([actor, details, ip])}`);

function hashOf(event: AuditEvent, link: Omit<AuditLink, 'hash' | 'salt'>, before: string): string {
  const { id, organizationId, type, target, requestId, at } = event;
  const { seq, personalDigest } = link;
  const { id: targetId, kind } = target;
  // In one spelling as it stands: keys in their order, nothing else inside that has any.
  return sha256(
    JSON.stringify([
      before,
      seq,
      organizationId,
      id,
      type,
      { id: targetId, kind },
      requestId,
      at,
      personalDigest,
    ]),
  );
}

/** Which place in the chain a new row behind `head` has, from 1; undefined: nothing was told yet. */
export const placeAfter = (head: AuditHead | undefined): number => (head ?? BEGINNING).seq + 1;

/** The place of a new row behind `head`; undefined: the first one. */
export function linkAfter(head: AuditHead | undefined, event: AuditEvent): AuditLink {
  const { hash: before } = head ?? BEGINNING;
  const salt = takeRandom(16).toString('base64url');
  const place = { seq: placeAfter(head), personalDigest: digestPersonal(event, salt) };
  return { ...place, salt, hash: hashOf(event, place, before) };
}

/** What is wrong with the first row that is not as it was written. */
export interface ChainFault {
  readonly seq: number;
  /** Null when the row itself is gone. */
  readonly id: string | null;
  /** `unknown_anchor`: the row is whole, but not the one the caller kept the hash of. */
  readonly problem: 'edited' | 'missing' | 'truncated' | 'head_changed' | 'unknown_anchor';
}

export interface ChainReport {
  readonly fault: ChainFault | undefined;
  /** How many rows were looked at. */
  readonly checked: number;
  readonly head: { readonly seq: number; readonly hash: string };
}

/** A place of the chain as somebody outside remembers it: from an event, or an earlier report. */
export interface Anchor {
  readonly seq: number;
  readonly hash: string;
}

interface Walk {
  /** The last row found good. */
  last: Anchor;
  checked: number;
  /** Up to where rows were pruned, as the chain says itself; 0: none were. */
  base: number;
}

const ROWS_AT_ONCE = 500;

/**
 * Walks the chain from its beginning to the head as it stands now and names the first row that was edited, deleted, moved
 * or cut off. Rows written meanwhile are left for the next time; rows from before there was a chain are not in it. With an
 * `anchor` kept outside, rewriting the whole chain is found out, too. `pause` lets others work between pages.
 */
export async function verifyAuditChain(
  deps: Pick<Deps, 'storage'>,
  input: {
    readonly organizationId: OrganizationId;
    readonly anchor?: Anchor | undefined;
    readonly pause: () => Promise<unknown>;
  },
): Promise<ChainReport> {
  const { organizationId, anchor, pause } = input;
  const { auditEvents } = deps.storage;
  const known = await auditEvents.findHead(organizationId);
  const head = known ?? { ...BEGINNING, baseSeq: 0, baseHash: '' };
  const walk: Walk = { last: { seq: head.baseSeq, hash: head.baseHash }, checked: 0, base: 0 };
  const report = (fault: ChainFault | undefined): ChainReport => ({
    fault,
    checked: walk.checked,
    head: { seq: head.seq, hash: head.hash },
  });
  // Without a head nothing may stand in the chain; one page shows it.
  const end = known === undefined ? Number.MAX_SAFE_INTEGER : head.seq;
  for (let isMore = true; isMore && walk.last.seq < end; ) {
    const rows = await auditEvents.listChain(organizationId, walk.last.seq, ROWS_AT_ONCE);
    if (known === undefined && rows[0] !== undefined)
      return report({ seq: rows[0].link.seq, id: rows[0].event.id, problem: 'head_changed' });
    const fault = checkRows(
      walk,
      rows.filter(({ link }) => link.seq <= end),
      anchor,
    );
    if (fault !== undefined) return report(fault);
    isMore = rows.length === ROWS_AT_ONCE;
    await pause();
  }
  return report(checkEnd(walk.last, head, anchor) ?? checkBase(walk, head));
}

/** A base that the chain does not tell of hides rows that nobody pruned. */
const checkBase = ({ base }: Walk, { baseSeq }: AuditHead): ChainFault | undefined =>
  base === baseSeq ? undefined : { seq: baseSeq + 1, id: null, problem: 'missing' };

function checkRows(
  walk: Walk,
  rows: readonly ChainedAuditEvent[],
  anchor: Anchor | undefined,
): ChainFault | undefined {
  for (const row of rows) {
    const fault = faultOf(row, walk.last) ?? faultAgainst(anchor, row);
    if (fault !== undefined) return fault;
    if (row.event.type === 'audit.pruned') walk.base = Number(row.event.details.baseSeq);
    walk.last = row.link;
    walk.checked += 1;
  }
  return undefined;
}

/** Pure: what is wrong with a row behind the last good one. */
function faultOf({ event, link }: ChainedAuditEvent, last: Anchor): ChainFault | undefined {
  if (link.seq !== last.seq + 1) return { seq: last.seq + 1, id: null, problem: 'missing' };
  // Without its salt a row has lost what was personal, and holds nothing in its place (S217).
  const isWhole =
    link.salt === null ? isEmptied(event) : digestPersonal(event, link.salt) === link.personalDigest;
  if (isWhole && hashOf(event, link, last.hash) === link.hash) return undefined;
  return { seq: link.seq, id: event.id, problem: 'edited' };
}

const faultAgainst = (anchor: Anchor | undefined, { event, link }: ChainedAuditEvent) =>
  anchor !== undefined && link.seq === anchor.seq && link.hash !== anchor.hash
    ? ({ seq: link.seq, id: event.id, problem: 'unknown_anchor' } as const)
    : undefined;

function checkEnd(last: Anchor, head: Anchor, anchor: Anchor | undefined): ChainFault | undefined {
  if (last.seq < head.seq) return { seq: last.seq + 1, id: null, problem: 'truncated' };
  if (last.hash !== head.hash) return { seq: head.seq, id: null, problem: 'head_changed' };
  if (anchor !== undefined && anchor.seq > head.seq)
    return { seq: head.seq + 1, id: null, problem: 'truncated' };
  return undefined;
}
