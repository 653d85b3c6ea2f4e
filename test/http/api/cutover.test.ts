/** …/directories/{directory}/cutover: the report says what the switch would do, before anybody says yes. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import { cutoverStage } from '../../support/cutover-stage.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Ada owns it, Bob and Zoe are members; Ada, Bob, Eve (of a foreign domain) and Nick are pushed, Bob in a group of admins. */
async function stage(wishes: Parameters<typeof cutoverStage>[1] = {}) {
  const staged = await cutoverStage(gateway, wishes);
  const { organization, shadow, addMember, push } = staged;
  const domain = `${organization.slug}.example`;
  const at = (name: string) => `${name}@${domain}`;
  const members = {
    ada: await addMember(at('ada'), { role: 'owner' }),
    bob: await addMember(at('bob')),
    zoe: await addMember(at('zoe'), { role: 'admin' }),
    eve: await addMember(`eve@${organization.slug}-guests.example`),
  };
  const users = {
    ada: await push(at('ADA')),
    bob: await push(at('bob')),
    eve: await push(`eve@${organization.slug}-guests.example`),
    nick: await push(at('nick'), { active: false }),
  };
  const group = await shadow.addGroup({ displayName: 'Admins', members: [{ value: users.bob }] });
  const base = `/api/v1/organizations/${organization.id}`;
  const post = (path: string, body: object) =>
    gateway.request().post(`${base}${path}`).set('Authorization', `Bearer ${gateway.operatorKey}`).send(body);
  const grants = [{ scope: 'org', role: 'admin' }];
  expect((await post('/group-mappings', { match: { groupId: group }, grants })).status).toBe(201);
  return { ...staged, members, users, group, at, post };
}

describe('the report', () => {
  test('S117: people are counted by rule: members of proved domains are adopted, others are new people', async () => {
    const { api, organization, post, at } = await stage();
    const invitation = {
      email: at('late'),
      role: 'member',
      teams: [],
      resources: [],
      delivery: 'link',
    } as const;
    const caller = { kind: 'operator' } as const;
    await createInvitation(gateway.deps, {
      ...{ organizationId: organization.id, caller, cause: testCause, invitation },
    });
    expect((await post('/invitation-links', { role: 'member', expiresIn: '24h' })).status).toBe(201);
    const { status, body } = await api.get('/cutover');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      people: { total: 4, active: 3, adopt: 2, new: 2, waits: 0, refused: 0, gain: 1, lose: 0 },
      members: { total: 4, matched: 2, waiting: 0, elsewhere: 0, unmatched: 2 },
      voids: { invitations: 1, links: 1 },
      outcomes: {
        keep: { seats: { needed: 5, limit: null }, owners: 1, suspended: 0, blockers: [] },
        suspend: { seats: { needed: 3, limit: null }, owners: 1, suspended: 2, blockers: [] },
      },
    });
    const voids = (await api.get('/cutover/voids')).body.items;
    expect(voids.map(({ kind, email }: { kind: string; email: string }) => [kind, email])).toEqual([
      ['invitation', at('late')],
      ['link', null],
    ]);
  });

  test('S119: each person with the member they are, why, and the roles they gain; nobody by an unproved address', async () => {
    const { api, users, members } = await stage();
    const { body } = await api.get('/cutover/people?limit=200');
    const told = Object.fromEntries(body.items.map((item: { id: string }) => [item.id, item]));
    expect(told[users.ada]).toMatchObject({
      ...{ rule: 'adopt', reason: 'proved_address', status: 'active', orgRole: 'owner' },
      member: { id: members.ada.id, orgRole: 'owner' },
      ...{ gains: [], losses: [] },
    });
    expect(told[users.bob]).toMatchObject({
      ...{ rule: 'adopt', orgRole: 'admin', losses: [] },
      gains: [{ scope: 'org', before: 'member', after: 'admin' }],
    });
    expect(told[users.eve]).toMatchObject({
      ...{ rule: 'new', reason: 'unproved_address', member: { id: members.eve.id } },
    });
    expect(told[users.nick]).toMatchObject({ rule: 'new', reason: 'no_member', status: 'suspended' });
    const unmatched = (await api.get('/cutover/members?fate=unmatched')).body.items;
    expect(unmatched.map(({ id }: { id: string }) => id)).toEqual([members.zoe.id, members.eve.id]);
  });

  test('lists come in pages, filtered by rule and fate', async () => {
    const { api, users } = await stage();
    const first = (await api.get('/cutover/people?limit=3')).body;
    const second = (await api.get(`/cutover/people?limit=3&cursor=${first.nextCursor}`)).body;
    const ids = [...first.items, ...second.items].map(({ id }: { id: string }) => id);
    expect([ids, second.nextCursor]).toEqual([Object.values(users), null]);
    expect((await api.get('/cutover/people?rule=new')).body.items).toHaveLength(2);
    expect((await api.get('/cutover/people?rule=old')).status).toBe(422);
    expect((await api.get('/cutover/members?fate=matched')).body.items).toHaveLength(2);
  });

  test('queue and reject: who may be a member waits, or is refused and blocks', async () => {
    const queued = await stage({ adoption: 'queue' });
    const { body } = await queued.api.get('/cutover');
    expect(body.people).toMatchObject({ adopt: 0, new: 1, waits: 3 });
    expect(body.members).toMatchObject({ matched: 0, waiting: 3, unmatched: 1 });
    expect(body.outcomes.suspend).toMatchObject({ owners: 1, suspended: 1, blockers: [] });
    const rejecting = await stage({ adoption: 'reject' });
    const report = (await rejecting.api.get('/cutover')).body;
    expect(report.people).toMatchObject({ refused: 2, new: 2 });
    expect(report.outcomes.keep.blockers).toMatchObject([{ code: 'adoption_refused' }]);
  });

  test('S140, S167: blockers are named: no owner left, more people than seats, nobody pushed', async () => {
    const { api, shadow, users, push, at } = await stage({ plan: { preset: 'enterprise', seats: 4 } });
    const codes = async (choice: 'keep' | 'suspend') =>
      (await api.get('/cutover')).body.outcomes[choice].blockers.map(({ code }: { code: string }) => code);
    expect([await codes('keep'), await codes('suspend')]).toEqual([['seats_exhausted'], []]);
    await shadow.scim.delete(`/Users/${users.ada}`);
    expect(await codes('suspend')).toEqual(['last_owner']);
    await push(at('ada'), { active: false });
    expect(await codes('keep')).toEqual(['last_owner']);
    const empty = await cutoverStage(gateway);
    const { keep } = (await empty.api.get('/cutover')).body.outcomes;
    expect(keep.blockers).toMatchObject([{ code: 'nobody_pushed' }]);
  });

  test('the hash is that of the report: the same world, the same hash; another person, role or invitation, another', async () => {
    const { api, push, at, shadow, group, users } = await stage();
    const hash = async () => (await api.get('/cutover')).body.reportHash as string;
    const first = await hash();
    gateway.clock.advance(60_000);
    expect(await hash()).toBe(first);
    const seen = new Set([first]);
    await push(at('kim'));
    seen.add(await hash());
    await shadow.scim.patch(`/Groups/${group}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: [{ value: users.nick }] }],
    });
    seen.add(await hash());
    await api.patch('', { adoption: 'queue' });
    seen.add(await hash());
    expect(seen.size).toBe(4);
  });

  test('404: a directory that is no shadow has none', async () => {
    const organization = await gateway.createOrganization();
    const { directoryId } = await gateway.createDirectory(organization);
    const path = `/api/v1/organizations/${organization.id}/directories/${directoryId}/cutover`;
    const answer = await gateway.request().get(path).set('Authorization', `Bearer ${gateway.operatorKey}`);
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
  });
});
