/** A roll-back undoes what the switch and the directory did to members, and nothing that people did by hand since. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Membership } from '../../../src/core/entities/people.ts';
import { type CutoverStage, cutoverStage } from '../../support/cutover-stage.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { patchOf } from '../../support/scim.ts';

let gateway: TestGateway;
let staged: CutoverStage;
/** In the directory. */
let bob: Membership;
/** Not in the directory. */
let zoe: Membership;
let bobPushed: string;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const at = (name: string) => `${name}@${staged.organization.slug}.example`;

beforeEach(async () => {
  staged = await cutoverStage(gateway);
  await staged.addMember(at('ada'), { role: 'owner' });
  bob = await staged.addMember(at('bob'), { role: 'admin' });
  zoe = await staged.addMember(at('zoe'), { role: 'admin' });
  await staged.push(at('ada'));
  bobPushed = await staged.push(at('bob'));
  const { reportHash } = (await staged.api.get('/cutover')).body;
  const { status } = await staged.api.post('/cutover', { reportHash, unmatched: 'suspend' });
  expect(status).toBe(200);
});

async function send(method: 'post' | 'put' | 'patch' | 'delete', path: string, body: object = {}) {
  gateway.clock.advance(10);
  const answer = await gateway
    .request()
    [method](`/api/v1/organizations/${staged.organization.id}${path}`)
    .set('Authorization', `Bearer ${gateway.operatorKey}`)
    .send(body);
  expect([path, answer.status < 300]).toEqual([path, true]);
  return answer.body;
}

const change = (member: Membership, body: object) => send('patch', `/members/${member.id}`, body);

async function byDirectory(what: 'removes' | 'deactivates' | 'pushes'): Promise<void> {
  gateway.clock.advance(10);
  const path = `/Users/${bobPushed}`;
  if (what === 'pushes') bobPushed = await staged.push(at('bob'));
  if (what === 'removes') await staged.shadow.scim.delete(path);
  if (what === 'deactivates')
    await staged.shadow.scim.patch(path, patchOf({ op: 'replace', value: { active: false } }));
}

async function rolledBack(member: Membership) {
  gateway.clock.advance(10);
  const { body } = await staged.api.post('/cutover/rollback', {});
  expect(body.status).toBe('rolled_back');
  return gateway.storage.memberships.find(staged.organization.id, member.id);
}

test('whom the switch suspended, and an admin after bringing them back: stays suspended', async () => {
  await change(zoe, { status: 'active' });
  await change(zoe, { status: 'suspended' });
  expect(await rolledBack(zoe)).toMatchObject({ status: 'suspended', orgRole: 'admin' });
});

test('whom the switch suspended: returns, and stays when an admin had brought them back', async () => {
  await change(zoe, { status: 'active' });
  expect(await rolledBack(zoe)).toMatchObject({ status: 'active', orgRole: 'admin' });
});

test('whom an admin suspended stays suspended, whatever the directory did with them after', async () => {
  await change(bob, { status: 'suspended' });
  await byDirectory('deactivates');
  expect(await rolledBack(bob)).toMatchObject({ status: 'suspended', source: 'manual' });
});

test.each([
  ['removed', ['removes']],
  ['removed, and pushed again', ['removes', 'pushes']],
] as const)('whom an admin suspended and the directory %s: stays suspended', async (_what, moves) => {
  await change(bob, { status: 'suspended' });
  for (const move of moves) await byDirectory(move);
  expect(await rolledBack(bob)).toMatchObject({ status: 'suspended', orgRole: 'admin' });
});

test('whom the directory removed and pushed again has the role given by hand since, not the one of before', async () => {
  await byDirectory('removes');
  await byDirectory('pushes');
  await change(bob, { orgRole: 'viewer' });
  expect(await rolledBack(bob)).toMatchObject({ orgRole: 'viewer', status: 'active', source: 'manual' });
});

test.each([
  ['nothing more', []],
  ['a push', ['pushes']],
  ['a push and another removal', ['pushes', 'removes']],
] as const)(
  'a role given by hand before the directory removed the person: stays, after %s',
  async (_what, moves) => {
    const team = await send('post', '/teams', { name: 'Red' });
    await send('put', `/teams/${team.id}/members/${bob.id}`, { role: 'admin' });
    await change(bob, { orgRole: 'viewer' });
    await byDirectory('removes');
    for (const move of moves) await byDirectory(move);
    expect(await rolledBack(bob)).toMatchObject({ orgRole: 'viewer' });
    const teams = await gateway.storage.teamMembers.listByMemberships(staged.organization.id, [bob.id]);
    expect(teams).toMatchObject([{ teamId: team.id, role: 'admin' }]);
  },
);

test('a role in a team given by hand since stands in place of the one of before; roles elsewhere come back', async () => {
  const team = await send('post', '/teams', { name: 'Blue' });
  await send('put', `/teams/${team.id}/members/${bob.id}`, { role: 'owner' });
  await byDirectory('removes');
  await byDirectory('pushes');
  await send('put', `/teams/${team.id}/members/${bob.id}`, { role: 'member' });
  expect(await rolledBack(bob)).toMatchObject({ orgRole: 'admin' });
  const teams = await gateway.storage.teamMembers.listByMemberships(staged.organization.id, [bob.id]);
  expect(teams).toMatchObject([{ teamId: team.id, role: 'member' }]);
});

test.each([
  ['is no member', []],
  ['is no member, although the directory pushed them again', ['pushes']],
] as const)('whom people removed while the directory was off %s', async (_what, moves) => {
  const directory = `/directories/${staged.shadow.directoryId}`;
  await send('patch', directory, { status: 'disabled' });
  await send('delete', `/members/${bob.id}`);
  await send('patch', directory, { status: 'active' });
  for (const move of moves) await byDirectory(move);
  expect(await rolledBack(bob)).toBeUndefined();
});
