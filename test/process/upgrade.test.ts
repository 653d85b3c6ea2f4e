/** A store of an earlier version under a real process: what its first start owes the people in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { findFreePort } from '../support/free-port.ts';
import { endChild, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-upgrade-'));
const running: GatewayProcess[] = [];
afterAll(async () => {
  for (const { child } of running) await endChild(child, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(await findFreePort(), folder);
  running.push(gateway);
  return gateway;
}

/** As an earlier version left it: a plan of one team, and nobody placed in the team by it. */
function makeOld(): void {
  const database = new Database(join(folder, 'gatehouse.db'));
  database.prepare("UPDATE organizations SET plan_teams = 'one'").run();
  expect(database.prepare("DELETE FROM installation WHERE key = 'default-teams.settled'").run().changes).toBe(
    1,
  );
  database.close();
}

const MEMBERS = '/api/v1/organizations/acme/members';

test('the first start of this version puts everybody into the one team of their plan', async () => {
  const before = await start();
  await before.call('POST', '/api/v1/organizations', { body: { name: 'Acme', slug: 'acme' } });
  const invitation = { email: 'ada@example.com', delivery: 'link' };
  const { url } = (await before.call('POST', '/api/v1/organizations/acme/invitations', {
    body: invitation,
  })) as {
    url: string;
  };
  const person = { name: 'Ada', password: 'a sentence nobody guesses' };
  await before.call('POST', `/api/v1/invitations/${url.split('/').at(-1)}/accept`, { body: person });
  expect(await before.call('GET', MEMBERS)).toMatchObject({ items: [{ name: 'Ada', teams: [] }] });
  await endChild(before.child, 'SIGTERM');
  makeOld();
  const after = await start();
  expect(await after.call('GET', MEMBERS)).toMatchObject({
    items: [{ name: 'Ada', teams: [{ role: 'member' }] }],
  });
});
