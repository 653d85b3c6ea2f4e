/** Rules that disagree: settled by rank, by the highest, or refused; previewed, listed, put in order and mended by a draft. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { type Answer, type ApiWorld, type Person, type Sender, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let base = '';
let engineering = '';
let member = '';
let admin: Person;
beforeAll(async () => {
  world = await startApiWorld();
});
beforeEach(async () => {
  organization = await world.newOrganization();
  admin = await world.newPerson(organization, 'admin');
  const { group, users } = await pushGroup(world.gateway, organization, { count: 1 });
  base = `/organizations/${organization.id}`;
  engineering = group.id;
  member = users[0]?.membershipId ?? '';
});
afterAll(() => world.close());

const sendAs = (sender: Sender, request: string, body?: object): Promise<Answer> => {
  // Ids sort by age only when their times differ.
  world.gateway.clock.advance(1);
  return world.send(sender, request.replace(' ', ` ${base}`), body);
};
const send = (request: string, body?: object) => sendAs(world.operator, request, body);
const org = (role: string) => ({ scope: 'org', role });
const rule = async (role: string, match: object = { groupId: engineering }): Promise<string> =>
  (await send('post /group-mappings', { match, grants: [org(role)] })).body.id;
const policy = (conflictPolicy: string) => send('patch ', { conflictPolicy });
const roleNow = async () => (await send(`get /members/${member}`)).body.orgRole;
const conflicts = async () => (await send('get /role-conflicts')).body.items;
const order = (mappings: readonly string[], sender: Sender = world.operator) =>
  sendAs(sender, 'put /group-mappings/order', { mappings });
const reason = (mapping: string, role: string) => ({
  ...{ kind: 'directory_group', mapping, group: engineering, role },
});

describe('who wins', () => {
  test('highest: the rule that gives most, whatever the order', async () => {
    const [viewer, strong] = [await rule('viewer'), await rule('admin')];
    expect(await roleNow()).toBe('admin');
    await order([viewer, strong]);
    expect(await roleNow()).toBe('admin');
    expect(await conflicts()).toMatchObject([
      {
        id: member,
        conflicts: [
          {
            ...{ scope: 'org', status: 'settled', role: 'admin', winners: [reason(strong, 'admin')] },
            overruled: [{ ...reason(viewer, 'viewer'), why: 'weaker', text: 'Another rule gives more.' }],
          },
        ],
      },
    ]);
  });

  test('ranked: the first of the list, and another one when the list is put in another order', async () => {
    const [viewer, strong] = [await rule('viewer'), await rule('admin')];
    await policy('ranked');
    expect(await roleNow()).toBe('viewer');
    const [{ conflicts: told }] = await conflicts();
    expect(told).toMatchObject([
      {
        ...{ status: 'settled', role: 'viewer', winners: [reason(viewer, 'viewer')] },
        overruled: [
          {
            ...reason(strong, 'admin'),
            why: 'rank',
            text: 'A rule ahead of it in the order says otherwise.',
          },
        ],
      },
    ]);
    const answer = await order([strong, viewer]);
    expect(answer.body.items).toMatchObject([
      { id: strong, rank: 1 },
      { id: viewer, rank: 2 },
    ]);
    expect(await roleNow()).toBe('admin');
  });

  test('refuse: none of the rules, so what was given by hand or the default stays; listed until the rules agree', async () => {
    const [viewer, strong] = [await rule('viewer'), await rule('admin')];
    await policy('refuse');
    expect(await roleNow()).toBe('member');
    const overruled = [viewer, strong].map((mapping) => expect.objectContaining({ mapping, why: 'refused' }));
    expect((await conflicts())[0].conflicts).toEqual([
      { scope: 'org', status: 'refused', role: 'member', winners: [], overruled },
    ]);
    const { body: draft } = await send('post /mapping-drafts', {
      mappings: [{ id: strong, match: { groupId: engineering }, grants: [org('viewer')], rank: 1 }],
    });
    const { planHash, summary } = (await send(`get /mapping-drafts/${draft.id}/plan`)).body;
    expect(summary.counts.conflicts).toEqual({ before: 1, after: 0 });
    await send(`post /mapping-drafts/${draft.id}/apply`, { planHash });
    expect(await conflicts()).toEqual([]);
    expect(await roleNow()).toBe('viewer');
  });

  test('one rule for many people: page by page, each once', async () => {
    const { users } = await pushGroup(world.gateway, organization, { name: 'Ops', count: 3 });
    for (const role of ['viewer', 'member']) await rule(role, { groupName: 'Ops' });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body }: Answer = await send(`get /role-conflicts?limit=2&cursor=${cursor}`);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(users.map(({ membershipId }) => membershipId));
  });
});

describe('the preview names the winner, the losers, and why', () => {
  const preview = async (role: string, rank: number) =>
    (
      await send('post /group-mappings/preview', {
        ...{ match: { groupId: engineering }, grants: [org(role)], rank },
      })
    ).body.items;
  const ours = (role: string) => ({ mapping: 'map_preview', role });

  test('highest: the one that gives most', async () => {
    const first = await rule('viewer');
    const [{ gains }] = await preview('admin', 9);
    expect(gains).toMatchObject([
      {
        ...{ scope: 'org', before: 'viewer', after: 'admin', because: [ours('admin')] },
        ...{ wasBecause: [reason(first, 'viewer')] },
        overruled: [{ ...reason(first, 'viewer'), why: 'weaker' }],
      },
    ]);
  });

  test('ranked: the one ahead', async () => {
    await policy('ranked');
    const first = await rule('viewer');
    expect(await preview('admin', 9)).toEqual([]);
    const [{ gains }] = await preview('member', 0);
    expect(gains).toMatchObject([
      {
        ...{ before: 'viewer', after: 'member', because: [ours('member')] },
        overruled: [{ ...reason(first, 'viewer'), why: 'rank' }],
      },
    ]);
  });

  test('refuse: nobody wins', async () => {
    await policy('refuse');
    const first = await rule('viewer');
    const [{ gains }] = await preview('admin', 9);
    expect(gains[0]).toMatchObject({
      ...{ before: 'viewer', after: 'member', because: [{ kind: 'default' }] },
      overruled: [
        { ...reason(first, 'viewer'), why: 'refused' },
        { mapping: 'map_preview', role: 'admin', why: 'refused' },
      ],
    });
  });
});

describe('PUT order', () => {
  test.each<[string, (ids: string[]) => string[]]>([
    ['one is missing', ([first = '']) => [first]],
    ['one is named twice', ([first = '']) => [first, first]],
    ['one is of nobody', ([first = '']) => [first, newId('map', 1)]],
  ])('422: %s', async (_what, named) => {
    const ids = [await rule('viewer'), await rule('member')];
    const answer = await order(named(ids));
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'invalid', 'mappings']);
  });

  test('S147: an admin moves no rule that gives admin', async () => {
    const [viewer, strong, other] = [await rule('viewer'), await rule('admin'), await rule('member')];
    expect((await order([strong, viewer, other], admin)).status).toBe(403);
    await policy('ranked');
    expect((await order([strong, viewer, other], admin)).status).toBe(403);
    expect((await order([other, strong, viewer], admin)).status).toBe(200);
    expect(await roleNow()).toBe('member');
  });

  test('409: a red mapping test refuses', async () => {
    const ids = [await rule('viewer'), await rule('member')];
    await policy('ranked');
    const given = { groups: [engineering] };
    await send('post /mapping-tests', { name: 'A', given, expect: { orgRole: 'viewer' } });
    expect((await order(ids.toReversed())).body.code).toBe('mapping_test_failed');
    expect(await roleNow()).toBe('viewer');
  });
});
