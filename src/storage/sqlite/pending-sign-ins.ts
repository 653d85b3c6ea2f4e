/** One-time records of signing in, in SQLite: sign-ins under way, and assertions already seen. */
import type { ConnectionName } from '../../core/entities/connection.ts';
import type { PendingSignIn } from '../../core/entities/sign-in.ts';
import type { ConsumedAssertionRepository, PendingSignInRepository } from '../../core/ports/sign-ins.ts';
import {
  flag,
  insertRow,
  integer,
  integerOrNull,
  json,
  ownedBy,
  text,
  textOrNull,
  toFlag,
  toJson,
  word,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const WHICH = 'organization_id = ? AND connection_id = ? AND handle_hash = ?';
const FIND = `SELECT * FROM pending_sign_ins WHERE ${WHICH}`;
const CONSUME = `DELETE FROM pending_sign_ins WHERE ${WHICH} RETURNING *`;
const LIST_UNANSWERED = `
  SELECT created_at FROM (SELECT * FROM pending_sign_ins WHERE organization_id = ? AND connection_id = ? LIMIT ?)
  WHERE expires_at <= ? AND request_id IS NOT NULL
    AND purpose ->> 'kind' = 'sign_in' AND coalesce(purpose ->> 'isRepeated', 0) = 0`;
const NEXT_CONNECTION = `
  SELECT organization_id, connection_id FROM pending_sign_ins WHERE (organization_id, connection_id) > (?, ?)
  ORDER BY organization_id, connection_id LIMIT 1`;
const REMOVE_EXPIRED = 'DELETE FROM pending_sign_ins WHERE expires_at <= ?';
const CLAIM_ASSERTION = `
  INSERT INTO consumed_assertions (organization_id, connection_id, assertion_id, expires_at)
  VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const REMOVE_EXPIRED_ASSERTIONS = 'DELETE FROM consumed_assertions WHERE expires_at <= ?';

const fromRow = (row: Row): PendingSignIn => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  connectionId: word(row, 'connection_id'),
  handleHash: text(row, 'handle_hash'),
  bindingHash: text(row, 'binding_hash'),
  requestId: textOrNull(row, 'request_id'),
  nonce: textOrNull(row, 'nonce'),
  codeVerifier: textOrNull(row, 'code_verifier'),
  held: textOrNull(row, 'held'),
  returnTo: textOrNull(row, 'return_to'),
  mustReauthenticate: flag(row, 'must_reauthenticate'),
  maxAgeSeconds: integerOrNull(row, 'max_age_seconds'),
  purpose: json(row, 'purpose'),
  createdAt: integer(row, 'created_at'),
  expiresAt: integer(row, 'expires_at'),
});

/** Pending sign-ins over one connection; the promises are those of the port. */
export function pendingSignInRepository(sql: Sql): PendingSignInRepository {
  const one = (row: Row | undefined) => row && fromRow(row);
  return {
    insert: async (organizationId, pending) =>
      insertRow(sql, 'pending_sign_ins', {
        organization_id: ownedBy(organizationId, pending),
        connection_id: pending.connectionId,
        handle_hash: pending.handleHash,
        id: pending.id,
        binding_hash: pending.bindingHash,
        request_id: pending.requestId,
        nonce: pending.nonce,
        code_verifier: pending.codeVerifier,
        held: pending.held,
        return_to: pending.returnTo,
        must_reauthenticate: toFlag(pending.mustReauthenticate),
        max_age_seconds: pending.maxAgeSeconds,
        purpose: toJson(pending.purpose),
        created_at: pending.createdAt,
        expires_at: pending.expiresAt,
      }),
    find: async (organizationId, connectionId, handleHash) =>
      one(sql.get(FIND, organizationId, connectionId, handleHash)),
    consume: async (organizationId, connectionId, handleHash) =>
      one(sql.get(CONSUME, organizationId, connectionId, handleHash)),
    listUnanswered: async (organizationId, { connectionId, now, limit }) =>
      sql
        .all(LIST_UNANSWERED, organizationId, connectionId, limit, now)
        .map((row) => integer(row, 'created_at')),
    listConnections: async (after, limit) => connectionsBehind(sql, after, limit),
    removeExpired: async (now) => sql.run(REMOVE_EXPIRED, now),
  };
}

/** One look-up for each, however many rows it has. */
function connectionsBehind(
  sql: Sql,
  after: ConnectionName | undefined,
  limit: number,
): readonly ConnectionName[] {
  const found: ConnectionName[] = [];
  while (found.length < limit) {
    const last = found.at(-1) ?? after;
    const row = sql.get(NEXT_CONNECTION, last?.organizationId ?? '', last?.connectionId ?? '');
    if (row === undefined) break;
    found.push({ organizationId: word(row, 'organization_id'), connectionId: word(row, 'connection_id') });
  }
  return found;
}

/** Consumed assertions over one connection; the promises are those of the port. */
export function consumedAssertionRepository(sql: Sql): ConsumedAssertionRepository {
  return {
    claim: async (organizationId, connectionId, assertionId, expiresAt) =>
      sql.run(CLAIM_ASSERTION, organizationId, connectionId, assertionId, expiresAt) > 0,
    removeExpired: async (now) => sql.run(REMOVE_EXPIRED_ASSERTIONS, now),
  };
}
