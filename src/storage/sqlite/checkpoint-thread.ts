/** The thread that writes the WAL back into the store: one checkpoint for each message, answered when it is over. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

const connection = new Database(String(workerData), { fileMustExist: true });
// Whoever meets our lock goes on without us, and we without them: nobody waits for a checkpoint.
connection.pragma('busy_timeout = 0');

parentPort?.on('message', (message: 'checkpoint' | 'close') => {
  if (message === 'checkpoint') {
    connection.pragma('wal_checkpoint(PASSIVE)');
    parentPort?.postMessage('done');
    return;
  }
  connection.close();
  parentPort?.close();
});
