/** Audit events in SQLite: appended, listed, never changed. */
import type { AuditEvent } from '../../core/entities/journal.ts';
import type { AuditEventRepository } from '../../core/ports/journal.ts';
import { NO_ID_YET } from './paging.ts';
import { insertRow, integer, json, ownedBy, text, textOrNull, toJson, word } from './rows.ts';
import type { Row, Sql, Value } from './sql.ts';

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

/** Audit events over one connection; the promises are those of the port. */
export function auditEventRepository(sql: Sql): AuditEventRepository {
  return {
    append: async (organizationId, event) =>
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
      }),
    list: async (organizationId, filter, page) => {
      const values: Value[] = [organizationId, page.after ?? NO_ID_YET];
      let statement = 'SELECT * FROM audit_events WHERE organization_id = ? AND id < ?';
      for (const [column, value] of [
        ['type', filter.type],
        ['target_id', filter.targetId],
      ] as const) {
        if (value === undefined) continue;
        statement += ` AND ${column} = ?`;
        values.push(value);
      }
      return sql.all(`${statement} ORDER BY id DESC LIMIT ?`, ...values, page.limit).map(fromRow);
    },
  };
}
