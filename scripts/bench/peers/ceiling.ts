/**
 * Not a SCIM server: the least work on the same stack that can answer the bench. Express 5, durable better-sqlite3, one
 * statement per request, members in a table of their own; no validation, no tenants, no audit, no hashed tokens.
 */
import { randomUUID } from 'node:crypto';
import Database from 'better-sqlite3';
import express, { type Request, type Response } from 'express';

const db = new Database(process.env.BENCH_FILE ?? '');
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
// `seq` has no gaps, so that an offset is a seek; the total is kept, not counted.
db.exec(`
  CREATE TABLE users (seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, user_name TEXT UNIQUE NOT NULL, external_id TEXT, document TEXT NOT NULL);
  CREATE INDEX users_by_external_id ON users (external_id);
  CREATE TABLE teams (seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL);
  CREATE INDEX teams_by_name ON teams (name);
  CREATE TABLE members (team INTEGER NOT NULL, user TEXT NOT NULL, PRIMARY KEY (team, user)) WITHOUT ROWID;
  CREATE TABLE totals (name TEXT PRIMARY KEY, total INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO totals VALUES ('users', 0);
  CREATE TRIGGER users_counted AFTER INSERT ON users BEGIN UPDATE totals SET total = total + 1 WHERE name = 'users'; END;
`);

const insertUser = db.prepare<string[]>(
  'INSERT INTO users (id, user_name, external_id, document) VALUES (?, ?, ?, ?)',
);
const updateUser = db.prepare<string[]>('UPDATE users SET document = ? WHERE id = ?');
const userById = db.prepare<string[], string>('SELECT document FROM users WHERE id = ?').pluck();
const userByName = db.prepare<string[], string>('SELECT document FROM users WHERE user_name = ?').pluck();
const userByExternalId = db
  .prepare<string[], string>('SELECT document FROM users WHERE external_id = ?')
  .pluck();
const userPage = db
  .prepare<number[], string>('SELECT document FROM users WHERE seq >= ? ORDER BY seq LIMIT ?')
  .pluck();
const userTotal = db.prepare<[], number>("SELECT total FROM totals WHERE name = 'users'").pluck();
const insertTeam = db.prepare<string[]>('INSERT INTO teams (id, name, document) VALUES (?, ?, ?)');
const teamById = db.prepare<string[], { seq: number; document: string }>(
  'SELECT seq, document FROM teams WHERE id = ?',
);
const teamByName = db.prepare<string[], string>('SELECT document FROM teams WHERE name = ?').pluck();
const addMember = db.prepare<[number, string]>('INSERT OR IGNORE INTO members VALUES (?, ?)');
const removeMember = db.prepare<[number, string]>('DELETE FROM members WHERE team = ? AND user = ?');
const memberIds = db.prepare<number[], string>('SELECT user FROM members WHERE team = ?').pluck();

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

function send(res: Response, status: number, text: string): void {
  res.statusCode = status;
  res.setHeader('content-type', 'application/scim+json');
  res.end(text);
}

function sendList(res: Response, documents: readonly string[], total: number): void {
  send(
    res,
    200,
    `{"schemas":["${LIST}"],"totalResults":${total},"itemsPerPage":${documents.length},"Resources":[${documents.join(',')}]}`,
  );
}

const only = (document: string | undefined) => (document === undefined ? [] : [document]);
const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

function createUser(body: { userName: string; externalId: string }): { id: string; document: string } {
  const id = randomUUID();
  const now = new Date().toISOString();
  const meta = { resourceType: 'User', created: now, lastModified: now, location: `/scim/v2/Users/${id}` };
  const document = JSON.stringify({ ...body, id, meta });
  insertUser.run(id, body.userName, body.externalId, document);
  return { id, document };
}

function listUsers(req: Request, res: Response): void {
  const [, attribute, value] = /^(\w+) eq "(.*)"$/.exec(textOf(req.query.filter)) ?? [];
  if (value !== undefined) {
    const documents = only((attribute === 'userName' ? userByName : userByExternalId).get(value));
    sendList(res, documents, documents.length);
    return;
  }
  const startIndex = Number(req.query.startIndex ?? 1);
  sendList(res, userPage.all(startIndex, Number(req.query.count ?? 100)), userTotal.get() ?? 0);
}

function patchUser(req: Request<{ id: string }>, res: Response): void {
  const user = JSON.parse(userById.get(req.params.id) ?? '{"meta":{}}');
  for (const { path, value } of req.body.Operations) user[path] = value;
  user.meta.lastModified = new Date().toISOString();
  const document = JSON.stringify(user);
  updateUser.run(document, user.id);
  send(res, 200, document);
}

const patchTeam = db.transaction((team: number, operations: readonly MemberOperation[]) => {
  for (const { op, path, value } of operations) {
    const named = /value eq "(.*)"\]/.exec(path)?.[1];
    const ids = named === undefined ? value.map((member) => member.value) : [named];
    for (const id of ids) (op.toLowerCase() === 'add' ? addMember : removeMember).run(team, id);
  }
});

interface MemberOperation {
  readonly op: string;
  readonly path: string;
  readonly value: readonly { readonly value: string }[];
}

const createUsers = db.transaction(
  (operations: readonly { bulkId: string; data: Parameters<typeof createUser>[0] }[]) =>
    operations.map(({ bulkId, data }) => ({
      method: 'POST',
      bulkId,
      status: '201',
      location: `/scim/v2/Users/${createUser(data).id}`,
    })),
);

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use((req, res, next) =>
  req.headers.authorization === `Bearer ${process.env.BENCH_BEARER}` ? next() : send(res, 401, '{}'),
);
app.use(express.json({ type: () => true, limit: '8mb' }));
app.post('/scim/v2/Users', (req, res) => send(res, 201, createUser(req.body).document));
app.get('/scim/v2/Users', listUsers);
app.get('/scim/v2/Users/:id', (req, res) => {
  const document = userById.get(req.params.id);
  send(res, document === undefined ? 404 : 200, document ?? '{}');
});
app.patch('/scim/v2/Users/:id', patchUser);
app.post('/scim/v2/Groups', (req, res) => {
  const id = randomUUID();
  const document = JSON.stringify({ ...req.body, id });
  insertTeam.run(id, req.body.displayName, document);
  send(res, 201, document);
});
app.get('/scim/v2/Groups', (req, res) => {
  const documents = only(teamByName.get(/eq "(.*)"$/.exec(textOf(req.query.filter))?.[1] ?? ''));
  sendList(res, documents, documents.length);
});
app.get('/scim/v2/Groups/:id', (req, res) => {
  const team = teamById.get(req.params.id);
  if (team === undefined) return send(res, 404, '{}');
  if (req.query.excludedAttributes === 'members') return send(res, 200, team.document);
  const members = memberIds.all(team.seq).map((id) => `{"value":"${id}"}`);
  send(res, 200, `${team.document.slice(0, -1)},"members":[${members.join(',')}]}`);
});
app.patch('/scim/v2/Groups/:id', (req, res) => {
  const team = teamById.get(req.params.id);
  if (team === undefined) return send(res, 404, '{}');
  patchTeam.immediate(team.seq, req.body.Operations);
  res.statusCode = 204;
  res.end();
});
app.get('/scim/v2/ServiceProviderConfig', (_req, res) =>
  send(res, 200, '{"bulk":{"supported":true,"maxOperations":1000}}'),
);
app.post('/scim/v2/Bulk', (req, res) => {
  const Operations = createUsers.immediate(req.body.Operations);
  send(
    res,
    200,
    JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'], Operations }),
  );
});
app.listen(Number(process.env.BENCH_PORT), '127.0.0.1');
