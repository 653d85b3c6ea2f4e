/** GET /organizations/{org}/members/{member}/explain?at=: why somebody had a role, on a day that has passed. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let owner: Person;
let admin: Person;
let member: Person;
beforeAll(async () => {
  world = await startApiWorld();
});
beforeEach(async () => {
  organization = await world.newOrganization();
  owner = await world.newPerson(organization, 'owner');
  admin = await world.newPerson(organization, 'admin');
  member = await world.newPerson(organization, 'member');
  world.gateway.clock.advance(1000);
});
afterAll(() => world.close());

/** Answers the instant that has just passed, and goes on. */
function passed(): string {
  const instant = new Date(world.gateway.clock.now()).toISOString();
  world.gateway.clock.advance(1000);
  return instant;
}

const explain = async (sender: Person | typeof world.operator, id: string, at?: string) => {
  const query = at === undefined ? '' : `?at=${at}`;
  const path = `get /organizations/${organization.id}/members/${id}/explain${query}`;
  const { status, body } = await world.send(sender, path);
  return { status, body };
};

const change = (sender: Person, id: string, wanted: unknown) =>
  world.send(sender, `patch /organizations/${organization.id}/members/${id}`, wanted);

describe('as of a past day', () => {
  test('200: the role that was taken away since, with who gave it and who took it', async () => {
    await change(owner, member.membership.id, { orgRole: 'admin' });
    const then = passed();
    await change(owner, member.membership.id, { orgRole: 'viewer' });
    const { status, body } = await explain(owner, member.membership.id, then);
    expect(status).toBe(200);
    expect(body).toMatchObject({ at: then, status: 'active', orgRole: { role: 'admin' } });
    const [grant] = body.orgRole.because;
    expect(grant).toMatchObject({
      sentence: `Given by ${owner.membership.email}.`,
      begun: { by: { kind: 'member', membershipId: owner.membership.id }, who: owner.membership.email },
      ended: { who: owner.membership.email, requestId: expect.stringMatching(/./) },
    });
    expect(Date.parse(grant.ended.at)).toBeGreaterThan(Date.parse(then));
    const now = await explain(owner, member.membership.id);
    expect(now.body).toMatchObject({ at: null, orgRole: { role: 'viewer', because: [{ ended: null }] } });
  });

  test('200: somebody suspended had no role, and has it again afterwards', async () => {
    const before = passed();
    await change(owner, admin.membership.id, { status: 'suspended' });
    const then = passed();
    await change(owner, admin.membership.id, { status: 'active' });
    const roles = [];
    for (const at of [before, then, passed()]) {
      const { body } = await explain(owner, admin.membership.id, at);
      roles.push([body.status, body.orgRole.role]);
    }
    expect(roles).toEqual([
      ['active', 'admin'],
      ['suspended', null],
      ['active', 'admin'],
    ]);
  });

  test('200: before somebody came they were nobody; historySince says from when on all is known', async () => {
    const { body } = await explain(owner, member.membership.id, '2020-01-01T00:00:00Z');
    expect(body).toMatchObject({ status: 'none', orgRole: { role: null, because: [] }, grants: [] });
    expect(body.historySince).toBe(new Date(organization.createdAt).toISOString());
  });

  test('groups and rules keep the names they had, whatever they are called now or were removed as', async () => {
    const { group, users } = await pushGroup(world.gateway, organization, { name: 'Staff', count: 1 });
    const rules = `/organizations/${organization.id}/group-mappings`;
    const made = await world.send(owner, `post ${rules}`, {
      match: { groupId: group.id },
      grants: [{ scope: 'org', role: 'admin' }],
    });
    const then = passed();
    await world.send(owner, `delete ${rules}/${made.body.id}`);
    await world.send(owner, `delete /organizations/${organization.id}/directories/${group.directoryId}`);
    const { body } = await explain(owner, users[0]?.membershipId ?? '', then);
    expect(body.orgRole).toMatchObject({
      role: 'admin',
      because: [
        {
          sentence: 'Directory group "Staff" of Okta, through a group mapping.',
          source: { groupName: 'Staff', directoryName: 'Okta', rule: 'group "Staff": admin' },
          begun: { who: owner.membership.email },
          ended: { who: owner.membership.email },
        },
      ],
    });
  });
});

describe('people who have left', () => {
  test('200 for who reads the audit, 404 for everybody else and without at', async () => {
    const then = passed();
    await world.send(owner, `delete /organizations/${organization.id}/members/${admin.membership.id}`);
    const later = passed();
    const id = admin.membership.id;
    expect((await explain(owner, id, then)).body).toMatchObject({ orgRole: { role: 'admin' } });
    expect((await explain(owner, id, later)).body).toMatchObject({ status: 'none', grants: [] });
    expect((await explain(world.operator, id, then)).status).toBe(200);
    expect([(await explain(member, id, then)).status, (await explain(owner, id)).status]).toEqual([404, 404]);
  });

  test("404 (S106, S216): another organization's members, gone or not, with any date", async () => {
    const then = passed();
    const other = await world.newOrganization();
    const stranger = await world.newPerson(other, 'owner');
    const path = `/organizations/${other.id}/members/${admin.membership.id}/explain?at=${then}`;
    await world.send(owner, `delete /organizations/${organization.id}/members/${admin.membership.id}`);
    const { status, body } = await world.send(stranger, `get ${path}`);
    expect([status, body.code]).toEqual([404, 'not_found']);
  });
});

describe('oneself', () => {
  const about = async (sender: Person, whom: string) => {
    const path = `get /organizations/${organization.id}/members/${whom}`;
    const asked = [path, `${path}/explain`, `${path}/resources`];
    return Promise.all(asked.map(async (request) => (await world.send(sender, request)).status));
  };

  test('200 for a viewer, as `me` or by id; 403 about anybody else, 404 in another organization', async () => {
    const viewer = await world.newPerson(organization, 'viewer');
    expect(await about(viewer, 'me')).toEqual([200, 200, 200]);
    expect(await about(viewer, viewer.membership.id)).toEqual([200, 200, 200]);
    expect(await about(viewer, member.membership.id)).toEqual([403, 403, 403]);
    const { body } = await explain(viewer, 'me');
    expect(body).toMatchObject({ memberId: viewer.membership.id, orgRole: { role: 'viewer' } });
    expect(body.orgRole.because[0].sentence).toMatch(/./);
    const stranger = await world.newPerson(await world.newOrganization(), 'viewer');
    expect(await about(stranger, 'me')).toEqual([404, 404, 404]);
    expect(await about(stranger, viewer.membership.id)).toEqual([404, 404, 404]);
  });

  test('404: the operator is no member, and nobody changes a member called me', async () => {
    expect((await explain(world.operator, 'me')).status).toBe(404);
    expect((await change(admin, 'me', { orgRole: 'viewer' })).status).toBe(404);
  });
});

test.each([['tomorrow'], ['2026-03-01'], ['2999-01-01T00:00:00Z']])('422: at=%s', async (at) => {
  const { status, body } = await explain(owner, member.membership.id, at);
  expect([status, body.field]).toEqual([422, 'at']);
});
