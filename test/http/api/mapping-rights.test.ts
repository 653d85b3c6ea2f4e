/** Law 8 through rules: a group mapping hands out nothing that whoever makes it could not hand out by hand. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isOrgRole } from '../../../src/core/access/roles.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, type Person, type Sender, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

const KEY = 'rule-maker';
let world: ApiWorld;
let organization: Organization;
let owner: Person;
let admin: Person;
let maker: Person;
let base = '';
let team = '';
let match = {};
beforeAll(async () => {
  world = await startApiWorld();
  const permissions = ['members.read', 'teams.manage', 'roles.manage'];
  await world.send(world.operator, 'post /roles', { key: KEY, name: KEY, rank: 150, permissions });
});
beforeEach(async () => {
  if (!isOrgRole(KEY)) throw new Error('not the key of a role');
  organization = await world.newOrganization();
  owner = await world.newPerson(organization, 'owner');
  admin = await world.newPerson(organization, 'admin');
  maker = await world.newPerson(organization, KEY);
  base = `/organizations/${organization.id}`;
  team = (await world.send(owner, `post ${base}/teams`, { name: 'Red' })).body.id;
  match = { groupId: (await pushGroup(world.gateway, organization)).group.id };
});
afterAll(() => world.close());

const resource = { type: 'bot', id: '1' };
const onBot = () => ({ scope: 'resource', resource, role: 'admin' });
const inTeam = (role: string) => ({ scope: 'team', team, role });
const onOrganization = () => ({ scope: 'org', role: 'viewer' });
const ownTheTeam = () =>
  world.send(owner, `put ${base}/teams/${team}/members/${owner.membership.id}`, { role: 'owner' });

/** The status of each way to make, change, move and remove a rule with this grant. */
async function tried(sender: Sender, grant: object): Promise<Readonly<Record<string, number>>> {
  const { items } = (await world.send(owner, `get ${base}/group-mappings`)).body;
  for (const { id } of items) await world.send(owner, `delete ${base}/group-mappings/${id}`);
  const byOwner = async (input: object) =>
    (await world.send(owner, `post ${base}/group-mappings`, { match, ...input })).body.id;
  const plain = await byOwner({ grants: [onOrganization()] });
  const meant = await byOwner({ grants: [grant] });
  const path = `${base}/group-mappings`;
  const statusOf = async (request: string, body?: object) => (await world.send(sender, request, body)).status;
  const drafted = async (mappings: readonly object[]) => {
    const { body: draft } = await world.send(owner, `post ${base}/mapping-drafts`, { mappings });
    const at = `${base}/mapping-drafts/${draft.id}`;
    const { planHash } = (await world.send(owner, `get ${at}/plan`)).body;
    return statusOf(`post ${at}/apply`, { planHash });
  };
  const gone = { match, grants: [onOrganization()] };
  return {
    order: await statusOf(`put ${path}/order`, { mappings: [meant, plain] }),
    added: await statusOf(`patch ${path}/${plain}`, { grants: [onOrganization(), grant] }),
    rank: await statusOf(`patch ${path}/${meant}`, { rank: 9 }),
    made: await statusOf(`post ${path}`, { match: { claim: 'who', value: 'me' }, grants: [grant] }),
    removed: await statusOf(`delete ${path}/${meant}`),
    drafted: await drafted([{ match, grants: [grant] }]),
    undrafted: await drafted([gone]),
  };
}
const REFUSED = { order: 403, added: 403, rank: 403, made: 403, removed: 403, drafted: 403, undrafted: 403 };
const DONE = { order: 200, added: 200, rank: 200, made: 201, removed: 204, drafted: 200, undrafted: 200 };

describe('S147: rules about a team are for whoever decides there', () => {
  test.each(['owner', 'admin', 'member'])(
    'in a team with an owner, %s is not for roles.manage',
    async (role) => {
      await ownTheTeam();
      expect(await tried(maker, inTeam(role))).toEqual(REFUSED);
      expect(await tried(admin, inTeam(role))).toEqual(REFUSED);
    },
  );

  test('owners of the organization, and owners of the team, may', async () => {
    await ownTheTeam();
    expect(await tried(owner, inTeam('owner'))).toEqual(DONE);
    await world.send(owner, `put ${base}/teams/${team}/members/${maker.membership.id}`, { role: 'owner' });
    expect(await tried(maker, inTeam('member'))).toEqual(DONE);
  });

  test('whoever manages teams may, where nobody owns the team', async () => {
    expect(await tried(maker, inTeam('member'))).toEqual(DONE);
  });
});

describe('S147: rules about resources may reach anybody, also people who come into the group later', () => {
  test('neither a role below admin nor an admin makes one, moves one or takes one away; an owner does', async () => {
    expect(await tried(maker, onBot())).toEqual(REFUSED);
    expect(await tried(admin, onBot())).toEqual(REFUSED);
    expect(await tried(owner, onBot())).toEqual(DONE);
  });

  test('an admin proposes one by a draft, which says who applies it, and an owner does', async () => {
    const mappings = [{ match, grants: [onBot()] }];
    const { body: draft } = await world.send(admin, `post ${base}/mapping-drafts`, { mappings });
    const at = `${base}/mapping-drafts/${draft.id}`;
    const { planHash, summary } = (await world.send(admin, `get ${at}/plan`)).body;
    expect(summary.refusal).toMatchObject({ code: 'forbidden' });
    expect((await world.send(admin, `post ${at}/apply`, { planHash })).status).toBe(403);
    expect((await world.send(owner, `post ${at}/apply`, { planHash })).status).toBe(200);
  });
});
