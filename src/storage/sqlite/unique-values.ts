/** Values that only one person of a directory may hold, in SQLite. */
import type { UniqueValue } from '../../core/entities/directory-extension.ts';
import type { UniqueValueRepository } from '../../core/ports/directories.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { text } from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FORGET =
  'DELETE FROM directory_user_unique_values WHERE organization_id = ? AND directory_id = ? AND user_id = ?';
const ADD = `
  INSERT INTO directory_user_unique_values (organization_id, directory_id, value_key, user_id, path)
  VALUES (?, ?, ?, ?, ?)`;
const LIST = `
  SELECT * FROM directory_user_unique_values
  WHERE organization_id = ? AND directory_id = ? AND user_id = ? ORDER BY value_key`;
const REMOVE_PATH =
  'DELETE FROM directory_user_unique_values WHERE organization_id = ? AND directory_id = ? AND path = ?';

const fromRow = (row: Row): UniqueValue => ({ path: text(row, 'path'), key: text(row, 'value_key') });

/** Unique values over one connection; the promises are those of the port. */
export function uniqueValueRepository(sql: Sql): UniqueValueRepository {
  const insert: UniqueValueRepository['insert'] = async (organizationId, { directoryId, id }, values) => {
    for (const { path, key } of values) {
      named(path, () => sql.run(ADD, organizationId, directoryId, key, id, path));
    }
  };
  return {
    insert,
    replace: async (organizationId, owner, values) => {
      sql.run(FORGET, organizationId, owner.directoryId, owner.id);
      await insert(organizationId, owner, values);
    },
    list: async (organizationId, { directoryId, id }) =>
      sql.all(LIST, organizationId, directoryId, id).map(fromRow),
    remove: async (organizationId, directoryId, path) =>
      sql.run(REMOVE_PATH, organizationId, directoryId, path) > 0,
  };
}

/** A clash names the attribute, not the column. */
function named(path: string, insert: () => void): void {
  try {
    insert();
  } catch (error) {
    if (!isGatehouseError(error, 'already_exists')) throw error;
    throw new GatehouseError('already_exists', `Another user has this ${path}.`, {
      cause: error,
      field: path,
    });
  }
}
