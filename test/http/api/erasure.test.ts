/** Somebody who has left and wants to be forgotten: no table and no byte of the file knows them any more (S217). */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { aSignInAttempt } from '../../support/attempt-builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { tablesThatKnow } from '../../support/journal-rows.ts';
import { aScimUser, patchOf } from '../../support/scim.ts';
import { worldOf } from '../../support/scim-suite.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const CANARY = 'canary.7f3a';
const ADDRESS = `${CANARY}@acme.example`;
/** `@` as JSON lets an identity provider spell it. */
const ESCAPED = `{"userName":"${CANARY.replace('.', '\\u002e')}\\u0040acme.example"}`;

/** The file as it lies on the disk, once the log beside it has been written back. */
function fileOf({ path }: TestGateway): string {
  const database = new Database(path);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return readFileSync(path, 'latin1');
}

test('S217: recorded pushes and sign-ins, the history and the file itself lose a person who is erased; others stay', async () => {
  const organization = await gateway.createOrganization();
  const world = worldOf(gateway, await gateway.createDirectory(organization));
  const { scim, directoryId } = world;
  const name = { displayName: 'Canary.7F3A Person', externalId: `x-${CANARY}` };
  const id = await world.addUser({ userName: ADDRESS, emails: [{ value: ADDRESS, primary: true }], ...name });
  const [membership] = await gateway.storage.memberships.listByEmail(organization.id, ADDRESS);
  const member = membership?.id;
  const kept = await world.addUser({ userName: 'stays@acme.example' });
  await scim.get(`/Users?filter=${encodeURIComponent(`userName eq "${ADDRESS}"`)}`);
  await scim.post('/Users', ESCAPED);
  await scim.patch(`/Users/${id}`, patchOf({ op: 'replace', path: 'active', value: false }));
  await world.addGroup({ displayName: 'Red', members: [{ value: id }, { value: kept }] });
  await scim.put(`/Users/${id}`, aScimUser({ userName: ADDRESS, ...name, nonsense: 'x'.repeat(9000) }));
  const facts = [{ name: 'email', values: [ADDRESS.toUpperCase()], count: 1, isVerified: true }];
  const attempt = aSignInAttempt(organization.id, { facts });
  await gateway.storage.transact((tx) => tx.signInAttempts.append(organization.id, [attempt]));
  expect((await scim.delete(`/Users/${id}`)).status).toBe(204);
  await gateway.deps.recorder.flush();
  const before = tablesThatKnow(gateway.path, CANARY);
  expect(before).toMatchObject({ recorder_entries: expect.any(Number), past_values: expect.any(Number) });
  expect(fileOf(gateway)).toContain(CANARY);
  const { status, body } = await gateway
    .request()
    .post('/api/v1/audit-erasures')
    .set('Authorization', `Bearer ${gateway.operatorKey}`)
    .send({ organization: organization.id, member, emails: [ADDRESS] });
  expect([status, body.recordings >= 7]).toEqual([200, true]);
  expect(tablesThatKnow(gateway.path, CANARY)).toEqual({});
  expect(Object.keys(tablesThatKnow(gateway.path, id)).sort()).toEqual(['audit_events', 'outbox']);
  expect(fileOf(gateway).toLowerCase()).not.toContain(CANARY);
  const left = await gateway.storage.recorderEntries.list(organization.id, { directoryId }, { limit: 50 });
  expect(left.map(({ path }) => path)).toEqual(['/Users']);
});
