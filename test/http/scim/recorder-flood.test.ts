/** The recorder under a flood: what waits is seen by every reader, reached by an erasure, and stored when the gateway stops. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startGateway, type TestDirectory, type TestGateway } from '../../support/gateway.ts';
import { type ScimWorld, worldOf } from '../../support/scim-suite.ts';

let dataDir: string;
let gateway: TestGateway;
let world: ScimWorld;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-'));
  gateway = await startGateway({ dataDir });
  world = worldOf(gateway, await gateway.createDirectory(await gateway.createOrganization()));
});
afterEach(async () => {
  await gateway.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Look-ups, faster than a test could send them. */
function flood({ organizationId, directoryId }: TestDirectory, count: number, path = '/Users'): void {
  const nothing = { request: null, response: null, tolerances: [], unknownAttributes: [], change: null };
  for (let index = 0; index < count; index += 1)
    gateway.deps.recorder.add({
      ...{
        organizationId,
        directoryId,
        tokenName: 'test',
        replayOf: null,
        requestId: 'flood',
        method: 'GET',
      },
      ...{ path, ms: 1, status: 200, failure: null, at: gateway.clock.now(), ...nothing },
    });
}

const read = async (
  query: string,
): Promise<readonly { readonly path: string; readonly method: string }[]> => {
  const answer = await gateway
    .request()
    .get(`/api/v1/organizations/${world.organizationId}/recorder${query}`)
    .set('Authorization', `Bearer ${gateway.operatorKey}`);
  expect(answer.status).toBe(200);
  return answer.body.items;
};

const stored = () => gateway.storage.recorderEntries.list(world.organizationId, {}, { limit: 10_000 });

test('a failure is read after ten thousand look-ups, and so is the request of a moment ago; 1,400 and it are stored', async () => {
  expect((await world.scim.post('/Users', { userName: '' })).status).toBe(400);
  gateway.clock.advance(1);
  flood(world, 10_000);
  gateway.clock.advance(1);
  expect((await world.scim.get('/Groups?count=1')).status).toBe(200);
  expect(await read('?limit=1')).toMatchObject([{ method: 'GET', path: '/Groups?count=1' }]);
  expect(await read('?outcome=failed')).toMatchObject([{ method: 'POST', path: '/Users' }]);
  expect(await stored()).toHaveLength(1401);
  expect(gateway.deps.recorder.dropped()).toBe(0);
});

test('S217: an erasure reaches what still waits', async () => {
  const address = 'canary@acme.example';
  const id = await world.addUser({ userName: address, emails: [{ value: address, primary: true }] });
  const [membership] = await gateway.storage.memberships.listByEmail(world.organizationId, address);
  expect((await world.scim.delete(`/Users/${id}`)).status).toBe(204);
  flood(world, 300, `/Users?filter=${encodeURIComponent(`userName eq "${address}"`)}`);
  flood(world, 1);
  const answer = await gateway
    .request()
    .post('/api/v1/audit-erasures')
    .set('Authorization', `Bearer ${gateway.operatorKey}`)
    .send({ organization: world.organizationId, member: membership?.id, emails: [address] });
  expect([answer.status, answer.body.recordings]).toEqual([200, 302]);
  await gateway.deps.recorder.flush();
  expect((await stored()).map(({ path }) => path)).toEqual(['/Users']);
});

test('what waits when the gateway stops is there when it starts again', async () => {
  flood(world, 300);
  await gateway.close();
  gateway = await startGateway({ dataDir });
  expect(await stored()).toHaveLength(300);
});
