/** kill -9 in the middle of a Bulk: whole operations or none, and sending it again completes it. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { type BulkAnswer, bulkOf, postUser } from '../support/bulk.ts';
import { findFreePort } from '../support/free-port.ts';
import { endChild, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';

const SIZE = 1000;
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-crash-'));
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) await endChild(child, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** When it is to die: at the so manieth person that it adds. */
interface Death {
  readonly at: number;
  readonly when: 'inserted' | 'before-commit' | 'after-commit';
}

const DEATHS: readonly Death[] = [
  { at: 50, when: 'after-commit' },
  { at: 250, when: 'inserted' },
  { at: 400, when: 'before-commit' },
];

async function start(port: number, death?: Death): Promise<GatewayProcess> {
  const env = { DIES_INSERTING: 'directory_users', DIES_AT: `${death?.at}`, DIES_WHEN: `${death?.when}` };
  const dying = { preloads: [new URL('../support/dies-at.ts', import.meta.url).href], env };
  const gateway = await startGatewayProcess(port, join(folder, 'data'), death === undefined ? {} : dying);
  children.push(gateway.child);
  return gateway;
}

const member = (body: unknown, name: string): string =>
  typeof body === 'object' && body !== null ? String(Reflect.get(body, name)) : '';

/** What one operation leaves behind, counted in the store's own file. */
function storedCounts(): readonly unknown[] {
  const database = new Database(join(folder, 'data', 'gatehouse.db'), { readonly: true });
  const count = (sql: string): unknown => database.prepare(`SELECT count(*) FROM ${sql}`).pluck().get();
  const counts = [
    count('directory_users'),
    count('directory_users JOIN memberships ON memberships.id = directory_users.membership_id'),
    count("audit_events WHERE type = 'directory_user.created'"),
    count("outbox WHERE type = 'directory_user.created'"),
  ];
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  database.close();
  return counts;
}

describe('R1, R2: kill -9 in the middle of a Bulk of 1000', () => {
  test('after every kill the operations done are whole; the Bulk sent again does the rest', async () => {
    const port = await findFreePort();
    let gateway = await start(port, DEATHS[0]);
    const organization = member(
      await gateway.call('POST', '/api/v1/organizations', { body: { name: 'Acme' } }),
      'id',
    );
    const directories = `/api/v1/organizations/${organization}/directories`;
    const directory = member(await gateway.call('POST', directories, { body: { kind: 'generic' } }), 'id');
    const token = member(
      await gateway.call('POST', `${directories}/${directory}/tokens`, { body: { name: 'crash' } }),
      'token',
    );
    const scim = `/scim/v2/${directory}`;
    const request = bulkOf(Array.from({ length: SIZE }, (_, index) => postUser(`user${index}`)));
    const total = async () =>
      Number(member(await gateway.call('GET', `${scim}/Users?count=0`, { token }), 'totalResults'));

    let before = 0;
    for (const [index, { at, when }] of DEATHS.entries()) {
      const sent = gateway.call('POST', `${scim}/Bulk`, { body: request, token });
      await expect(sent).rejects.toThrow();
      await endChild(gateway.child, 'SIGKILL');
      gateway = await start(port, DEATHS[index + 1]);
      const [users, ...others] = storedCounts();
      if (when === 'after-commit') expect(Number(users)).toBeGreaterThanOrEqual(before + at);
      else expect(Number(users)).toBeLessThan(before + at);
      expect(Number(users)).toBeGreaterThan(before);
      expect(others).toEqual([users, users, users]);
      expect(await total()).toBe(users);
      before = Number(users);
    }

    const answer = await gateway.call('POST', `${scim}/Bulk`, { body: request, token });
    const operations: readonly BulkAnswer[] = Reflect.get(Object(answer), 'Operations');
    expect(operations.filter(({ status }) => !['201', '409'].includes(status))).toEqual([]);
    expect(storedCounts()).toEqual([SIZE, SIZE, SIZE, SIZE]);
  });
});
