/** The least an OIDC sign-in can cost: its crypto, and its rows in as many durable transactions, nothing around them. */
import { createHash, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import Database from 'better-sqlite3';
import type { Operation } from './loader.ts';

/** One after another on this thread. */
export interface OidcFloor {
  signIn(): Promise<Operation>;
  close(): void;
}

/** About what the rows of the gateway hold. */
const ROW = 'x'.repeat(400);
/** The session, and for its start and for the sign-in an audit row and an outbox row each. */
const KEPT_ROWS = 5;

/**
 * Over a new file, with the same durability as the gateway. Two commits, as the gateway makes: the start writes the
 * record of the sign-in; the callback takes it out, marks the member and adds the rows that are kept.
 */
export function openOidcFloor(file: string): OidcFloor {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(`
    CREATE TABLE pending (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE kept (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE members (id INTEGER PRIMARY KEY, seen INTEGER NOT NULL, document TEXT NOT NULL);
    INSERT INTO members VALUES (1, 0, '${ROW}');
  `);
  const begin = db.prepare<string[]>('INSERT INTO pending VALUES (?, ?)');
  const consume = db.prepare<string[]>('DELETE FROM pending WHERE id = ?');
  const mark = db.prepare<number[]>('UPDATE members SET seen = ? WHERE id = 1');
  const keep = db.prepare<string[]>('INSERT INTO kept VALUES (?, ?)');
  const complete = db.transaction((id: string) => {
    consume.run(id);
    mark.run(Date.now());
    for (let row = 0; row < KEPT_ROWS; row += 1) keep.run(newId(), ROW);
  });
  const isGenuine = idTokenCheck();
  return {
    async signIn() {
      const startedAt = performance.now();
      const id = newId();
      begin.run(id, ROW);
      // PKCE, and the stored hashes of what the browser and the session hold.
      for (let hash = 0; hash < 4; hash += 1) createHash('sha256').update(id).digest();
      const isRight = isGenuine();
      complete(id);
      return {
        ms: performance.now() - startedAt,
        fault: isRight ? undefined : 'a good signature was refused',
      };
    },
    close: () => db.close(),
  };
}

const newId = () => randomBytes(32).toString('base64url');

function idTokenCheck(): () => boolean {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = randomBytes(400);
  const signature = sign('sha256', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return () => verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}
