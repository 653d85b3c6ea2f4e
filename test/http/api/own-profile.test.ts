/** PATCH /session: how somebody is seen in an organization after joining it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';
import { newDirectedPerson } from './push.ts';

let world: ApiWorld;
let organization: Organization;
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
});
afterAll(() => world.close());

const PICTURE = 'https://pictures.example/a.png';

test('200: name and picture are what everybody sees from now on, and null takes them away; each change is recorded', async () => {
  const person = await world.newPerson(organization, 'viewer');
  const { id, userId } = person.membership;
  const base = `/organizations/${organization.id}`;
  const changed = await world.send(person, 'patch /session', { displayName: 'Addy', avatarUrl: PICTURE });
  expect([changed.status, changed.body.user]).toMatchObject([200, { name: 'Addy', avatarUrl: PICTURE }]);
  expect((await world.send(person, 'get /session')).body).toEqual(changed.body);
  const member = await world.send(world.operator, `get ${base}/members/${id}`);
  expect(member.body).toMatchObject({ name: 'Addy', avatarUrl: PICTURE });
  const file = await world.send(world.operator, `get ${base}/members/export`);
  expect(String(file.body)).toContain(`,${PICTURE},\r\n`);
  expect(await world.gateway.storage.users.find(userId)).toMatchObject({ name: 'Ada', avatarUrl: PICTURE });
  const taken = await world.send(person, 'patch /session', { displayName: null, avatarUrl: null });
  expect(taken.body.user).toEqual({ id: userId, email: person.email, name: 'Ada' });
  expect((await world.gateway.storage.users.find(userId))?.avatarUrl).toBeNull();
  const audit = await world.send(world.operator, `get ${base}/audit-events?target=${id}&type=member.updated`);
  const plain = { name: 'Ada', avatarUrl: null };
  const chosen = { name: 'Addy', avatarUrl: PICTURE };
  expect(audit.body.items).toMatchObject([
    { actor: { membershipId: id }, details: { before: chosen, after: plain } },
    { actor: { membershipId: id }, details: { before: plain, after: chosen } },
  ]);
});

test.each([
  ['nothing', {}, 'body'],
  ['a picture over http', { avatarUrl: 'http://pictures.example/a.png' }, 'avatarUrl'],
  ['a picture that is a script', { avatarUrl: 'javascript:alert(1)' }, 'avatarUrl'],
  ['an empty name', { displayName: ' ' }, 'displayName'],
  ['a name of two lines', { displayName: 'A\nB' }, 'displayName'],
  ['a role', { orgRole: 'owner' }, 'orgRole'],
])('422 for %s', async (_what, body, field) => {
  const person = await world.newPerson(organization);
  const refused = await world.send(person, 'patch /session', body);
  expect([refused.status, refused.body.code]).toEqual([422, 'invalid']);
  if (field !== 'body') expect(refused.body.field).toBe(field);
});

test('what a session of an identity provider changes stays in its organization, and a name from a directory in the directory', async () => {
  const directed = await world.newOrganization();
  const { membership, sender } = await newDirectedPerson(world.gateway, directed);
  const refused = await world.send(sender, 'patch /session', { displayName: 'Another' });
  expect([refused.status, refused.body.code, refused.body.field]).toEqual([
    409,
    'role_from_directory',
    'displayName',
  ]);
  const { status, body } = await world.send(sender, 'patch /session', { avatarUrl: PICTURE });
  expect([status, body.user.avatarUrl]).toEqual([200, PICTURE]);
  expect((await world.gateway.storage.users.find(membership.userId))?.avatarUrl).toBeNull();
});
