/** Brings a store to the schema of this program, and refuses to serve one whose schema is any other. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import Database, { type Database as Connection } from 'better-sqlite3';
import type { Clock } from '../../kernel/clock.ts';
import { APPLICATION_ID } from './connect.ts';
import { cannotOpen } from './files.ts';

/** One numbered step; never edited once released, because stores remember its checksum. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  /** SHA-256 of `text`, hex. */
  readonly checksum: string;
}

const FOLDER = new URL('./migrations/', import.meta.url);

const CREATE_LEDGER = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    number INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL
  ) STRICT`;

/** The migrations of this program, in order: `migrations/NNNN-name.sql`, numbered from 1 without gaps. */
export function readMigrations(): readonly Migration[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.sql'));
  return files.sort().map((file, index) => {
    const match = /^(\d{4})-([a-z0-9-]+)\.sql$/.exec(file);
    if (Number(match?.[1]) !== index + 1) throw cannotOpen(`Migration ${file} is out of order.`);
    const text = readFileSync(new URL(file, FOLDER), 'utf8');
    const checksum = createHash('sha256').update(text).digest('hex');
    return { number: index + 1, name: match?.[2] ?? '', text, checksum };
  });
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

function readApplied(connection: Connection): readonly Applied[] {
  return connection
    .prepare<[], Applied>('SELECT number, name, checksum FROM schema_migrations ORDER BY number')
    .all();
}

/** The first reason not to serve this store; undefined when what was applied is a beginning of what is known. */
function refusal(applied: readonly Applied[], known: readonly Migration[]): string | undefined {
  const last = applied.at(-1)?.number ?? 0;
  if (last > known.length) {
    return `has schema ${last}, this Gatehouse knows ${known.length}: start the newer version that wrote it, or restore a backup`;
  }
  const changed = applied.find(({ number, checksum }) => known[number - 1]?.checksum !== checksum);
  if (changed === undefined) return undefined;
  return `was made by another text of migration ${changed.number} (${changed.name}): start the version that wrote it`;
}

function apply(connection: Connection, migration: Migration, clock: Clock): void {
  const remember = 'INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)';
  connection
    .transaction(() => {
      connection.exec(migration.text);
      const { number, name, checksum } = migration;
      connection.prepare(remember).run(number, name, checksum, clock());
    })
    .immediate();
}

/**
 * Applies the migrations that are missing, each in a transaction of its own, then compares every table, index and
 * trigger with what a new store would have (security catalogue R7, R17). Throws `storage_unavailable` naming the
 * store at `path` when it is newer than this program or differs.
 */
export function migrate(connection: Connection, path: string, clock: Clock): void {
  const known = readMigrations();
  connection
    .transaction(() => {
      connection.exec(CREATE_LEDGER);
      connection.pragma(`application_id = ${APPLICATION_ID}`);
    })
    .immediate();
  const applied = readApplied(connection);
  const reason = refusal(applied, known);
  if (reason !== undefined) throw cannotOpen(`The store at ${path} ${reason}.`);
  const missing = known.slice(applied.length);
  if (missing.length > 0) applyAll(connection, missing, { path, clock });
  requireSchema(connection, path, known);
}

/** A table that others refer to is made anew without taking them along; what refers to nothing afterwards is refused. */
function applyAll(
  connection: Connection,
  missing: readonly Migration[],
  { path, clock }: { readonly path: string; readonly clock: Clock },
): void {
  connection.pragma('foreign_keys = OFF');
  for (const migration of missing) apply(connection, migration, clock);
  const [broken] = connection.prepare<[], { table: string }>('PRAGMA foreign_key_check').all();
  connection.pragma('foreign_keys = ON');
  if (broken !== undefined)
    throw cannotOpen(`The store at ${path} holds rows of ${broken.table} that refer to nothing.`);
}

function schemaOf(connection: Connection): ReadonlyMap<string, string> {
  const rows = connection
    .prepare<[], { type: string; name: string; sql: string }>(
      "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .all();
  return new Map(rows.map(({ type, name, sql }) => [`${type} ${name}`, sql]));
}

function requireSchema(connection: Connection, path: string, known: readonly Migration[]): void {
  const model = new Database(':memory:');
  model.pragma('foreign_keys = OFF');
  model.exec(CREATE_LEDGER);
  for (const { text } of known) model.exec(text);
  const wanted = schemaOf(model);
  model.close();
  const found = schemaOf(connection);
  for (const name of new Set([...wanted.keys(), ...found.keys()])) {
    if (found.get(name) === wanted.get(name)) continue;
    const fault = found.has(name) ? (wanted.has(name) ? 'differs' : 'is unknown') : 'is missing';
    throw cannotOpen(`The store at ${path} does not have the schema of this Gatehouse: ${name} ${fault}.`);
  }
}
