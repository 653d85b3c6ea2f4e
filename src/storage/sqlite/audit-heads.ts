/** The head of the chain that transactions work on: known without asking, and written once for all the rows of a transaction. */
import type { AuditHead } from '../../core/entities/journal.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Sql } from './sql.ts';

const BEGIN_CHAIN = `
  INSERT INTO audit_heads (organization_id, seq, hash, base_seq, base_hash) VALUES (?, ?, ?, 0, '')
  ON CONFLICT DO NOTHING`;
const MOVE_HEAD =
  'UPDATE audit_heads SET seq = ?, hash = ? WHERE organization_id = ? AND seq = ? AND hash = ?';

/** Where the chain of one organization ends, as the table says and as the rows behind it have moved it. */
interface Moving {
  readonly organizationId: OrganizationId;
  /** Undefined: the table has none. */
  readonly stored: AuditHead | undefined;
  readonly head: AuditHead;
}

/**
 * The head of one organization as the writing connection left it. Whoever takes anything back forgets it; whoever changes
 * the table by another way settles it first. A wrong one could not pass: it is written over the stored head it began from alone.
 */
export interface RememberedHead {
  /** Undefined: ask the table. */
  of(organizationId: OrganizationId): AuditHead | undefined;
  /** What the table was found to hold. */
  keep(sql: Sql, organizationId: OrganizationId, head: AuditHead): void;
  /** Moves the head from what `of` or the table has said; to be settled before the commit, or before a savepoint ends. */
  move(sql: Sql, moving: Moving): void;
  /** Writes what was moved; `version_conflict` when the table holds another head by now. */
  settle(sql: Sql): void;
  forget(): void;
}

function write(sql: Sql, { organizationId, stored, head: { seq, hash } }: Moving): void {
  const written =
    stored === undefined
      ? sql.run(BEGIN_CHAIN, organizationId, seq, hash)
      : sql.run(MOVE_HEAD, seq, hash, organizationId, stored.seq, stored.hash);
  if (written === 0)
    throw new GatehouseError('version_conflict', 'The head of the audit chain was moved in the meantime.');
}

/** One for a connection that writes. */
export function createRememberedHead(): RememberedHead {
  let last: Moving | undefined;
  const settle = (sql: Sql): void => {
    if (last === undefined || last.head === last.stored) return;
    write(sql, last);
    last = { ...last, stored: last.head };
  };
  return {
    of: (organizationId) => (last?.organizationId === organizationId ? last.head : undefined),
    keep: (sql, organizationId, head) => {
      settle(sql);
      last = { organizationId, stored: head, head };
    },
    move: (sql, moving) => {
      if (last?.organizationId === moving.organizationId) last = { ...moving, stored: last.stored };
      else {
        settle(sql);
        last = moving;
      }
    },
    settle,
    forget: () => {
      last = undefined;
    },
  };
}

/** For a connection on which nothing is remembered: others move what it has seen. */
export const noHead: RememberedHead = {
  of: () => undefined,
  keep: () => undefined,
  move: write,
  settle: () => undefined,
  forget: () => undefined,
};
