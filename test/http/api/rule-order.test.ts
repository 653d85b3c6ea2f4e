/** The order of the rules: what changes with it, and what a role that did not change says of its beginning. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import type { TestDirectory } from '../../support/gateway.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';

const SCIM = 'urn:ietf:params:scim';

let world: ApiWorld;
let organization: Organization;
let owner: Person;
let directory: TestDirectory;
let bob: string;
/** Groups, then rules: `low` gives viewer, `high` gives admin; nobody is in `other`. */
let groups: { readonly other: string; readonly high: string; readonly low: string };
let rules: { readonly other: string; readonly high: string; readonly low: string };
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const send = (request: string, body?: object) =>
  world.send(owner, request.replace(' ', ` /organizations/${organization.id}`), body);

async function push(method: string, path: string, body: object): Promise<string> {
  world.gateway.clock.advance(10);
  const answer = await fetch(`${world.gateway.baseUrl}${directory.scimPath}${path}`, {
    method,
    headers: { authorization: `Bearer ${directory.token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify(body),
  });
  expect(answer.ok).toBe(true);
  return answer.status === 204 ? '' : ((await answer.json()) as { id: string }).id;
}

const pushGroup = (displayName: string) =>
  push('POST', '/Groups', { schemas: [`${SCIM}:schemas:core:2.0:Group`], displayName });
const addBob = (group: string, user: string) =>
  push('PATCH', `/Groups/${group}`, {
    schemas: [`${SCIM}:api:messages:2.0:PatchOp`],
    Operations: [{ op: 'add', path: 'members', value: [{ value: user }] }],
  });
/** A millisecond apart, so that the list shows them in the order in which they were made. */
async function rule(groupId: string, role: string): Promise<string> {
  world.gateway.clock.advance(1);
  const wanted = { match: { groupId }, grants: [{ scope: 'org', role }] };
  return (await send('post /group-mappings', wanted)).body.id;
}

beforeEach(async () => {
  organization = await world.newOrganization();
  owner = await world.newPerson(organization, 'owner');
  directory = await world.gateway.createDirectory(organization, 'okta');
  groups = { other: await pushGroup('Other'), high: await pushGroup('High'), low: await pushGroup('Low') };
  rules = {
    other: await rule(groups.other, 'viewer'),
    high: await rule(groups.high, 'admin'),
    low: await rule(groups.low, 'viewer'),
  };
  const user = await push('POST', '/Users', {
    schemas: [`${SCIM}:schemas:core:2.0:User`],
    userName: 'bob@z.example',
    emails: [{ value: 'bob@z.example', primary: true }],
    active: true,
  });
  await addBob(groups.high, user);
  await addBob(groups.low, user);
  bob = (await send('get /members?q=bob')).body.items[0].id;
  passed();
});

/** Answers the instant that has just passed, and goes on. */
function passed(): string {
  const instant = new Date(world.gateway.clock.now()).toISOString();
  world.gateway.clock.advance(1000);
  return instant;
}

const explain = async (at?: string) =>
  (await send(`get /members/${bob}/explain${at === undefined ? '' : `?at=${at}`}`)).body;

/** Every way to give rules other ranks without changing what one of them says. */
const RENUMBERINGS: readonly [string, () => Promise<number>][] = [
  [
    'PUT .../order',
    async () =>
      (await send('put /group-mappings/order', { mappings: [rules.low, rules.high, rules.other] })).status,
  ],
  ['PATCH rank', async () => (await send(`patch /group-mappings/${rules.high}`, { rank: 40 })).status],
  [
    'a draft that drops a rule of others',
    async () => {
      const draft = (await send('post /mapping-drafts', {})).body;
      const path = `/mapping-drafts/${draft.id}`;
      const mappings = draft.mappings
        .filter(({ id }: { id: string }) => id !== rules.other)
        .map(({ id, match, grants }: { id: string; match: object; grants: object }) => ({
          id,
          match,
          grants,
        }));
      await send(`patch ${path}`, { mappings });
      const { planHash } = (await send(`get ${path}/plan`)).body;
      return (await send(`post ${path}/apply`, { planHash })).status;
    },
  ],
];

test.each(RENUMBERINGS)(
  '%s: the roles began when the directory gave them, through its token',
  async (_name, renumber) => {
    const before = await explain();
    expect(before.orgRole.because[0].begun.by).toMatchObject({ kind: 'directory' });
    const then = passed();
    expect(await renumber()).toBe(200);
    passed();
    const ranks = (await send('get /group-mappings')).body.items.map((one: { rank: number }) => one.rank);
    expect(ranks).not.toEqual([1, 2, 3]);
    const after = await explain();
    expect(after).toEqual(before);
    const past = await explain(then);
    expect(past.grants).toEqual(before.grants);
    expect(past.grants.every((grant: { ended: unknown }) => grant.ended === null)).toBe(true);
    const review = (await send('post /access-reviews', { name: 'Spring' })).body;
    const { items } = (await send(`get /access-reviews/${review.id}/items`)).body;
    const reviewed = items.find((item: { member: string }) => item.member === bob);
    const began = (one: { grants: readonly { at: string }[] }) => one.grants.map(({ at }) => at);
    expect(began(reviewed)).toEqual(began(before));
  },
);

test('under `ranked` the role follows the order at once, and each past day has the order of that day', async () => {
  await send('patch ', { conflictPolicy: 'ranked' });
  const roleOf = async (at?: string) => (await explain(at)).orgRole.role;
  const [high, low] = [
    [rules.high, rules.low, rules.other],
    [rules.low, rules.other, rules.high],
  ];
  const days = [passed()];
  for (const mappings of [low, high, low]) {
    expect((await send('put /group-mappings/order', { mappings })).status).toBe(200);
    expect(await roleOf()).toBe(mappings === low ? 'viewer' : 'admin');
    expect((await send(`get /members/${bob}`)).body.orgRole).toBe(mappings === low ? 'viewer' : 'admin');
    days.push(passed());
  }
  await send('patch ', { conflictPolicy: 'highest' });
  passed();
  const roles: string[] = [];
  for (const day of days) roles.push(await roleOf(day));
  expect(roles).toEqual(['admin', 'viewer', 'admin', 'viewer']);
  expect(await roleOf()).toBe('admin');
});
