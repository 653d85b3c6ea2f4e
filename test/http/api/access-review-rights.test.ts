/** Team roles and roles on resources in an access review: each confirmed or taken away by itself, and in the file. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, type Person, type Sender, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let owner: Person;
let admin: Person;
let member: Person;
let base = '';
let team = '';
const resource = { type: 'bot', id: '1' };
beforeAll(async () => {
  world = await startApiWorld();
});
beforeEach(async () => {
  organization = await world.newOrganization();
  [owner, admin, member] = [
    await world.newPerson(organization, 'owner'),
    await world.newPerson(organization, 'admin'),
    await world.newPerson(organization, 'member'),
  ];
  base = `/organizations/${organization.id}`;
  team = (await world.send(owner, `post ${base}/teams`, { name: 'Red' })).body.id;
  const path = `${base}/members/${member.membership.id}`;
  await world.send(owner, `put ${base}/teams/${team}/members/${member.membership.id}`, { role: 'admin' });
  await world.send(owner, `put ${path}/resources/bot/1`, { role: 'editor' });
});
afterAll(() => world.close());

const start = async () => (await world.send(owner, `post ${base}/access-reviews`, {})).body.id;
interface Decision {
  readonly decision: string;
  readonly of?: object;
  readonly note?: string;
  readonly becomes?: string;
  /** Absent: the member. */
  readonly who?: string | undefined;
}
/** About the member, unless `who` names somebody else. */
const decide = (sender: Sender, review: string, { who, ...decision }: Decision) =>
  world.send(sender, `patch ${base}/access-reviews/${review}/items/${who ?? member.membership.id}`, decision);
const held = async () => {
  const path = `get ${base}/members/${member.membership.id}`;
  const { body } = await world.send(owner, path);
  const resources = (await world.send(owner, `${path}/resources`)).body.items;
  return [body.status, body.orgRole, body.teams.length, resources.length];
};

describe('one right by itself', () => {
  test('200: listed with role and reason; taken away at once, the rest stays; told again by somebody else', async () => {
    const review = await start();
    const path = `get ${base}/access-reviews/${review}/items/${member.membership.id}`;
    const { body: item } = await world.send(owner, path);
    expect(item.rights).toMatchObject([
      { of: { team }, name: 'Red', role: 'admin', why: [`Given by ${owner.email}.`], decision: 'pending' },
      { of: { resource }, name: 'bot 1', role: 'editor', decision: 'pending' },
    ]);
    const kept = await decide(admin, review, { decision: 'confirm', of: { resource }, note: 'Runs it' });
    expect(kept.body).toMatchObject({
      decision: 'pending',
      rights: [{}, { decision: 'confirmed', note: 'Runs it' }],
    });
    expect(await held()).toEqual(['active', 'member', 1, 1]);
    const { body } = await decide(owner, review, { decision: 'revoke', of: { team } });
    expect(body).toMatchObject({
      decision: 'pending',
      rights: [
        { decision: 'revoked', outcome: { kind: 'removed' }, decidedBy: { email: owner.email } },
        { decision: 'confirmed' },
      ],
      changes: [{ what: 'team', of: 'Red', was: 'admin', is: null }],
    });
    expect(await held()).toEqual(['active', 'member', 0, 1]);
    await decide(owner, review, { decision: 'revoke', of: { resource } });
    expect(await held()).toEqual(['active', 'member', 0, 0]);
    const { body: told } = await world.send(owner, `get ${base}/audit-events?type=access_review.decided`);
    expect(told.items).toHaveLength(3);
    expect((await world.send(owner, path)).body.rights).toMatchObject([
      { decision: 'revoked' },
      { decision: 'revoked' },
    ]);
  });

  test('200: what a rule gives stays, and the outcome says which group to change', async () => {
    const { group, users } = await pushGroup(world.gateway, organization, { name: 'Staff', count: 1 });
    const grants = [
      { scope: 'team', team, role: 'member' },
      { scope: 'resource', resource, role: 'viewer' },
    ];
    await world.send(owner, `post ${base}/group-mappings`, { match: { groupId: group.id }, grants });
    const review = await start();
    const who = users[0]?.membershipId;
    for (const right of [{ team }, { resource }]) {
      const { status, body } = await decide(owner, review, { decision: 'revoke', of: right, who });
      expect(status).toBe(200);
      const found = body.rights.find(
        (one: { of: object }) => JSON.stringify(one.of) === JSON.stringify(right),
      );
      expect(found.outcome).toEqual({ kind: 'at_directory', text: expect.stringContaining('group "Staff"') });
      expect(body.changes).toEqual([]);
    }
  });

  test('S147: nobody takes in a review what they could not take by hand, nor from themselves; nothing is noted then', async () => {
    await world.send(owner, `put ${base}/teams/${team}/members/${owner.membership.id}`, { role: 'owner' });
    await world.send(owner, `put ${base}/members/${admin.membership.id}/resources/bot/1`, { role: 'editor' });
    const review = await start();
    const refused = [
      await decide(admin, review, { decision: 'revoke', of: { team } }),
      await decide(admin, review, { decision: 'revoke', of: { resource }, who: admin.membership.id }),
      await decide(admin, review, { decision: 'confirm', of: { team }, who: owner.membership.id }),
      await decide(member, review, { decision: 'confirm', of: { team } }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    const { body } = await world.send(owner, `get ${base}/access-reviews/${review}/items`);
    const decisions = body.items.flatMap((item: { rights: { decision: string }[] }) =>
      item.rights.map(({ decision }) => decision),
    );
    expect(new Set(decisions)).toEqual(new Set(['pending']));
    const keys = { name: 'A', kind: 'team', scopes: ['members.read', 'members.update', 'audit.read'] };
    const { body: key } = await world.send(owner, `post ${base}/api-keys`, keys);
    const program = { headers: { authorization: `Bearer ${key.token}` } };
    expect((await decide(program, review, { decision: 'revoke', of: { resource } })).status).toBe(403);
    expect(await held()).toEqual(['active', 'member', 1, 1]);
  });

  test.each([
    [{ decision: 'revoke', of: { resource: { type: 'bot', id: '2' } } }, 'of'],
    [{ decision: 'revoke', of: { resource }, becomes: 'viewer' }, 'becomes'],
    [{ decision: 'confirm', of: {} }, 'of'],
  ])('422: %j', async (decision, field) => {
    const { status, body } = await decide(owner, await start(), decision);
    expect([status, body.field]).toEqual([422, field]);
  });
});

test('a decision about the person settles what is undecided; a lower org role does not', async () => {
  const review = await start();
  const rightsOf = (body: { rights: { decision: string }[] }) => body.rights.map(({ decision }) => decision);
  const lowered = await decide(owner, review, { decision: 'revoke', becomes: 'viewer' });
  expect(rightsOf(lowered.body)).toEqual(['pending', 'pending']);
  await decide(owner, review, { decision: 'revoke', of: { team } });
  expect(rightsOf((await decide(owner, review, { decision: 'confirm' })).body)).toEqual([
    'revoked',
    'confirmed',
  ]);
  const gone = await decide(owner, review, { decision: 'revoke' });
  expect(rightsOf(gone.body)).toEqual(['revoked', 'confirmed']);
  expect(gone.body.outcome).toEqual({ kind: 'removed' });
});

test('S202: the file has a line for each right, after that of its person', async () => {
  const review = await start();
  await decide(owner, review, { decision: 'confirm', of: { resource }, note: '=1+1' });
  const { body } = await world.send(owner, `get ${base}/access-reviews/${review}/export`);
  const lines = String(body).trimEnd().split('\r\n');
  const own = lines.filter((line) => line.startsWith(member.membership.id));
  expect(own).toHaveLength(3);
  expect(own[0]).toMatch(/,pending,.*,organization,,member$/);
  expect(own[1]).toMatch(/,pending,.*,team,Red,admin$/);
  expect(own[2]).toMatch(/,confirmed,"'=1\+1",,.*,resource,bot 1,editor$/);
  const width = (line = '') => line.replace(/"[^"]*"/g, '').split(',').length;
  expect(new Set(lines.map(width)).size).toBe(1);
});
