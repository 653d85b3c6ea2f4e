/** Applications in SQLite. */
import type { Application } from '../../core/entities/application.ts';
import type { ApplicationRepository } from '../../core/ports/applications.ts';
import { type Columns, insertRow, integer, json, text, textOrNull, toJson, updateRow, word } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM applications WHERE id = ?';
const LIST = 'SELECT * FROM applications WHERE id > ? ORDER BY id LIMIT ?';
const REMOVE = 'DELETE FROM applications WHERE id = ?';

const columnsOf = (application: Application): Columns => ({
  name: application.name,
  redirect_uris: toJson(application.redirectUris),
  post_logout_redirect_uris: toJson(application.postLogoutRedirectUris),
  backchannel_logout_uri: application.backchannelLogoutUri,
  organization_ids: toJson(application.organizationIds),
  auth_method: application.authMethod,
  jwks: toJson(application.jwks),
  id_token_algorithm: application.idTokenAlgorithm,
  secrets: toJson(application.secrets),
  created_at: application.createdAt,
  updated_at: application.updatedAt,
});

const fromRow = (row: Row): Application => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  name: text(row, 'name'),
  redirectUris: json(row, 'redirect_uris'),
  postLogoutRedirectUris: json(row, 'post_logout_redirect_uris'),
  backchannelLogoutUri: textOrNull(row, 'backchannel_logout_uri'),
  organizationIds: json(row, 'organization_ids'),
  authMethod: word(row, 'auth_method'),
  jwks: json(row, 'jwks'),
  idTokenAlgorithm: word(row, 'id_token_algorithm'),
  secrets: json(row, 'secrets'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Applications over one connection; the promises are those of the port. */
export function applicationRepository(sql: Sql): ApplicationRepository {
  return {
    insert: async (application) =>
      insertRow(sql, 'applications', {
        id: application.id,
        version: application.version,
        ...columnsOf(application),
      }),
    find: async (id) => {
      const row = sql.get(FIND, id);
      return row && fromRow(row);
    },
    list: async ({ after = '', limit }) => sql.all(LIST, after, limit).map(fromRow),
    update: async (next, version) =>
      updateRow(sql, 'applications', { key: { id: next.id }, columns: columnsOf(next), version }),
    remove: async (id) => sql.run(REMOVE, id) > 0,
  };
}
