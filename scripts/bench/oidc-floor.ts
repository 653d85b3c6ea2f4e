/** The least an OIDC sign-in can cost: all its crypto, and all its rows in the gateway's own tables, nothing around them. */
import { createHash, generateKeyPairSync, hash, randomBytes, sign, verify } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { newId } from '../../src/kernel/ids.ts';
import { createSealer } from '../../src/kernel/sealing.ts';
import { createTokenHasher, newToken } from '../../src/kernel/tokens.ts';
import type { Operation } from './loader.ts';
import { type Changes, rowsLike, type Statement } from './rows-like.ts';

/** One after another on this thread. */
export interface OidcFloor {
  signIn(): Promise<Operation>;
  close(): void;
}

/**
 * Over a copy of a store in which people have signed in this way, and one sign-in was left half-way: the rows are those, with
 * ids and hashes of their own, in the same tables behind the same indexes. As in the gateway the start is committed and the
 * callback's commit is waited for; the rows it reads, checks and compares are left out, and so is the recorder.
 */
export function openOidcFloor(file: string): OidcFloor {
  const db = new Database(file);
  for (const setting of SETTINGS) db.pragma(setting);
  const rows = storedRows(db);
  const wal = openSync(`${file}-wal`, 'r');
  const crypto = signInCrypto();
  const begin = db.transaction((fresh: Changes) => rows.begin(fresh));
  const complete = db.transaction((fresh: Changes, handleHash: string, auditHashes: readonly string[]) =>
    rows.complete(fresh, handleHash, auditHashes),
  );
  return {
    async signIn() {
      const startedAt = performance.now();
      const begun = crypto.begin();
      begin(begun.row);
      const { row, auditHashes, isGenuine } = crypto.complete(begun);
      complete(row, begun.row.handle_hash, auditHashes);
      fdatasyncSync(wal);
      const fault = isGenuine ? undefined : 'a good signature was refused';
      return { ms: performance.now() - startedAt, fault };
    },
    close: () => {
      closeSync(wal);
      db.close();
    },
  };
}

/** The gateway's own. */
const SETTINGS = [
  ...['journal_mode = WAL', 'synchronous = NORMAL', 'temp_store = MEMORY', 'foreign_keys = ON'],
  ...['cache_size = -16384', 'wal_autocheckpoint = 4000'],
];

/** A session and a sign-in: two audit rows, and an event for each. */
const CHANGES = 2;

function storedRows(db: Database.Database) {
  const pending = rowsLike(db, 'pending_sign_ins');
  const session = rowsLike(db, 'sessions');
  const event = rowsLike(db, 'audit_events');
  const outbox = rowsLike(db, 'outbox');
  const { organization_id: organization, membership_id: member } = session.template;
  const consume: Statement = db.prepare('DELETE FROM pending_sign_ins WHERE handle_hash = ?');
  const mark: Statement = db.prepare(
    'UPDATE memberships SET last_active_at = ?, updated_at = ?, version = version + 1 WHERE organization_id = ? AND id = ?',
  );
  const advance: Statement = db.prepare(
    'UPDATE audit_heads SET seq = ?, hash = ? WHERE organization_id = ? AND seq = ?',
  );
  let seq = headOf(db, organization);
  return {
    begin: (fresh: Changes): void => pending.insert(fresh),
    complete(fresh: Changes, handleHash: unknown, auditHashes: readonly string[]): void {
      const now = Date.now();
      consume.run(handleHash);
      mark.run(now, now, organization, member);
      session.insert(fresh);
      for (const [index, entryHash] of auditHashes.entries()) {
        event.insert({ id: newId('aud', now), seq: seq + 1, hash: entryHash, salt: `${index}${seq}` });
        outbox.insert({ id: newId('evt', now) });
        seq += 1;
      }
      // Once a commit, as the gateway moves it.
      advance.run(seq, auditHashes.at(-1) ?? '', organization, seq - auditHashes.length);
    },
  };
}

/** The number of the last audit row; ids within one millisecond are in no order. */
function headOf(db: Database.Database, organization: unknown): number {
  const head: unknown = db
    .prepare('SELECT seq FROM audit_heads WHERE organization_id = ?')
    .pluck()
    .get(organization);
  if (typeof head !== 'number') throw new Error('Nothing has been audited.');
  return head;
}

interface Begun {
  readonly row: Changes & { readonly handle_hash: string };
  readonly secrets: readonly [handle: string, binding: string];
}

/** With the gateway's own ways to seal and to hash, which are thin around Node's. */
function signInCrypto() {
  const [sealer, hashToken] = [createSealer(randomBytes(32)), createTokenHasher(randomBytes(32))];
  const place = { organizationId: 'org_bench', field: 'secret' };
  const clientSecret = sealer.seal('secret-of-the-bench', place);
  const isGenuine = idTokenCheck();
  const sealed = () => sealer.seal(randomBytes(32).toString('base64url'), place);
  return {
    begin(): Begun {
      const [handle, binding] = [newToken('ghr'), newToken('ghb')];
      const verifier = randomBytes(32).toString('base64url');
      createHash('sha256').update(verifier).digest('base64url');
      const row = {
        ...{ id: newId('sin', Date.now()), nonce: sealed(), code_verifier: sealer.seal(verifier, place) },
        ...{ handle_hash: hashToken(handle), binding_hash: hashToken(binding) },
      };
      return { row, secrets: [handle, binding] };
    },
    complete({ row, secrets }: Begun) {
      for (const secret of secrets) hashToken(secret);
      for (const value of [row.nonce, row.code_verifier, clientSecret]) sealer.open(String(value), place);
      const session = { id: newId('ses', Date.now()), token_hash: hashToken(newToken('ghs')) };
      sealed();
      const auditHashes = Array.from({ length: CHANGES }, () => auditHash());
      return { row: session, auditHashes, isGenuine: isGenuine() };
    },
  };
}

/** What is personal, salted, and the row over it (S214, S217). */
const ABOUT = 'x'.repeat(300);
const auditHash = (): string =>
  hash(
    'sha256',
    hash('sha256', randomBytes(16).toString('base64url') + ABOUT, 'base64url') + ABOUT,
    'base64url',
  );

function idTokenCheck(): () => boolean {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = randomBytes(400);
  const signature = sign('sha256', signed, privateKey);
  return () => verify('sha256', signed, publicKey, signature);
}
