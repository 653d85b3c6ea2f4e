/**
 * Runs in a gateway before its own modules: ends it by SIGKILL at an exact moment of its work, which nobody outside can hit.
 * `DIES_INSERTING=directory_users`, `DIES_AT=50`, `DIES_WHEN=inserted` (when the fiftieth row is in the transaction), `before-commit`
 * or `after-commit` (of the transaction that holds it).
 */
import Database from 'better-sqlite3';

const { DIES_INSERTING = '', DIES_AT = '', DIES_WHEN = '' } = process.env;
const { prepare } = Database.prototype;
let inserted = 0;

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Runs `before` and `after` around the statement. */
function around(statement: Database.Statement, before: () => void, after: () => void): Database.Statement {
  const { run } = statement;
  statement.run = (...parameters: unknown[]) => {
    before();
    const result = run.apply(statement, parameters);
    after();
    return result;
  };
  return statement;
}

const isReached = (): boolean => inserted >= Number(DIES_AT);
const dieIf = (when: string) => () => {
  if (DIES_WHEN === when && isReached()) die();
};

Database.prototype.prepare = function (this: Database.Database, sql: string) {
  const statement = prepare.call(this, sql);
  if (sql === 'COMMIT') return around(statement, dieIf('before-commit'), dieIf('after-commit'));
  if (!sql.startsWith(`INSERT INTO ${DIES_INSERTING} `)) return statement;
  return around(
    statement,
    () => undefined,
    () => {
      inserted += 1;
      dieIf('inserted')();
    },
  );
} as typeof prepare;
