/** Audit events in SQLite: appended to the chain of their organization and listed; the oldest are pruned, personal parts erased, nothing else changes. */
import type { AuditEvent, AuditHead, AuditLink, ChainedAuditEvent } from '../../core/entities/journal.ts';
import type { AuditEventRepository, AuditFilter } from '../../core/ports/journal.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import { idFloor } from '../../kernel/ids.ts';
import type { RememberedHead } from './audit-heads.ts';
import { overwriting } from './overwriting.ts';
import { NO_ID_YET } from './paging.ts';
import { insertRow, integer, json, ownedBy, text, textOrNull, toJson, word } from './rows.ts';
import type { Row, Sql, Value } from './sql.ts';

const FIND_HEAD = 'SELECT * FROM audit_heads WHERE organization_id = ?';
const LIST_CHAIN = `
  SELECT * FROM audit_events WHERE organization_id = ? AND seq IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?`;
const LIST_OLDEST = `
  SELECT seq, hash, at FROM audit_events WHERE organization_id = ? AND seq > ? AND seq < ? ORDER BY seq LIMIT ?`;
const PRUNE = 'DELETE FROM audit_events WHERE organization_id = ? AND seq <= ?';
const PRUNE_UNCHAINED = 'DELETE FROM audit_events WHERE organization_id = ? AND id < ? AND seq IS NULL';
const MOVE_BASE = 'UPDATE audit_heads SET base_seq = ?, base_hash = ? WHERE organization_id = ?';
const ERASE = `
  UPDATE audit_events SET actor = ?, details = '{}', ip = NULL, salt = NULL WHERE organization_id = ? AND id = ?`;
const BY_ACTOR = `? IN (
  actor ->> 'kind', actor ->> 'membershipId', actor ->> 'userId', actor ->> 'directoryId', actor ->> 'tokenId',
  actor ->> 'connectionId', actor ->> 'invitationId', actor ->> 'apiKeyId')`;

const fromRow = (row: Row): AuditEvent => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  type: word(row, 'type'),
  actor: json(row, 'actor'),
  target: { kind: text(row, 'target_kind'), id: text(row, 'target_id') },
  details: json(row, 'details'),
  requestId: text(row, 'request_id'),
  ip: textOrNull(row, 'ip'),
  at: integer(row, 'at'),
});

const chainedFromRow = (row: Row): ChainedAuditEvent => ({
  event: fromRow(row),
  link: {
    seq: integer(row, 'seq'),
    salt: textOrNull(row, 'salt'),
    personalDigest: text(row, 'personal_digest'),
    hash: text(row, 'hash'),
  },
});

function storedHead(sql: Sql, organizationId: OrganizationId): AuditHead | undefined {
  const row = sql.get(FIND_HEAD, organizationId);
  return (
    row && {
      seq: integer(row, 'seq'),
      hash: text(row, 'hash'),
      baseSeq: integer(row, 'base_seq'),
      baseHash: text(row, 'base_hash'),
    }
  );
}

/** Audit events over one connection; the promises are those of the port. */
export function auditEventRepository(sql: Sql, remembered: RememberedHead): AuditEventRepository {
  return {
    append: async (organizationId, event, link) => {
      insertRow(sql, 'audit_events', {
        organization_id: ownedBy(organizationId, event),
        id: event.id,
        type: event.type,
        actor: toJson(event.actor),
        target_kind: event.target.kind,
        target_id: event.target.id,
        details: toJson(event.details),
        request_id: event.requestId,
        ip: event.ip,
        at: event.at,
        seq: link?.seq ?? null,
        salt: link?.salt ?? null,
        personal_digest: link?.personalDigest ?? null,
        hash: link?.hash ?? null,
      });
      if (link !== undefined) moveHead(sql, organizationId, { link, remembered });
    },
    findHead: async (organizationId) => {
      const known = remembered.of(organizationId);
      if (known !== undefined) return known;
      const head = storedHead(sql, organizationId);
      if (head !== undefined) remembered.keep(sql, organizationId, head);
      return head;
    },
    prune: async (organizationId, before, limit) => {
      remembered.settle(sql);
      remembered.forget();
      return prune(sql, organizationId, { before, limit });
    },
    erase: async (organizationId, id, { actor }) => {
      overwriting(sql, () => sql.run(ERASE, toJson(actor), organizationId, id));
    },
    listChain: async (organizationId, afterSeq, limit) =>
      sql.all(LIST_CHAIN, organizationId, afterSeq, limit).map(chainedFromRow),
    list: async (organizationId, filter, page) => {
      const { conditions, values } = conditionsOf(filter);
      const where = ['organization_id = ?', 'id < ?', ...conditions].join(' AND ');
      const statement = `SELECT * FROM audit_events WHERE ${where} ORDER BY id DESC LIMIT ?`;
      return sql
        .compose(statement, [organizationId, page.after ?? NO_ID_YET, ...values, page.limit])
        .map(fromRow);
    },
  };
}

function prune(
  sql: Sql,
  organizationId: OrganizationId,
  { before, limit }: { readonly before: number; readonly limit: number },
): number {
  sql.run(PRUNE_UNCHAINED, organizationId, idFloor('aud', before));
  const head = storedHead(sql, organizationId);
  if (head === undefined) return 0;
  const { seq, baseSeq } = head;
  const oldest = sql.all(LIST_OLDEST, organizationId, baseSeq, seq, limit);
  const kept = oldest.findIndex((one) => integer(one, 'at') >= before);
  const gone = kept < 0 ? oldest : oldest.slice(0, kept);
  const last = gone.at(-1);
  if (last === undefined) return 0;
  sql.run(PRUNE, organizationId, integer(last, 'seq'));
  sql.run(MOVE_BASE, integer(last, 'seq'), text(last, 'hash'), organizationId);
  return gone.length;
}

function moveHead(
  sql: Sql,
  organizationId: OrganizationId,
  { link, remembered }: { readonly link: AuditLink; readonly remembered: RememberedHead },
): void {
  const { seq, hash } = link;
  const stored = remembered.of(organizationId) ?? storedHead(sql, organizationId);
  const { seq: last, baseSeq, baseHash } = stored ?? BEGINNING;
  if (seq !== last + 1)
    throw new GatehouseError('version_conflict', 'Another audit row took this place in the meantime.');
  remembered.move(sql, { organizationId, stored, head: { seq, hash, baseSeq, baseHash } });
}

/** What stands before the first row. */
const BEGINNING = { seq: 0, baseSeq: 0, baseHash: '' } as const;

function conditionsOf(filter: AuditFilter): {
  readonly conditions: readonly string[];
  readonly values: readonly Value[];
} {
  const { type, targetId, actor, since, until } = filter;
  const asked: readonly (readonly [string, Value | undefined])[] = [
    ['type = ?', type],
    ['target_id = ?', targetId],
    [BY_ACTOR, actor],
    ['id >= ?', since === undefined ? undefined : idFloor('aud', since)],
    ['id < ?', until === undefined ? undefined : idFloor('aud', until)],
  ];
  const given = asked.flatMap(([condition, value]) => (value === undefined ? [] : [{ condition, value }]));
  return { conditions: given.map(({ condition }) => condition), values: given.map(({ value }) => value) };
}
