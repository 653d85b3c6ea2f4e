/** Deleting so that the file holds no copy: for what people want erased, because it costs a write for each page that becomes free. */
import type { Sql } from './sql.ts';

/** Runs `work`, whose statements overwrite what they delete or replace, pages that become free included. */
export function overwriting<Result>(sql: Sql, work: () => Result): Result {
  sql.get('PRAGMA secure_delete = ON');
  try {
    return work();
  } finally {
    sql.get('PRAGMA secure_delete = FAST');
  }
}
