/** A directory that is switched off or removed: its people are normal members, and invitations work again. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CutoverStage, cutoverStage } from '../../support/cutover-stage.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { patchOf } from '../../support/scim.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Ada owns it by hand and is adopted, Bob and Nick (inactive) are pushed; Bob is in a group of admins. */
async function stage(wishes: Parameters<typeof cutoverStage>[1] = {}) {
  const staged = await cutoverStage(gateway, wishes);
  const { organization, addMember, push, shadow, api } = staged;
  const at = (name: string) => `${name}@${organization.slug}.example`;
  const send = (method: 'get' | 'post' | 'patch' | 'delete', path: string, body?: object) => {
    const url = `/api/v1/organizations/${organization.id}${path}`;
    const request = gateway.request()[method](url).set('Authorization', `Bearer ${gateway.operatorKey}`);
    return body === undefined ? request : request.send(body);
  };
  await addMember(at('ada'), { role: 'owner' });
  const users = {
    ada: await push(at('ada')),
    bob: await push(at('bob')),
    nick: await push(at('nick'), { active: false }),
  };
  const group = await shadow.addGroup({ displayName: 'Admins', members: [{ value: users.bob }] });
  await send('post', '/group-mappings', {
    match: { groupId: group },
    grants: [{ scope: 'org', role: 'admin' }],
  });
  const { reportHash } = (await api.get('/cutover')).body;
  expect((await api.post('/cutover', { reportHash, unmatched: 'keep' })).status).toBe(200);
  const memberId = async (name: string) => (await staged.memberOf(at(name)))?.id;
  return { ...staged, users, at, send, memberId };
}

const invite = (staged: Awaited<ReturnType<typeof stage>>) =>
  staged.send('post', '/invitations', { email: staged.at('pat'), role: 'member', delivery: 'link' });

/** Switched off or removed: what it is called, and how. */
const WAYS: readonly (readonly [string, (stage: CutoverStage) => Promise<unknown>])[] = [
  ['PATCH disabled', ({ api }) => api.patch('', { status: 'disabled' })],
  ['DELETE ?grants=keep', ({ api }) => api.delete('?grants=keep')],
  ['DELETE ?grants=drop', ({ api }) => api.delete('?grants=drop')],
];

describe.each(WAYS)('%s', (way, off) => {
  test('S140: people stay members, the owner owner, signed out; invitations work again', async () => {
    const staged = await stage();
    expect((await invite(staged)).body.code).toBe('invitations_disabled');
    const bob = await staged.memberOf(staged.at('bob'));
    if (bob === undefined) throw new Error('no Bob');
    const isIn = await staged.signIn(bob);
    await off(staged);
    expect(await isIn()).toBe(false);
    expect(await staged.memberOf(staged.at('ada'))).toMatchObject({ orgRole: 'owner', status: 'active' });
    const role = way.endsWith('drop') ? 'member' : 'admin';
    expect(await staged.memberOf(staged.at('bob'))).toMatchObject({ orgRole: role, status: 'active' });
    const invited = await invite(staged);
    expect(invited.status).toBe(201);
    const accepted = await gateway
      .request()
      .post(`/api/v1/invitations/${invited.body.url.split('/').at(-1)}/accept`)
      .send({ name: 'Pat', password: 'a sentence nobody guesses' });
    expect(accepted.status).toBeLessThan(300);
    const owner = await staged.send('patch', `/members/${await staged.memberId('ada')}`, {
      status: 'suspended',
    });
    expect([owner.status, owner.body.code]).toEqual([409, 'last_owner']);
  });

  test('members are an admin’s to change: who was deactivated is let in, and anybody can be removed and invited', async () => {
    const staged = await stage();
    const nick = `/members/${await staged.memberId('nick')}`;
    expect((await staged.send('patch', nick, { status: 'active' })).body.code).toBe('role_from_directory');
    expect((await staged.send('delete', nick)).body.code).toBe('role_from_directory');
    await off(staged);
    expect((await staged.send('patch', nick, { status: 'active' })).body).toMatchObject({ status: 'active' });
    expect((await staged.send('delete', nick)).status).toBe(204);
    const again = await staged.send('post', '/invitations', {
      ...{ email: staged.at('nick'), role: 'member', delivery: 'link' },
    });
    expect(again.status).toBe(201);
  });
});

describe('DELETE', () => {
  test('people are there by hand from then on, and who still waited to be told from a member is gone', async () => {
    const staged = await stage();
    await staged.api.patch('', { adoption: 'queue' });
    await staged.addMember(staged.at('kim'));
    await staged.push(staged.at('kim'));
    const count = async () => (await staged.send('get', '/members?limit=200')).body.items;
    expect(await count()).toHaveLength(5);
    await staged.api.delete('?grants=keep');
    const members: readonly { source: string; email: string }[] = await count();
    expect(members.map(({ source }) => source)).toEqual(members.map(() => 'manual'));
    expect(members.filter(({ email }) => email === staged.at('kim'))).toHaveLength(1);
  });
});

describe('switched on again', () => {
  test('whom the directory keeps out is out again, whom an admin removed comes back when pushed', async () => {
    const staged = await stage();
    const { api, send, memberId, shadow, users, at, memberOf } = staged;
    await api.patch('', { status: 'disabled' });
    await send('patch', `/members/${await memberId('nick')}`, { status: 'active' });
    const before = await memberId('bob');
    expect((await send('delete', `/members/${before}`)).status).toBe(204);
    expect((await api.patch('', { status: 'active' })).status).toBe(200);
    expect(await memberOf(at('nick'))).toMatchObject({ status: 'suspended' });
    const renamed = await shadow.scim.patch(
      `/Users/${users.bob}`,
      patchOf({ op: 'replace', value: { active: true } }),
    );
    expect(renamed.status).toBe(404);
    await staged.push(at('bob'));
    expect(await memberOf(at('bob'))).toMatchObject({ id: before, orgRole: 'member', status: 'active' });
  });

  test('S140: refused when it would keep the only owner out', async () => {
    const staged = await stage();
    const { api, send, memberId, shadow, users } = staged;
    await send('patch', `/members/${await memberId('bob')}`, { orgRole: 'owner' });
    await shadow.scim.patch(`/Users/${users.ada}`, patchOf({ op: 'replace', value: { active: false } }));
    await api.patch('', { status: 'disabled' });
    await send('patch', `/members/${await memberId('ada')}`, { status: 'active' });
    await send('delete', `/members/${await memberId('bob')}`);
    const { status, body } = await api.patch('', { status: 'active' });
    expect([status, body.code]).toEqual([409, 'last_owner']);
    expect((await api.get('')).body.status).toBe('disabled');
  });
});
