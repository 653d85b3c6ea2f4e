/** /organizations/{org}/mapping-drafts: whole sets of rules, planned, applied as planned, undone. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { type Answer, type ApiWorld, type Person, type Sender, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let engineers: Awaited<ReturnType<typeof pushGroup>>;
let base = '';
let team = '';
let owner: Person;
let admin: Person;
beforeAll(async () => {
  world = await startApiWorld();
});
beforeEach(async () => {
  organization = await world.newOrganization();
  owner = await world.newPerson(organization, 'owner');
  admin = await world.newPerson(organization, 'admin');
  engineers = await pushGroup(world.gateway, organization, { count: 2 });
  base = `/organizations/${organization.id}`;
  team = (await send('post /teams', { name: 'Red' })).body.id;
});
afterAll(() => world.close());

const sendAs = (sender: Sender, request: string, body?: object): Promise<Answer> => {
  // Ids sort by age only when their times differ.
  world.gateway.clock.advance(1);
  return world.send(sender, request.replace(' ', ` ${base}`), body);
};
const send = (request: string, body?: object) => sendAs(world.operator, request, body);
const byId = () => ({ groupId: engineers.group.id });
const org = (role: string) => ({ scope: 'org', role });
const pushedRoles = async (): Promise<string[]> => {
  const ids = engineers.users.map(({ membershipId }) => membershipId);
  const { items } = (await send('get /members')).body;
  return items
    .filter((member: { id: (typeof ids)[number] }) => ids.includes(member.id))
    .map((member: { orgRole: string }) => member.orgRole);
};
const rules = async () => (await send('get /group-mappings')).body.items;
/** Begins a draft and answers its path, and its plan. */
const planned = async (draft: object) => {
  const made = await send('post /mapping-drafts', draft);
  expect(made.status).toBe(201);
  const path = `/mapping-drafts/${made.body.id}`;
  return { path, draft: made.body, plan: (await send(`get ${path}/plan`)).body };
};
const apply = (path: string, planHash: string, sender: Sender = world.operator) =>
  sendAs(sender, `post ${path}/apply`, { planHash });
const events = async (): Promise<string[]> =>
  (await send('get /audit-events?limit=200')).body.items.map((event: { type: string }) => event.type);

describe('drafts', () => {
  test('201, 200, 204: begun from the rules in force, changed, listed newest first, discarded', async () => {
    const rule = (await send('post /group-mappings', { match: byId(), grants: [org('viewer')] })).body;
    const made = await send('post /mapping-drafts', { name: 'Spring' });
    const copy = { id: rule.id, match: byId(), grants: [org('viewer')], rank: 1 };
    expect(made.body).toMatchObject({
      ...{ name: 'Spring', status: 'open', mappings: [copy], policy: null, createdBy: 'operator' },
      ...{ undoes: null, appliedAt: null, appliedBy: null },
    });
    const path = `/mapping-drafts/${made.body.id}`;
    expect((await send(`get ${path}`)).body).toEqual(made.body);
    const second = (await sendAs(admin, 'post /mapping-drafts', { mappings: [] })).body;
    expect(second).toMatchObject({ createdBy: admin.membership.id, mappings: [] });
    const listed = (await send('get /mapping-drafts?limit=1')).body;
    expect(listed.items).toEqual([second]);
    expect((await send(`get /mapping-drafts?cursor=${listed.nextCursor}`)).body.items).toEqual([made.body]);
    const more = { match: { groupName: 'Ops' }, grants: [{ scope: 'team', team, role: 'admin' }] };
    const changed = await send(`patch ${path}`, { mappings: [more, copy], policy: 'ranked', name: null });
    expect(changed.body).toMatchObject({ name: null, policy: 'ranked' });
    expect(changed.body.mappings).toMatchObject([{ ...more, rank: 2 }, copy]);
    const [{ id }] = changed.body.mappings;
    const again = await send(`patch ${path}`, { mappings: [{ ...more, id }], policy: null });
    expect(again.body).toMatchObject({ mappings: [{ id, ...more, rank: 1 }], policy: null });
    expect((await send(`delete ${path}`)).status).toBe(204);
    expect((await send(`get ${path}`)).status).toBe(404);
    expect(await rules()).toEqual([rule]);
    const told = (await events()).filter((type) => type.startsWith('mapping_draft.'));
    expect(told.sort()).toEqual([
      'mapping_draft.created',
      'mapping_draft.created',
      'mapping_draft.removed',
      'mapping_draft.updated',
      'mapping_draft.updated',
    ]);
  });

  test.each<[string, string, () => object]>([
    [
      'a rule of nobody',
      'mappings[0].id',
      () => ({ id: newId('map', 1), match: byId(), grants: [org('viewer')] }),
    ],
    [
      'a group nobody pushed',
      'mappings[0].match.groupId',
      () => ({ match: { groupId: newId('dg', 1) }, grants: [org('viewer')] }),
    ],
    [
      'S137: admin by a name',
      'mappings[0].grants[0].role',
      () => ({ match: { groupName: 'A' }, grants: [org('admin')] }),
    ],
    ['S137: owner', 'mappings[0].grants[0].role', () => ({ match: byId(), grants: [org('owner')] })],
    [
      'a team of nobody',
      'mappings[0].grants[0].team',
      () => ({ match: byId(), grants: [{ scope: 'team', team: newId('team', 1), role: 'member' }] }),
    ],
  ])('422: %s is told at %s', async (_what, field, wrong) => {
    const answer = await send('post /mapping-drafts', { mappings: [wrong()] });
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'invalid', field]);
  });

  test('422: one rule twice; the fifty-first open draft', async () => {
    const rule = (await send('post /group-mappings', { match: byId(), grants: [org('viewer')] })).body;
    const copy = { id: rule.id, match: byId(), grants: [org('viewer')] };
    const twice = await send('post /mapping-drafts', { mappings: [copy, copy] });
    expect([twice.status, twice.body.field]).toEqual([422, 'mappings[1].id']);
    for (let index = 0; index < 50; index += 1) await send('post /mapping-drafts', {});
    const answer = await send('post /mapping-drafts', {});
    expect([answer.status, answer.body.detail]).toEqual([
      422,
      'There are 50 open drafts already. Discard one first.',
    ]);
  });
});

describe('the plan', () => {
  /** Engineers are viewers; a draft makes them members and owners of a team, by two rules that differ in the team. */
  const stage = async () => {
    const { body: rule } = await send('post /group-mappings', { match: byId(), grants: [org('viewer')] });
    const lifted = [org('member'), { scope: 'team', team, role: 'owner' }];
    const pattern = { groupPattern: 'Eng*' };
    const { draft, ...rest } = await planned({
      mappings: [
        { id: rule.id, match: byId(), grants: lifted },
        { match: pattern, grants: [{ scope: 'team', team, role: 'member' }] },
      ],
    });
    return { rule, first: draft.mappings[0], second: draft.mappings[1], ...rest };
  };

  test('says who gains and loses what, and because of which rule', async () => {
    const { rule, first, second, plan } = await stage();
    expect(plan.summary).toMatchObject({
      rules: { added: [second], changed: [{ before: { id: rule.id }, after: first }], removed: [] },
      policy: { before: 'highest', after: 'highest' },
      counts: { members: 2, gains: 4, losses: 0, conflicts: { before: 0, after: 2 } },
      ...{ behind: false, refusal: null, tests: { passed: 0, failed: 0, broken: 0 } },
    });
    const source = { kind: 'directory_group', group: engineers.group.id };
    const overruled = { ...source, mapping: second.id, role: 'member', why: 'weaker' };
    expect(plan.items[0]).toMatchObject({
      id: engineers.users[0]?.membershipId,
      gains: [
        {
          ...{ scope: 'org', before: 'viewer', after: 'member' },
          because: [{ ...source, mapping: rule.id, role: 'member' }],
          wasBecause: [{ ...source, mapping: rule.id, role: 'viewer' }],
        },
        {
          ...{ scope: 'team', team, before: null, after: 'owner' },
          overruled: [{ ...overruled, text: 'Another rule gives more.' }],
        },
      ],
      losses: [],
    });
  });

  test('comes page by page, and changes nothing', async () => {
    const { path, plan } = await stage();
    const now = async () => ({ rules: await rules(), roles: await pushedRoles(), events: await events() });
    const before = await now();
    const page = (await send(`get ${path}/plan?limit=1`)).body;
    expect(page.items).toEqual([plan.items[0]]);
    expect(page.planHash).toBe(plan.planHash);
    const rest = (await send(`get ${path}/plan?limit=1&cursor=${page.nextCursor}`)).body;
    expect(rest).toEqual({ planHash: null, summary: null, items: [plan.items[1]], nextCursor: null });
    expect(await now()).toEqual(before);
  });

  test('a plan says what this caller would be refused', async () => {
    const { path } = await planned({ mappings: [{ match: byId(), grants: [org('admin')] }] });
    const refusal = async (sender: Sender) => (await sendAs(sender, `get ${path}/plan`)).body.summary.refusal;
    expect(await refusal(owner)).toBeNull();
    expect(await refusal(admin)).toMatchObject({ code: 'forbidden' });
  });
});

describe('applying', () => {
  test('makes the rules and the policy those of the draft, and the roles those of the plan', async () => {
    const { path, draft, plan } = await planned({
      mappings: [{ match: byId(), grants: [org('admin')] }],
      policy: 'refuse',
    });
    const applied = await apply(path, plan.planHash, owner);
    expect(applied.status).toBe(200);
    expect(applied.body).toMatchObject({ status: 'applied', appliedBy: owner.membership.id });
    expect(await pushedRoles()).toEqual(['admin', 'admin']);
    expect((await rules())[0]).toMatchObject(draft.mappings[0]);
    expect((await send('get ')).body).toMatchObject({ conflictPolicy: 'refuse', reprojection: null });
    const [event] = (await send('get /audit-events?type=mapping_draft.applied')).body.items;
    expect(event.details).toMatchObject({
      before: { rules: [], policy: 'highest' },
      after: { rules: [{ id: draft.mappings[0].id }], policy: 'refuse' },
      counts: { members: 2, gains: 2, losses: 0 },
    });
    expect(await events()).toEqual(expect.arrayContaining(['group_mapping.created', 'organization.updated']));
    for (const request of [`patch ${path}`, `delete ${path}`, `post ${path}/apply`]) {
      const body = request.startsWith('patch') ? { name: 'A' } : { planHash: plan.planHash };
      const refused = await send(request, request.startsWith('delete') ? undefined : body);
      expect([refused.status, refused.body.code]).toEqual([409, 'draft_state']);
    }
  });

  test.each<[string, (rule: { id: string }) => Promise<unknown>]>([
    ['a rule', ({ id }) => send(`patch /group-mappings/${id}`, { rank: 9 })],
    ['the policy', () => send('patch ', { conflictPolicy: 'ranked' })],
    ['a mapping test', () => send('post /mapping-tests', { name: 'A', given: {}, expect: { teams: [] } })],
    ['somebody in a group', () => pushGroup(world.gateway, organization, { count: 1, name: 'Engineering' })],
    [
      'a role given by hand',
      () => send(`put /teams/${team}/members/${engineers.users[0]?.membershipId}`, { role: 'member' }),
    ],
  ])('409 plan_outdated: %s has changed since, and nothing changes', async (_what, move) => {
    const { body: rule } = await send('post /group-mappings', {
      match: { groupName: 'Ops' },
      grants: [org('viewer')],
    });
    const keep = { id: rule.id, match: { groupName: 'Ops' }, grants: [org('viewer')], rank: 1 };
    const grants = [{ scope: 'team', team, role: 'owner' }];
    const { path, plan } = await planned({
      mappings: [keep, { match: { groupName: 'Engineering' }, grants, rank: 2 }],
    });
    await move(rule);
    const before = { rules: await rules(), members: (await send('get /members')).body };
    const refused = await apply(path, plan.planHash);
    expect([refused.status, refused.body.code]).toEqual([409, 'plan_outdated']);
    expect({ rules: await rules(), members: (await send('get /members')).body }).toEqual(before);
    const { planHash } = (await send(`get ${path}/plan`)).body;
    expect(planHash).not.toBe(plan.planHash);
    expect((await apply(path, planHash)).status).toBe(200);
  });

  test('409: red mapping tests refuse, whatever the hash', async () => {
    await send('post /group-mappings', { match: byId(), grants: [org('viewer')] });
    const test = { given: { groups: [engineers.group.id] }, expect: { orgRole: 'viewer' } };
    await send('post /mapping-tests', { name: 'Engineers look', ...test });
    const { path, plan } = await planned({ mappings: [] });
    expect(plan.summary.tests).toMatchObject({
      failed: 1,
      items: [{ name: 'Engineers look', status: 'failed' }],
    });
    expect(plan.summary.refusal.code).toBe('mapping_test_failed');
    const refused = await apply(path, plan.planHash);
    expect([refused.status, refused.body.code]).toEqual([409, 'mapping_test_failed']);
    expect(await pushedRoles()).toEqual(['viewer', 'viewer']);
  });

  test.each<[string, () => Promise<object>]>([
    [
      'makes a rule that gives admin',
      async () => ({ mappings: [{ match: byId(), grants: [org('admin')] }] }),
    ],
    [
      'removes one',
      async () => {
        await send('post /group-mappings', { match: byId(), grants: [org('admin')] });
        return { mappings: [] };
      },
    ],
    ['changes the policy', async () => ({ policy: 'refuse' })],
    [
      'lifts somebody to admin by a lesser rule',
      async () => {
        await send('patch ', { conflictPolicy: 'ranked' });
        await send('post /group-mappings', { match: byId(), grants: [org('admin')], rank: 2 });
        const { body } = await send('post /group-mappings', {
          match: byId(),
          grants: [org('viewer')],
          rank: 1,
        });
        const [strong] = await rules();
        const { id, match, grants } = body;
        const keep = { id: strong.id, match: strong.match, grants: strong.grants, rank: 2 };
        return { mappings: [keep, { id, match, grants, rank: 3 }] };
      },
    ],
  ])('S137, S147: an admin drafts what %s, and only an owner applies it', async (_what, draftOf) => {
    const draft = await draftOf();
    const made = await sendAs(admin, 'post /mapping-drafts', draft);
    const path = `/mapping-drafts/${made.body.id}`;
    const { planHash } = (await sendAs(admin, `get ${path}/plan`)).body;
    const before = await pushedRoles();
    const refused = await apply(path, planHash, admin);
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    expect(await pushedRoles()).toEqual(before);
    expect((await apply(path, planHash, owner)).status).toBe(200);
  });

  test('an admin applies what moves members and viewers only', async () => {
    const { path, plan } = await planned({ mappings: [{ match: byId(), grants: [org('viewer')] }] });
    expect((await apply(path, plan.planHash, admin)).status).toBe(200);
    expect(await pushedRoles()).toEqual(['viewer', 'viewer']);
  });
});

describe('undoing', () => {
  test('begins the draft that restores what was in force, to be planned and applied like any other', async () => {
    const { body: rule } = await send('post /group-mappings', { match: byId(), grants: [org('admin')] });
    const { path, plan } = await planned({ name: 'Less', mappings: [], policy: 'refuse' });
    expect((await send(`post ${path}/undo`)).body.code).toBe('draft_state');
    await apply(path, plan.planHash);
    expect(await pushedRoles()).toEqual(['member', 'member']);
    const undo = await send(`post ${path}/undo`);
    expect(undo.status).toBe(201);
    expect(undo.body).toMatchObject({ name: 'Undo: Less', policy: 'highest', undoes: path.split('/')[2] });
    expect(undo.body.mappings).toMatchObject([{ id: rule.id, grants: rule.grants }]);
    expect(await pushedRoles()).toEqual(['member', 'member']);
    const back = `/mapping-drafts/${undo.body.id}`;
    const { planHash, summary } = (await send(`get ${back}/plan`)).body;
    expect(summary.counts).toMatchObject({ members: 2, gains: 2, losses: 0 });
    expect((await apply(back, planHash)).status).toBe(200);
    expect(await pushedRoles()).toEqual(['admin', 'admin']);
    expect(await rules()).toMatchObject([
      { id: rule.id, match: rule.match, grants: rule.grants, rank: rule.rank },
    ]);
    expect((await send('get ')).body.conflictPolicy).toBe('highest');
  });
});
