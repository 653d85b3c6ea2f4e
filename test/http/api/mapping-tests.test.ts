/** /organizations/{org}/mapping-tests: kept, run, and the changes of rules they refuse. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { removeDirectoryGroup } from '../../../src/core/directory/directory-groups.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import type { DirectoryGroupId, DirectoryId } from '../../../src/kernel/ids.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { testCause } from '../../support/gateway.ts';
import { aMappingTest } from '../../support/mapping-test-builders.ts';
import { type Answer, type ApiWorld, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let pushed: Awaited<ReturnType<typeof pushGroup>>;
let base = '';
let team = '';
beforeAll(async () => {
  world = await startApiWorld();
});
beforeEach(async () => {
  organization = await world.newOrganization();
  pushed = await pushGroup(world.gateway, organization, { count: 1 });
  base = `/organizations/${organization.id}`;
  team = (await send(`post /teams`, { name: 'Red' })).body.id;
});
afterAll(() => world.close());

const send = (request: string, body?: object): Promise<Answer> =>
  world.send(world.operator, request.replace(' ', ` ${base}`), body);
const keep = async (given: object, expected: object, name = 'A'): Promise<string> => {
  // Ids sort by age only when their times differ.
  world.gateway.clock.advance(1);
  const made = await send('post /mapping-tests', { name, given, expect: expected });
  expect(made.status).toBe(201);
  return made.body.id;
};
const rule = async (match: object, grants: readonly object[], rank?: number): Promise<string> => {
  const made = await send('post /group-mappings', { match, grants, ...(rank === undefined ? {} : { rank }) });
  expect(made.status).toBe(201);
  return made.body.id;
};
const run = async () => (await send('post /mapping-tests/run')).body;
const org = (role: string) => ({ scope: 'org', role });
const resource = { type: 'chatbot', id: 'Support-1' };

describe('kept beside the rules', () => {
  test('201 says what comes out of it now: red before its rule, green after, and what it names', async () => {
    const wish = { name: 'On call', given: { groups: [pushed.group.id] }, expect: { orgRole: 'viewer' } };
    const red = (await send('post /mapping-tests', wish)).body.result;
    expect(red).toEqual({
      ...{ passed: false, status: 'failed', got: { orgRole: 'member', teams: [], resources: [] } },
      reason: 'org role member instead of viewer',
      differences: [{ scope: 'org', expected: 'viewer', got: 'member' }],
    });
    await rule({ groupId: pushed.group.id }, [org('viewer')]);
    const green = (await send('post /mapping-tests', wish)).body.result;
    expect(green).toMatchObject({ passed: true, status: 'passed', reason: null, differences: [] });
  });

  test('201, 200, 204: made, read, changed and removed in the shape it was sent, each with its audit event', async () => {
    await rule({ groupName: 'On call' }, [org('viewer')]);
    const body = {
      name: 'Engineers',
      given: { groups: [pushed.group.id, 'On call'], claims: { department: ['R&D', 'Ops'] } },
      expect: {
        orgRole: 'admin',
        teams: [{ team, role: 'owner' }],
        resources: [{ resource, role: 'editor' }],
      },
    };
    const made = await send('post /mapping-tests', body);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ id: expect.stringMatching(/^mpt_/), ...body });
    const { result: _, ...kept } = made.body;
    const one = `/mapping-tests/${kept.id}`;
    expect((await send(`get ${one}`)).body).toEqual(kept);
    expect((await send('get /mapping-tests')).body.items).toEqual([kept]);
    const changed = await send(`patch ${one}`, { expect: { teams: [] } });
    expect(changed.body).toMatchObject({ ...body, expect: { teams: [] } });
    expect(changed.body.expect).toEqual({ teams: [] });
    expect((await send(`delete ${one}`)).status).toBe(204);
    expect((await send(`get ${one}`)).status).toBe(404);
    const events = (await send('get /audit-events')).body.items.map((event: { type: string }) => event.type);
    const ours = events.filter((type: string) => type.startsWith('mapping_test.'));
    expect(ours.sort()).toEqual(['mapping_test.created', 'mapping_test.removed', 'mapping_test.updated']);
  });

  test.each<[string, string, () => object]>([
    ['nothing expected', 'expect', () => ({ expect: {} })],
    ['an owner', 'expect.orgRole', () => ({ expect: { orgRole: 'owner' } })],
    ['a group nobody pushed', 'given.groups[0]', () => ({ given: { groups: [newId('dg', 1)] } })],
    ['a name no group has', 'given.groups[1]', () => ({ given: { groups: ['engineering', 'Enginering'] } })],
    [
      'an unknown team',
      'expect.teams[0].team',
      () => ({
        expect: { teams: [{ team: newId('team', 1), role: 'member' }] },
      }),
    ],
    [
      'one team twice',
      'expect.teams',
      () => ({
        expect: {
          teams: [
            { team, role: 'member' },
            { team, role: 'admin' },
          ],
        },
      }),
    ],
    ['a claim that is no list', 'given.claims.a', () => ({ given: { claims: { a: 'b' } } })],
  ])('422: %s is told at %s', async (_what, field, wrong) => {
    const body = { name: 'A', given: {}, expect: { orgRole: 'member' }, ...wrong() };
    const answer = await send('post /mapping-tests', body);
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'invalid', field]);
  });

  test('422: two hundred are the most', async () => {
    await world.gateway.deps.storage.transact(async (tx) => {
      for (let index = 0; index < 200; index += 1)
        await tx.mappingTests.insert(organization.id, aMappingTest(organization.id));
    });
    const body = { name: 'A', given: {}, expect: { orgRole: 'member' } };
    const answer = await send('post /mapping-tests', body);
    expect([answer.status, answer.body.detail]).toEqual([
      422,
      'There are 200 mapping tests already. Remove one first.',
    ]);
  });
});

describe('what comes out', () => {
  test('groups by id and by name, claims, teams and resources, by the rules as they are', async () => {
    await rule({ groupId: pushed.group.id }, [{ scope: 'team', team, role: 'admin' }], 1);
    await rule({ groupPattern: 'on*' }, [{ scope: 'resource', resource, role: 'viewer' }], 2);
    await rule({ claim: 'department', value: 'Ops' }, [org('admin')], 3);
    const everything = {
      orgRole: 'admin',
      teams: [{ team, role: 'admin' }],
      resources: [{ resource, role: 'viewer' }],
    };
    const claims = { department: ['Ops'] };
    await keep({ groups: [pushed.group.id, 'On call'], claims }, everything, 'by id');
    await keep({ groups: ['engineering', 'ON CALL'], claims }, everything, 'by name');
    await keep({}, { orgRole: 'member', teams: [], resources: [] }, 'nobody');
    await keep({ groups: ['Engineering'] }, { orgRole: 'admin', teams: [] }, 'wrong');
    const { items, ...counts } = await run();
    expect(counts).toEqual({ passed: 3, failed: 1, broken: 0 });
    expect(items[0]).toMatchObject({ status: 'passed', reason: null, got: everything, differences: [] });
    expect(items[3]).toMatchObject({
      name: 'wrong',
      status: 'failed',
      reason: 'org role member instead of admin, role in team "Red" admin instead of none',
      got: { orgRole: 'member', teams: [{ team, role: 'admin' }], resources: [] },
      differences: [
        { scope: 'org', expected: 'admin', got: 'member' },
        { scope: 'team', team, expected: null, got: 'admin' },
      ],
    });
  });

  test('being in a group is being in the groups around it', async () => {
    const { deps } = world.gateway;
    const outer = await pushGroup(world.gateway, organization, { name: 'All', count: 0 });
    await deps.storage.transact((tx) =>
      tx.groupMembers.insert(organization.id, outer.group.id, [
        { memberId: pushed.group.id, memberKind: 'group' },
      ]),
    );
    await rule({ groupName: 'All' }, [org('viewer')]);
    await keep({ groups: ['Engineering'] }, { orgRole: 'viewer' });
    expect(await run()).toMatchObject({ passed: 1, failed: 0 });
  });
});

describe('a red test refuses the change', () => {
  /** Engineering is viewer; a second group says member. */
  const stage = async () => {
    const id = await rule({ groupName: 'Engineering' }, [org('viewer')], 1);
    const second = await rule({ groupName: 'Leads' }, [org('member')], 2);
    await keep({ groups: ['Engineering'] }, { orgRole: 'viewer' }, 'Engineers look');
    await keep({ groups: ['Engineering', 'Leads'] }, { orgRole: 'member' }, 'Leads rule');
    return { id, second };
  };
  const everything = async () => {
    const { items } = (await send('get /members')).body;
    const roles = items.map((member: { orgRole: string }) => member.orgRole);
    const rules = (await send('get /group-mappings')).body;
    const { defaultRole, conflictPolicy } = (await send('get ')).body;
    const events = (await send('get /audit-events?limit=200')).body.items.length;
    return { roles, rules, defaultRole, conflictPolicy, events };
  };

  test.each<[string, (ids: { id: string; second: string }) => Promise<Answer>, string]>([
    [
      'a new rule',
      () => send('post /group-mappings', { match: { groupName: 'Engineering' }, grants: [org('member')] }),
      '"Engineers look"',
    ],
    [
      'another grant',
      ({ id }) => send(`patch /group-mappings/${id}`, { grants: [org('member')] }),
      '"Engineers look"',
    ],
    [
      'another match',
      ({ id }) => send(`patch /group-mappings/${id}`, { match: { groupName: 'X' } }),
      '"Engineers look"',
    ],
    ['a removal', ({ second }) => send(`delete /group-mappings/${second}`), '"Leads rule"'],
    ['another policy', () => send('patch ', { conflictPolicy: 'ranked' }), '"Leads rule"'],
  ])('409: %s changes nothing and names the test', async (_what, change, name) => {
    const ids = await stage();
    const before = await everything();
    const answer = await change(ids);
    expect([answer.status, answer.body.code]).toEqual([409, 'mapping_test_failed']);
    expect(answer.body.detail).toContain(name);
    expect(answer.body.detail).toMatch(/org role \w+ instead of \w+/);
    expect(await everything()).toEqual(before);
    expect(await run()).toMatchObject({ passed: 2, failed: 0 });
  });

  test('409: another default role', async () => {
    await keep({}, { orgRole: 'member' }, 'Strangers');
    const answer = await send('patch ', { defaultRole: 'viewer' });
    expect(answer.status).toBe(409);
    expect(answer.body.detail).toMatch(
      /^Nothing was changed.*"Strangers" \(mpt_\w+\): org role viewer instead of member\.$/,
    );
    expect((await send('get ')).body.defaultRole).toBe('member');
    expect((await send('patch ', { name: 'Another name' })).status).toBe(200);
  });

  test('a test that is red already holds the next change up until rule or test is put right', async () => {
    const id = await keep({ groups: ['Engineering'] }, { orgRole: 'viewer' });
    const other = { match: { groupName: 'Other' }, grants: [org('viewer')] };
    expect((await send('post /group-mappings', other)).status).toBe(409);
    await rule({ groupName: 'Engineering' }, [org('viewer')]);
    expect((await send('post /group-mappings', other)).status).toBe(201);
    await send(`patch /mapping-tests/${id}`, { expect: { orgRole: 'admin' } });
    expect((await send('patch ', { conflictPolicy: 'refuse' })).status).toBe(409);
    await send(`delete /mapping-tests/${id}`);
    expect((await send('patch ', { conflictPolicy: 'refuse' })).status).toBe(200);
  });

  test('of many red ones five are told', async () => {
    for (let index = 0; index < 7; index += 1) await keep({}, { orgRole: 'member' }, `T${index}`);
    const { detail } = (await send('patch ', { defaultRole: 'viewer' })).body;
    expect(detail).toContain('"T4"');
    expect(detail).not.toContain('"T5"');
    expect(detail).toMatch(/; and 2 more\.$/);
  });

  test('a test of a team or group that is gone is broken: told with the way to mend it, and holds nothing up', async () => {
    await rule({ groupName: 'Engineering' }, [{ scope: 'team', team, role: 'admin' }]);
    const interns = await pushGroup(world.gateway, organization, { name: 'Interns', count: 0 });
    await keep({ groups: ['Engineering'] }, { teams: [{ team, role: 'admin' }] }, 'team');
    await keep({ groups: [pushed.group.id] }, { orgRole: 'admin' }, 'group');
    const named = await keep({ groups: ['Interns'] }, { orgRole: 'admin' }, 'name');
    expect((await send(`delete /teams/${team}`)).status).toBe(204);
    for (const { directory, group } of [pushed, interns]) await removeGroup(directory.id, group.id);
    expect(await run()).toMatchObject({
      ...{ passed: 0, failed: 0, broken: 3 },
      items: [
        { status: 'broken', reason: expect.stringMatching(/^Unknown (team|group): /), got: null },
        {
          status: 'broken',
          reason: `Unknown group: no directory group has the id ${pushed.group.id}. Change this test, or remove it.`,
        },
        {
          status: 'broken',
          reason:
            'Unknown group: no directory group is called "Interns", and no rule speaks of that name. Change this test, or remove it.',
        },
      ],
    });
    const id = await rule({ groupName: 'Other' }, [org('viewer')]);
    expect((await send(`patch /group-mappings/${id}`, { rank: 9 })).status).toBe(200);
    expect((await send('patch ', { conflictPolicy: 'refuse' })).status).toBe(200);
    const mended = { given: { groups: ['Other'] }, expect: { orgRole: 'viewer' } };
    expect((await send(`patch /mapping-tests/${named}`, mended)).status).toBe(200);
    expect(await run()).toMatchObject({ passed: 1, broken: 2 });
    expect((await send(`delete /group-mappings/${id}`)).status).toBe(409);
    expect((await send(`delete /mapping-tests/${named}`)).status).toBe(204);
    expect((await send(`delete /group-mappings/${id}`)).status).toBe(204);
  });

  test('422: a group that is neither pushed nor in a rule is named; once a rule speaks of it, the test is kept', async () => {
    const body = { name: 'A', given: { groups: ['Interns'] }, expect: { orgRole: 'viewer' } };
    const answer = await send('post /mapping-tests', body);
    expect([answer.status, answer.body.detail]).toEqual([
      422,
      'Unknown group: no directory group is called "Interns", and no rule speaks of that name.',
    ]);
    await rule({ groupPattern: 'in*' }, [org('viewer')]);
    const made = await send('post /mapping-tests', body);
    expect(made.status).toBe(201);
    const wrong = await send(`patch /mapping-tests/${made.body.id}`, { given: { groups: ['Nobody'] } });
    expect([wrong.status, wrong.body.field]).toEqual([422, 'given.groups[0]']);
  });
});

const removeGroup = (directoryId: DirectoryId, id: DirectoryGroupId) =>
  removeDirectoryGroup(world.gateway.deps, {
    ...{ organizationId: organization.id, directoryId, id },
    cause: testCause,
  });
