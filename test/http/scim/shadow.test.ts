/** A shadow directory: pushes are stored and answered, and no member, session, role, mail or invitation knows of them. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createDirectory, createDirectoryToken } from '../../../src/core/directory/directories.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import { createGroupMapping } from '../../../src/core/mapping/group-mappings.ts';
import { directoryApi } from '../../support/directory-api.ts';
import { testCause } from '../../support/gateway.ts';
import { membersOf, signIn } from '../../support/members.ts';
import { peopleState } from '../../support/people-state.ts';
import { aScimGroup, aScimUser, patchOf } from '../../support/scim.ts';
import { scimSuite, worldOf } from '../../support/scim-suite.ts';

const suite = scimSuite();
const caller = { kind: 'operator' } as const;

async function shadowIn(organization: Organization) {
  const { deps } = suite.gateway;
  const place = { organizationId: organization.id, cause: testCause };
  const directory = await createDirectory(deps, { ...place, kind: 'okta', status: 'draft', shadow: true });
  const directoryId = directory.id;
  const { token } = await createDirectoryToken(deps, { ...place, directoryId, name: 'shadow' });
  const { organizationId } = directory;
  return worldOf(suite.gateway, {
    ...{ directory, organizationId, directoryId, token },
    scimPath: `/scim/v2/${directoryId}`,
  });
}

/** An organization with a signed-in member, a pending invitation and a rule over the name of a group. */
async function manualWorld() {
  const { gateway } = suite;
  const organization = await gateway.createOrganization();
  const organizationId = organization.id;
  const real = await suite.worldIn(organization);
  await real.addUser({ emails: [{ value: 'ada@acme.example', primary: true }] });
  await directoryApi(gateway, real).delete('');
  const session = await signIn(gateway, organizationId);
  const request = { organizationId, caller, cause: testCause };
  const invitation = { email: 'waits@acme.example', role: 'member', teams: [], delivery: 'link' } as const;
  await createInvitation(gateway.deps, { ...request, invitation });
  await createGroupMapping(gateway.deps, {
    ...request,
    mapping: {
      match: { kind: 'group_name', groupName: 'Guests' },
      grants: [{ scope: 'org', role: 'viewer' }],
    },
  });
  return { organization, organizationId, session };
}

describe('a push to a shadow', () => {
  test('is answered like any other and stays: created, read, found, changed, in a group, deleted', async () => {
    const { organization, organizationId } = await manualWorld();
    const shadow = await shadowIn(organization);
    const { scim } = shadow;
    const made = await scim.post('/Users', aScimUser());
    expect([made.status, made.body.active]).toEqual([201, true]);
    const path = `/Users/${made.body.id}`;
    expect((await scim.get(path)).body).toEqual(made.body);
    const found = await scim.get('/Users?filter=userName%20eq%20%22ada@acme.example%22');
    expect(found.body.Resources).toEqual([made.body]);
    expect((await scim.post('/Users', aScimUser())).status).toBe(409);
    const group = await shadow.addGroup({ displayName: 'Guests', members: [{ value: made.body.id }] });
    const changed = await scim.patch(path, patchOf({ op: 'replace', value: { active: false } }));
    expect([changed.status, changed.body.active]).toEqual([200, false]);
    expect(changed.body.groups).toMatchObject([{ value: group }]);
    expect((await membersOf(suite.gateway, organizationId)).map(({ orgRole }) => orgRole)).toEqual([
      'member',
    ]);
    expect((await scim.delete(path)).status).toBe(204);
    expect((await scim.get(path)).status).toBe(404);
  });

  test('S163: invitations stay open, sessions alive, and the organization manual', async () => {
    const { organization, organizationId, session } = await manualWorld();
    const before = peopleState(suite.gateway, organizationId);
    const { addUser, addGroup } = await shadowIn(organization);
    await addGroup({ displayName: 'Guests', members: [{ value: await addUser() }] });
    expect(peopleState(suite.gateway, organizationId)).toEqual(before);
    expect(await session.isAlive()).toBe(true);
    expect((await suite.gateway.storage.organizations.find(organizationId))?.provisioning).toBe('manual');
  });

  test('audit, events and recorder say that it was a shadow', async () => {
    const organization = await suite.gateway.createOrganization();
    const { addUser, addGroup, organizationId } = await shadowIn(organization);
    await addGroup({ displayName: 'Guests', members: [{ value: await addUser() }] });
    const { auditEvents } = suite.gateway.storage;
    const pushed = (await auditEvents.list(organizationId, {}, { limit: 50 })).filter(({ type }) =>
      /^directory_(user|group)/.test(type),
    );
    expect(pushed.map(({ details }) => details.shadow)).toEqual([true, true, true]);
    await suite.gateway.deps.recorder.flush();
    const entries = await suite.gateway.storage.recorderEntries.list(organizationId, {}, { limit: 10 });
    expect(entries.map(({ change }) => change?.shadow)).toEqual([true, true]);
  });
});

describe('becoming and ceasing to be one', () => {
  test('a draft without shadow answers 403, with it 201; PATCH turns it on and, while it is empty, off', async () => {
    const organization = await suite.gateway.createOrganization();
    const shadow = await shadowIn(organization);
    const api = directoryApi(suite.gateway, shadow);
    expect((await api.patch('', { shadow: false })).body).toMatchObject({ status: 'draft', shadow: false });
    expect((await shadow.scim.post('/Users', aScimUser())).status).toBe(403);
    expect((await api.patch('', { shadow: true })).body).toMatchObject({ status: 'draft', shadow: true });
    expect((await shadow.scim.post('/Users', aScimUser())).status).toBe(201);
  });

  test('cutover_required: with people in it, neither activating nor ending the shadow makes members', async () => {
    const organization = await suite.gateway.createOrganization();
    const shadow = await shadowIn(organization);
    await shadow.addUser();
    const api = directoryApi(suite.gateway, shadow);
    for (const change of [{ status: 'active' }, { shadow: false }]) {
      const { status, body } = await api.patch('', change);
      expect([status, body.code]).toEqual([409, 'cutover_required']);
    }
    expect(await membersOf(suite.gateway, organization.id)).toEqual([]);
    expect((await api.patch('', { status: 'disabled' })).body).toMatchObject({ shadow: true });
    expect((await shadow.scim.get('/Users')).status).toBe(401);
  });

  test('invalid: an active directory, or one with people, becomes no shadow; an empty one is activated as always', async () => {
    const real = await suite.world();
    const api = directoryApi(suite.gateway, real);
    expect((await api.patch('', { shadow: true })).body).toMatchObject({ code: 'invalid', field: 'shadow' });
    await real.addUser();
    const { status, body } = await api.patch('', { shadow: true, status: 'draft' });
    expect([status, body.field]).toEqual([422, 'shadow']);
    const empty = await shadowIn(await suite.gateway.createOrganization());
    const activated = await directoryApi(suite.gateway, empty).patch('', { status: 'active' });
    expect(activated.body).toMatchObject({ status: 'active', shadow: false });
  });

  test('removed, it leaves members as they were', async () => {
    const { organization, organizationId } = await manualWorld();
    const before = peopleState(suite.gateway, organizationId);
    const shadow = await shadowIn(organization);
    await shadow.addUser();
    expect((await directoryApi(suite.gateway, shadow).delete('?grants=drop')).status).toBe(204);
    expect(peopleState(suite.gateway, organizationId)).toEqual(before);
  });
});

/** One request of a history; `who` and `group` pick among those there are. */
const step = fc.record({
  what: fc.constantFrom('add', 'rename', 'off', 'on', 'mail', 'group', 'join', 'leave', 'drop', 'dropGroup'),
  who: fc.nat(3),
});

test('whatever a shadow is told, what members, sessions and invitations see stays the same to the byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 15 }), async (steps) => {
      const { organization, organizationId } = await manualWorld();
      const before = peopleState(suite.gateway, organizationId);
      const { scim } = await shadowIn(organization);
      const users: string[] = [];
      const groups: string[] = [];
      for (const [index, { what, who }] of steps.entries()) {
        suite.gateway.clock.advance(1000);
        const userName = `p${index}@acme.example`;
        const emails = [{ value: who === 0 ? 'ada@acme.example' : userName, primary: true }];
        const user = `/Users/${users.at(who % Math.max(1, users.length)) ?? 'none'}`;
        const group = `/Groups/${groups.at(who % Math.max(1, groups.length)) ?? 'none'}`;
        const member = { value: users[0] ?? 'none' };
        const requests = {
          add: () => scim.post('/Users', aScimUser({ userName, emails, externalId: userName })),
          rename: () => scim.patch(user, patchOf({ op: 'replace', value: { displayName: userName } })),
          off: () => scim.patch(user, patchOf({ op: 'replace', value: { active: false } })),
          on: () => scim.patch(user, patchOf({ op: 'replace', value: { active: true } })),
          mail: () => scim.patch(user, patchOf({ op: 'replace', value: { emails } })),
          group: () => scim.post('/Groups', aScimGroup({ displayName: 'Guests', members: [] })),
          join: () => scim.patch(group, patchOf({ op: 'add', path: 'members', value: [member] })),
          leave: () => scim.patch(group, patchOf({ op: 'remove', path: 'members' })),
          drop: () => scim.delete(user),
          dropGroup: () => scim.delete(group),
        };
        const { status, body } = await requests[what]();
        expect(status).toBeLessThan(500);
        if (status === 201) (what === 'add' ? users : groups).push(body.id);
      }
      expect(peopleState(suite.gateway, organizationId)).toEqual(before);
    }),
    { numRuns: 12 },
  );
});
