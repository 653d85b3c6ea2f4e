/** What happens to members besides a change of role: handing over, going, being removed and coming back, and the list as a file. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { csvLine } from '../../../src/http/api/csv.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let owner: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
  owner = await world.newPerson(organization, 'owner', 'olga@example.com');
  base = `/organizations/${organization.id}`;
});

afterAll(() => world.close());

const eventsOf = async (type: string) =>
  (await world.send(world.operator, `get ${base}/audit-events?type=${type}`)).body.items;
const roleOf = async ({ membership }: Person) =>
  (await world.send(world.operator, `get ${base}/members/${membership.id}`)).body.orgRole;

describe('POST transfer-ownership', () => {
  const handOver = (from: Person, to: Person, body: object = {}) =>
    world.send(from, `post ${base}/members/${to.membership.id}/transfer-ownership`, body);

  test('200: the heir owns, the giver is an admin, one row says so', async () => {
    const heir = await world.newPerson(organization, 'viewer');
    const { status, body } = await handOver(owner, heir);
    expect([status, body.orgRole, await roleOf(owner)]).toEqual([200, 'owner', 'admin']);
    const events = await eventsOf('organization.ownership_transferred');
    expect(events).toHaveLength(1);
    expect(events[0].details).toEqual({
      from: owner.membership.id,
      to: heir.membership.id,
      before: 'viewer',
      becomes: 'admin',
    });
    expect((await handOver(heir, owner, { becomes: 'member' })).status).toBe(200);
    expect([await roleOf(heir), await roleOf(owner)]).toEqual(['member', 'owner']);
  });

  test('S147: nobody but an owner in person, and to nobody but another active member', async () => {
    const [admin, member] = [
      await world.newPerson(organization, 'admin'),
      await world.newPerson(organization),
    ];
    expect((await handOver(admin, admin)).status).toBe(403);
    expect((await handOver(member, member)).status).toBe(403);
    const path = `post ${base}/members/${member.membership.id}/transfer-ownership`;
    expect((await world.send(world.operator, path, {})).status).toBe(403);
    expect((await handOver(owner, owner)).body).toMatchObject({ code: 'invalid', field: 'member' });
    await world.send(owner, `patch ${base}/members/${member.membership.id}`, { status: 'suspended' });
    expect((await handOver(owner, member)).body).toMatchObject({ code: 'invalid', field: 'member' });
    expect((await handOver(owner, admin, { becomes: 'owner' })).status).toBe(422);
    expect([await roleOf(owner), await roleOf(admin)]).toEqual(['owner', 'admin']);
  });
});

describe('POST leave', () => {
  test('204: the session is dead at once, the seat is free, and the row says who went', async () => {
    const eve = await world.newPerson(organization, 'viewer');
    expect((await world.send(eve, `post /organizations/${organization.slug}/leave`)).status).toBe(204);
    expect((await world.send(eve, 'get /session')).status).toBe(401);
    const [event] = await eventsOf('member.removed');
    expect(event).toMatchObject({
      actor: { kind: 'member', membershipId: eve.membership.id },
      details: { reason: 'left', endedSessions: 1 },
    });
  });

  test('the last owner stays; another organization is none', async () => {
    const refused = await world.send(owner, `post ${base}/leave`);
    expect([refused.status, refused.body.code]).toEqual([409, 'last_owner']);
    const other = await world.newOrganization();
    expect((await world.send(owner, `post /organizations/${other.id}/leave`)).status).toBe(404);
    expect((await world.send(owner, 'get /session')).status).toBe(200);
  });
});

describe('removal', () => {
  test('the event lists every grant that went; the rows stay; the person may be invited again', async () => {
    const eve = await world.newPerson(organization, 'admin', 'eve@example.com');
    const { body: team } = await world.send(owner, `post ${base}/teams`, { name: 'Red' });
    await world.send(owner, `put ${base}/teams/${team.id}/members/${eve.membership.id}`, { role: 'owner' });
    expect((await world.send(owner, `delete ${base}/members/${eve.membership.id}`)).status).toBe(204);
    const event = (await eventsOf('member.removed')).find(
      ({ target }: { target: { id: string } }) => target.id === eve.membership.id,
    );
    expect(event.details).toMatchObject({
      reason: 'removed',
      userId: eve.membership.userId,
      email: eve.email,
    });
    expect(event.details.grants).toContainEqual({
      kind: 'team',
      teamId: team.id,
      role: 'owner',
      source: 'manual',
    });
    expect((await world.send(eve, 'get /session')).status).toBe(401);
    const again = { email: 'eve@example.com', role: 'viewer' };
    expect((await world.send(owner, `post ${base}/invitations`, again)).status).toBe(201);
  });

  test('S144: who is brought back gets no old session and no role above the one they had', async () => {
    const eve = await world.newPerson(organization, 'member');
    const path = `patch ${base}/members/${eve.membership.id}`;
    await world.send(owner, path, { status: 'suspended' });
    await world.send(owner, path, { orgRole: 'viewer' });
    const { body } = await world.send(owner, path, { status: 'active' });
    expect(body).toMatchObject({ status: 'active', orgRole: 'viewer' });
    expect((await world.send(eve, 'get /session')).status).toBe(401);
  });
});

describe('GET members by source, and as a file', () => {
  test('source picks; a member of a directory comes from it', async () => {
    const directed = await world.newOrganization();
    await pushGroup(world.gateway, directed, { name: 'All', count: 2 });
    const list = async (source: string) =>
      (await world.send(world.operator, `get /organizations/${directed.id}/members?source=${source}`)).body;
    expect((await list('directory')).items).toHaveLength(2);
    expect((await list('invitation')).items).toHaveLength(0);
    expect((await list('nowhere')).code).toBe('invalid');
  });

  test('S202: a download whose cells are text, every member once', async () => {
    const wide = await world.newOrganization();
    const { users } = await pushGroup(world.gateway, wide, { name: 'All', count: 3 });
    const answer = await world.send(world.operator, `get /organizations/${wide.id}/members/export`);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${wide.slug}-members.csv"`,
      'x-content-type-options': 'nosniff',
    });
    const lines = String(answer.body).trimEnd().split('\r\n');
    expect(lines[0]).toBe(
      'id,userId,email,name,status,orgRole,teams,source,lastActiveAt,avatarUrl,department',
    );
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(users.map((user) => user.membershipId));
  });

  test('viewers get no file', async () => {
    const viewer = await world.newPerson(organization, 'viewer');
    expect((await world.send(viewer, `get ${base}/members/export`)).status).toBe(403);
  });

  test.each([
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@a', `"'@a"`],
    ['\t=1', `"'\t=1"`],
    ['\r=1', `"'\r=1"`],
    ['  =1', `"'  =1"`],
    ['\uff1d1', `"'\uff1d1"`],
    ['a"b', '"a""b"'],
    ['a\nb', '"a\nb"'],
    ['a,b', '"a,b"'],
    ['plain', 'plain'],
  ])('S202: %j is written as %j', (cell, written) => {
    expect(csvLine([cell])).toBe(`${written}\r\n`);
  });
});
