/** /organizations/{org}/directories/{id}/conflicts: the queue of doubtful matches as an admin sees and settles it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';
import { pushDoubtful } from './push.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

async function newQueue(count = 1) {
  const organization: Organization = await world.newOrganization();
  const { directory } = await world.gateway.createDirectory(organization, 'okta');
  const base = `/organizations/${organization.id}/directories/${directory.id}`;
  const { body } = await world.send(world.operator, `patch ${base}`, { adoption: 'queue' });
  const conflicts = [];
  for (let index = 0; index < count; index += 1) {
    world.gateway.clock.advance(1);
    conflicts.push(await pushDoubtful(world.gateway, { ...directory, version: 2, adoption: body.adoption }));
  }
  const list = async (query = '') => (await world.send(world.operator, `get ${base}/conflicts${query}`)).body;
  const decide = (id: string | undefined, action: unknown) =>
    world.send(world.operator, `post ${base}/conflicts/${id}/resolve`, { action });
  return { organization, directory, base, conflicts, list, decide };
}

describe('GET', () => {
  test('both sides as they are now, oldest first', async () => {
    const { list, conflicts, base } = await newQueue(3);
    const { items } = await list();
    expect(items.map(({ id }: { readonly id: string }) => id)).toEqual(conflicts.map(({ id }) => id));
    expect(items[0]).toMatchObject({
      status: 'open',
      reason: 'unproved_address',
      pushed: { isActive: true, member: { status: 'suspended' } },
      candidate: { status: 'active', orgRole: 'member' },
      settledAt: null,
    });
    expect(items[0].pushed.member.email).toBe(items[0].candidate.email);
    const { body } = await world.send(world.operator, `get ${base}/conflicts/${conflicts[0]?.id}`);
    expect(body).toEqual(items[0]);
  });

  test('pages, and one kind of status', async () => {
    const { list, conflicts, decide } = await newQueue(3);
    await decide(conflicts[1]?.id, 'reject');
    const first = await list('?limit=2');
    const second = await list(`?limit=2&cursor=${first.nextCursor}`);
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([2, 1, null]);
    const open = await list('?status=open&limit=10');
    expect(open.items.map(({ id }: { readonly id: string }) => id)).toEqual([
      conflicts[0]?.id,
      conflicts[2]?.id,
    ]);
    expect((await list('?status=rejected')).items).toHaveLength(1);
  });

  test('a candidate who is gone is null, and separating still works', async () => {
    const { organization, list, conflicts, decide } = await newQueue();
    const member = `/organizations/${organization.id}/members/${conflicts[0]?.candidateMembershipId}`;
    expect((await world.send(world.operator, `delete ${member}`)).status).toBe(204);
    const [item] = (await list()).items;
    expect([item.candidate, item.candidateId]).toEqual([null, conflicts[0]?.candidateMembershipId]);
    expect((await decide(conflicts[0]?.id, 'adopt')).status).toBe(404);
    expect((await decide(conflicts[0]?.id, 'separate')).body.pushed.member.status).toBe('active');
  });
});

describe('POST resolve', () => {
  test('adopt: the SCIM id stays, the member is the one who was there', async () => {
    const { organization, base, conflicts, decide, list } = await newQueue();
    await world.send(world.operator, `post /organizations/${organization.id}/domains`, {
      domain: 'company.example',
      verified: true,
    });
    const [before] = (await list()).items;
    const refused = await decide(conflicts[0]?.id, 'adopt');
    // The candidate of these tests has an account at an address nobody proved.
    expect([refused.status, refused.body.code, refused.body.field]).toEqual([422, 'invalid', 'action']);
    await world.send(world.operator, `post /organizations/${organization.id}/domains`, {
      domain: 'example.com',
      verified: true,
    });
    const { status, body } = await decide(conflicts[0]?.id, 'adopt');
    expect([status, body.status, body.pushed.directoryUserId]).toEqual([
      200,
      'adopted',
      before.pushed.directoryUserId,
    ]);
    expect(body.pushed.member).toMatchObject({
      id: before.candidateId,
      status: 'active',
      email: before.candidate.email,
    });
    const again = await decide(conflicts[0]?.id, 'adopt');
    expect([again.status, again.body.code]).toEqual([409, 'version_conflict']);
    const members = await world.send(world.operator, `get /organizations/${organization.id}/members`);
    expect(members.body.items).toHaveLength(1);
    expect((await world.send(world.operator, `get ${base}/conflicts?status=open`)).body.items).toEqual([]);
  });

  test.each([undefined, 'merge', '', null])('422: the action %j', async (action) => {
    const { conflicts, decide } = await newQueue();
    const { status, body } = await decide(conflicts[0]?.id, action);
    expect([status, body.field]).toEqual([422, 'action']);
  });

  test('an admin settles conflicts with members, not with admins', async () => {
    const organization = await world.newOrganization();
    const admin = await world.newPerson(organization, 'admin');
    const owner = await world.newPerson(organization, 'owner');
    const { directory } = await world.gateway.createDirectory(organization, 'okta');
    const conflict = await pushDoubtful(world.gateway, { ...directory, adoption: 'queue' });
    const path = `/organizations/${organization.id}/directories/${directory.id}/conflicts/${conflict.id}/resolve`;
    const member = `/organizations/${organization.id}/members/${conflict.candidateMembershipId}`;
    await world.send(owner, `patch ${member}`, { orgRole: 'admin' });
    const { status, body } = await world.send(admin, `post ${path}`, { action: 'adopt' });
    expect([status, body.code]).toEqual([403, 'forbidden']);
    expect((await world.send(admin, `post ${path}`, { action: 'reject' })).status).toBe(200);
  });
});
