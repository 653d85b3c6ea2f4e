/** Directories and their tokens in SQLite. */
import type { Directory, DirectoryToken } from '../../core/entities/directory.ts';
import type {
  DirectoryRepository,
  DirectoryTokenRepository,
  TokenOfDirectory,
} from '../../core/ports/directories.ts';
import { removeGradually } from './gradual-removal.ts';
import { emptyGroup } from './member-rows.ts';
import { NO_ID_YET } from './paging.ts';
import {
  type Columns,
  flag,
  insertRow,
  integer,
  integerOrNull,
  json,
  ownedBy,
  text,
  toFlag,
  toJson,
  typed,
  updateRow,
  word,
} from './rows.ts';
import type { Remembering, Row, Sql, Tuple } from './sql.ts';

const FIND = 'SELECT * FROM directories WHERE organization_id = ? AND id = ?';
const FIND_VERSION = 'SELECT version FROM directories WHERE organization_id = ? AND id = ?';
const LIST = 'SELECT * FROM directories WHERE organization_id = ? ORDER BY id';
const REMOVE = 'DELETE FROM directories WHERE organization_id = ? AND id = ?';
const GROUP_IDS = 'SELECT id FROM directory_groups WHERE organization_id = ? AND directory_id = ?';
/** What a directory may have a hundred thousand of, those that refer to others first. */
const REMOVE_MANY = [
  { table: 'directory_user_unique_values', key: ['organization_id', 'directory_id', 'value_key'] },
  { table: 'directory_user_emails', key: ['organization_id', 'directory_id', 'value_key', 'user_id'] },
  { table: 'directory_users', key: ['organization_id', 'directory_id', 'id'] },
  { table: 'directory_groups', key: ['organization_id', 'directory_id', 'id'] },
  { table: 'removed_directory_users', key: ['organization_id', 'directory_id', 'id'] },
  { table: 'cutover_members', key: ['organization_id', 'directory_id', 'membership_id'] },
];
const LIST_TOKENS =
  'SELECT * FROM directory_tokens WHERE organization_id = ? AND directory_id = ? ORDER BY id';
/** Every column of the directory but its counters, then those of the token that the directory does not have. */
const FIND_TOKEN = `
  SELECT directories.organization_id, directories.id, directories.version, directories.kind, directories.name,
    directories.status, directories.adoption, directories.is_shadow, directories.extensions, directories.created_at, directories.updated_at,
    tokens.id, tokens.name, tokens.created_at, token_hash, expires_at, last_used_at, expiry_warned_days
  FROM directory_tokens AS tokens JOIN directories
    ON directories.organization_id = tokens.organization_id AND directories.id = tokens.directory_id
  WHERE token_hash = ?`;
const REMOVE_TOKEN = 'DELETE FROM directory_tokens WHERE organization_id = ? AND directory_id = ? AND id = ?';
const CLAIM_WARNING = `
  UPDATE directory_tokens SET expiry_warned_days = ?
  WHERE organization_id = ? AND id = ? AND (expiry_warned_days IS NULL OR expiry_warned_days > ?)`;
const LIST_EXPIRING = `
  SELECT * FROM directory_tokens WHERE (expires_at, id) > (?, ?) AND expires_at <= ? ORDER BY expires_at, id LIMIT ?`;
const TOKEN_USED = 'UPDATE directory_tokens SET last_used_at = ? WHERE organization_id = ? AND id = ?';

const columnsOf = (directory: Directory): Columns => ({
  kind: directory.kind,
  name: directory.name,
  status: directory.status,
  adoption: directory.adoption,
  is_shadow: toFlag(directory.isShadow),
  extensions: toJson(directory.extensions),
  created_at: directory.createdAt,
  updated_at: directory.updatedAt,
});

const fromRow = (row: Row): Directory => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  kind: word(row, 'kind'),
  name: text(row, 'name'),
  status: word(row, 'status'),
  adoption: word(row, 'adoption'),
  isShadow: flag(row, 'is_shadow'),
  extensions: json(row, 'extensions'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Directories over one connection; the promises are those of the port. */
export function directoryRepository(sql: Sql): DirectoryRepository {
  return {
    insert: async (organizationId, directory) =>
      insertRow(sql, 'directories', {
        organization_id: ownedBy(organizationId, directory),
        id: directory.id,
        version: directory.version,
        ...columnsOf(directory),
      }),
    find: async (organizationId, id) => {
      const row = sql.get(FIND, organizationId, id);
      return row && fromRow(row);
    },
    findVersion: async (organizationId, id) => {
      const row = sql.get(FIND_VERSION, organizationId, id);
      return row && integer(row, 'version');
    },
    list: async (organizationId) => sql.all(LIST, organizationId).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'directories', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
    remove: async (organizationId, id) => {
      for (const group of sql.all(GROUP_IDS, organizationId, id))
        await emptyGroup(sql, organizationId, text(group, 'id'));
      for (const removal of REMOVE_MANY) await removeGradually(sql, removal, [organizationId, id]);
      return sql.run(REMOVE, organizationId, id) > 0;
    },
  };
}

const tokenFromRow = (row: Row): DirectoryToken => ({
  id: word(row, 'id'),
  organizationId: word(row, 'organization_id'),
  directoryId: word(row, 'directory_id'),
  name: text(row, 'name'),
  tokenHash: text(row, 'token_hash'),
  createdAt: integer(row, 'created_at'),
  expiresAt: integerOrNull(row, 'expires_at'),
  lastUsedAt: integerOrNull(row, 'last_used_at'),
  expiryWarnedDays: integerOrNull(row, 'expiry_warned_days'),
});

type Both = readonly [
  ...[Directory['organizationId'], Directory['id'], number, Directory['kind'], string],
  ...[Directory['status'], Directory['adoption'], number, string, number, number],
  ...[DirectoryToken['id'], string, number, string, number | null, number | null, number | null],
];

function bothFromTuple(tuple: Tuple): TokenOfDirectory {
  const [organizationId, directoryId, version, kind, directoryName, status, adoption, ...others] =
    typed<Both>(tuple);
  const [isShadow, extensions, directoryCreatedAt, updatedAt, id, name, createdAt, ...rest] = others;
  const [tokenHash, expiresAt, lastUsedAt, expiryWarnedDays] = rest;
  return {
    directory: {
      id: directoryId,
      version,
      organizationId,
      kind,
      name: directoryName,
      status,
      adoption,
      isShadow: isShadow === 1,
      extensions: extensions === '[]' ? [] : JSON.parse(extensions),
      createdAt: directoryCreatedAt,
      updatedAt,
    },
    token: {
      id,
      organizationId,
      directoryId,
      name,
      tokenHash,
      createdAt,
      expiresAt,
      lastUsedAt,
      expiryWarnedDays,
    },
  };
}

/**
 * Directory tokens over one connection; the promises are those of the port. `remembering`: every request of a directory
 * shows its token.
 */
export function directoryTokenRepository(
  sql: Sql,
  remembering: Remembering = (ask) => ask,
): DirectoryTokenRepository {
  const findByHash = remembering((tokenHash) => {
    const [found] = sql.tuples(FIND_TOKEN, [tokenHash]);
    return found && bothFromTuple(found);
  });
  return {
    insert: async (organizationId, token) =>
      insertRow(sql, 'directory_tokens', {
        organization_id: ownedBy(organizationId, token),
        directory_id: token.directoryId,
        id: token.id,
        name: token.name,
        token_hash: token.tokenHash,
        created_at: token.createdAt,
        expires_at: token.expiresAt,
        last_used_at: token.lastUsedAt,
        expiry_warned_days: token.expiryWarnedDays,
      }),
    list: async (organizationId, directoryId) =>
      sql.all(LIST_TOKENS, organizationId, directoryId).map(tokenFromRow),
    remove: async (organizationId, directoryId, id) =>
      sql.run(REMOVE_TOKEN, organizationId, directoryId, id) > 0,
    updateLastUsed: async (organizationId, id, at) => {
      sql.run(TOKEN_USED, at, organizationId, id);
    },
    claimWarning: async (organizationId, id, days) =>
      sql.run(CLAIM_WARNING, days, organizationId, id, days) > 0,
    listExpiring: async ({ after, afterId, until }, limit) =>
      sql.all(LIST_EXPIRING, after, afterId ?? NO_ID_YET, until, limit).map(tokenFromRow),
    findByHash: async (tokenHash) => findByHash(tokenHash),
  };
}
