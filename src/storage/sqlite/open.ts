/** Opens the embedded store: one file in the data folder, one writing and one reading connection. */
import type { Database as Connection } from 'better-sqlite3';
import type { Connection as SsoConnection } from '../../core/entities/connection.ts';
import type { Queries, Storage } from '../../core/ports/storage.ts';
import { type Clock, systemClock } from '../../kernel/clock.ts';
import { createCheckpoints } from './checkpoints.ts';
import { leaveCleanMark, takeCleanMark } from './clean-stop.ts';
import { openReader, openWriter } from './connect.ts';
import { type Lock, prepareFile, refuseEmptyFile, takeLock } from './files.ts';
import { createKnownRows, onlyFinding } from './known-rows.ts';
import { migrate } from './migrate.ts';
import { createPageAnchors } from './page-anchors.ts';
import { createRepositories } from './repositories.ts';
import { createRunningMark, isLeftByKill, type RunningMark } from './running-mark.ts';
import { createCommittedReads, type Sql } from './sql.ts';
import { createWalSync } from './wal-sync.ts';
import { Writer } from './writer.ts';

/** `path`: the file; it and its folder are made when absent. `clock`: for the notes of migrations. */
export interface SqliteStorageOptions {
  readonly path: string;
  readonly clock?: Clock;
}

interface Connections {
  readonly lock: Lock;
  readonly writing: Connection;
  readonly reading: Connection;
}

/**
 * Opens or creates the store and migrates it. Throws `storage_unavailable`, with a sentence that names the file, when
 * another process holds it, when it is empty, damaged or not ours, or when its schema is newer than this program.
 */
export async function openSqliteStorage(options: SqliteStorageOptions): Promise<Storage> {
  const connections = connect(options);
  const mark = createRunningMark(options.path);
  mark.renew();
  let isDamaged = false;
  const onDamage = (): void => {
    isDamaged = true;
    mark.drop();
  };
  const { sql, remembering, release } = createCommittedReads(
    connections.writing,
    connections.reading,
    onDamage,
  );
  const wal = createWalSync(options.path);
  const checkpoints = createCheckpoints(connections.writing, options.path, { afterEach: mark.renew });
  const known = createKnownRows<SsoConnection>();
  const writer = new Writer(connections.writing, {
    memory: { connections: onlyFinding(known) },
    toDisk: toDiskOrUnmarked(wal.toDisk, mark),
    onDamage,
    beforeEach: release,
    afterEach: checkpoints.afterCommit,
  });
  const queries: Queries = createRepositories(sql, {
    anchors: createPageAnchors(),
    remembering,
    connections: known,
  });
  let closing: Promise<void> | undefined;
  return {
    ...queries,
    transact: (fn, durability) => writer.transact(fn, durability),
    ping: async () => {
      if (writer.failure !== undefined) throw writer.failure;
      ping(sql);
    },
    close: () => {
      closing ??= writer.close().then(async () => {
        release();
        await checkpoints.close();
        await wal.close();
        mark.drop();
        disconnect(connections);
        release();
        // What a disk refused once, or gave back as something else, is read as a whole at the next start.
        if (writer.failure === undefined && !isDamaged) leaveCleanMark(options.path);
        connections.lock.release();
      });
      return closing;
    },
  };
}

/** What a disk has refused once it may have lost, however the process ends: the next start reads it all. */
const toDiskOrUnmarked = (toDisk: () => Promise<void>, mark: RunningMark) => async (): Promise<void> => {
  try {
    await toDisk();
  } catch (error) {
    mark.drop();
    throw error;
  }
};

function ping(sql: Sql): void {
  sql.get('SELECT max(number) FROM schema_migrations');
}

function connect({ path, clock = systemClock }: SqliteStorageOptions): Connections {
  refuseEmptyFile(path);
  prepareFile(path);
  const lock = takeLock(path);
  let writing: Connection | undefined;
  try {
    const isLeftClean = takeCleanMark(path);
    writing = openWriter(path, isLeftClean || isLeftByKill(path));
    migrate(writing, path, clock);
    return { lock, writing, reading: openReader(path) };
  } catch (error) {
    writing?.close();
    lock.release();
    throw error;
  }
}

function disconnect({ writing, reading }: Connections): void {
  reading.close();
  writing.pragma('wal_checkpoint(TRUNCATE)');
  writing.close();
}
