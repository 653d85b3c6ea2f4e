/** Who somebody is, as an identity provider meets it: doubtful matches, return after deletion, rename, repeats, order. */
import { describe, expect, test } from '@jest/globals';
import { directoryApi } from '../../support/directory-api.ts';
import { membersOf } from '../../support/members.ts';
import { aScimGroup, aScimUser, patchOf } from '../../support/scim.ts';
import { dumpOf, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

const seatsOf = async (organizationId: Awaited<ReturnType<typeof suite.world>>['organizationId']) =>
  (await suite.gateway.storage.organizations.find(organizationId))?.seatsUsed;

describe('the queue', () => {
  test('2.A-3: the directory sees what it pushed, active included, and changes it as usual', async () => {
    const organization = await suite.gateway.createOrganization();
    const first = await suite.worldIn(organization);
    await first.addUser();
    const world = await suite.worldIn(organization);
    // Once its directory is gone, the member of before is there by hand.
    await directoryApi(suite.gateway, first).delete('');
    await directoryApi(suite.gateway, world).patch('', { adoption: 'queue' });
    const made = await world.scim.post('/Users', aScimUser());
    expect([made.status, made.body.active]).toEqual([201, true]);
    expect(await seatsOf(organization.id)).toBe(1);
    const found = await world.scim.get('/Users?filter=userName%20eq%20%22ADA@acme.example%22');
    expect(found.body.Resources).toEqual([made.body]);
    const patched = await world.scim.patch(
      `/Users/${made.body.id}`,
      patchOf({ op: 'replace', value: { active: false } }, { op: 'replace', value: { active: true } }),
    );
    expect([patched.status, patched.body.active]).toEqual([200, true]);
    expect(await seatsOf(organization.id)).toBe(1);
  });
});

describe('return', () => {
  test('L14, L40: deleted and pushed again: a new SCIM id, the same person', async () => {
    const { scim, addUser, organizationId } = await suite.world();
    const id = await addUser();
    const [before] = await membersOf(suite.gateway, organizationId);
    expect((await scim.delete(`/Users/${id}`)).status).toBe(204);
    expect(await membersOf(suite.gateway, organizationId)).toEqual([]);
    const again = await addUser();
    expect(again).not.toBe(id);
    const [after] = await membersOf(suite.gateway, organizationId);
    expect([after?.id, after?.userId]).toEqual([before?.id, before?.userId]);
    for (const method of ['get', 'delete'] as const) {
      expect((await scim[method](`/Users/${id}`)).status).toBe(404);
    }
  });

  test('2.B-40, 2.B-41: active false and true again on the same id', async () => {
    const { scim, addUser, organizationId } = await suite.world('entra');
    const id = await addUser();
    const set = (value: string) =>
      scim.patch(`/Users/${id}`, patchOf({ op: 'Replace', path: 'active', value }));
    expect((await set('False')).body.active).toBe(false);
    expect((await scim.get(`/Users/${id}`)).status).toBe(200);
    expect(await seatsOf(organizationId)).toBe(0);
    expect((await set('True')).body).toMatchObject({ id, active: true });
    expect(await seatsOf(organizationId)).toBe(1);
  });
});

describe('externalId', () => {
  test('L16, S116: two of one externalId are both found, in the same order every time, and the log says so', async () => {
    const { scim, addUser } = await suite.world();
    const first = await addUser({ externalId: 'E1' });
    const lines = () =>
      suite.gateway.logLines.filter(({ message }) => message === 'scim externalId is shared').length;
    const before = lines();
    suite.gateway.clock.advance(1);
    const second = await addUser({ userName: 'eve', externalId: 'E1' });
    expect(lines()).toBe(before + 1);
    for (let time = 0; time < 3; time += 1) {
      const { body } = await scim.get('/Users?filter=externalId%20eq%20%22E1%22');
      expect(body.Resources.map(({ id }: { readonly id: string }) => id)).toEqual([first, second]);
    }
    await scim.patch(`/Users/${first}`, patchOf({ op: 'replace', path: 'title', value: 'x' }));
    expect(lines()).toBe(before + 1);
    const third = await addUser({ userName: 'kim', externalId: 'E2' });
    await scim.patch(`/Users/${third}`, patchOf({ op: 'replace', path: 'externalId', value: 'E1' }));
    expect(lines()).toBe(before + 2);
  });
});

describe('repeats and order', () => {
  test('R20: each request of a life sent three times ends as if sent once', async () => {
    const { scim, organizationId } = await suite.world();
    const thrice = async (send: () => Promise<{ readonly status: number }>) => {
      const statuses = [];
      for (let time = 0; time < 3; time += 1) statuses.push((await send()).status);
      return statuses;
    };
    expect(await thrice(() => scim.post('/Users', aScimUser()))).toEqual([201, 409, 409]);
    const [{ id }] = (await scim.get('/Users')).body.Resources;
    const rename = patchOf({ op: 'replace', path: 'userName', value: 'ada.l' });
    expect(await thrice(() => scim.patch(`/Users/${id}`, rename))).toEqual([200, 200, 200]);
    expect((await scim.get(`/Users/${id}`)).body.meta.version).toBe('W/"2"');
    expect(await thrice(() => scim.put(`/Users/${id}`, aScimUser({ active: false })))).toEqual([
      200, 200, 200,
    ]);
    expect(await thrice(() => scim.delete(`/Users/${id}`))).toEqual([204, 404, 404]);
    expect(await thrice(() => scim.post('/Users', aScimUser()))).toEqual([201, 409, 409]);
    expect(await membersOf(suite.gateway, organizationId)).toHaveLength(1);
    expect(await seatsOf(organizationId)).toBe(1);
  });

  test('R24: a group before its people, a deactivation before the creation: defined errors, and the next cycle converges', async () => {
    const { scim, addUser, addGroup } = await suite.world();
    const group = await addGroup();
    const nobody = 'du_0123456789abcdefghjkmnpqrs';
    const before = await dumpOf(scim);
    const early = await scim.patch(
      `/Groups/${group}`,
      patchOf({ op: 'add', path: 'members', value: [{ value: nobody }] }),
    );
    expect([early.status, early.body.scimType]).toEqual([400, 'invalidValue']);
    const off = await scim.patch(`/Users/${nobody}`, patchOf({ op: 'replace', value: { active: false } }));
    expect(off.status).toBe(404);
    expect(await dumpOf(scim)).toEqual(before);
    const id = await addUser();
    await scim.patch(`/Groups/${group}`, patchOf({ op: 'add', path: 'members', value: [{ value: id }] }));
    await scim.patch(`/Users/${id}`, patchOf({ op: 'replace', value: { active: false } }));
    expect((await scim.get(`/Users/${id}`)).body).toMatchObject({
      active: false,
      groups: [{ value: group }],
    });
    expect(
      (await scim.post('/Groups', aScimGroup({ displayName: 'Other', members: [{ value: id }] }))).status,
    ).toBe(201);
  });
});
