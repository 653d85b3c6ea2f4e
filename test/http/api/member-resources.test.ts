/** /organizations/{org}/members/{id}/resources: roles on single things of the product, by hand and by rule. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let organization: { readonly id: string };
let admin: Person;
let member: Person;
let base = '';
const bot = { type: 'chatbot', id: 'Support-1' };
beforeAll(async () => {
  world = await startApiWorld();
  const made = await world.newOrganization();
  organization = made;
  admin = await world.newPerson(made, 'admin');
  member = await world.newPerson(made, 'member');
  base = `/organizations/${made.id}/members/${member.membership.id}`;
});
afterAll(() => world.close());

describe('roles on resources', () => {
  test('404, 200, 200, 204, 404: none, given, changed, told with its reason, taken', async () => {
    const one = `${base}/resources/chatbot/Support-1`;
    expect((await world.send(admin, `get ${one}`)).status).toBe(404);
    const given = await world.send(admin, `put ${one}`, { role: 'viewer' });
    expect([given.status, given.body]).toEqual([200, { resource: bot, role: 'viewer' }]);
    expect((await world.send(admin, `put ${one}`, { role: 'editor' })).status).toBe(200);
    const list = await world.send(member, `get ${base}/resources`);
    expect(list.body).toEqual({ items: [{ resource: bot, role: 'editor' }], nextCursor: null });
    const why = await world.send(admin, `get ${base}/explain`);
    expect(why.body.resources).toMatchObject([
      { resource: bot, role: 'editor', because: [{ scope: 'resource', source: { kind: 'manual' } }] },
    ]);
    expect((await world.send(admin, `delete ${one}`)).status).toBe(204);
    expect((await world.send(admin, `get ${one}`)).status).toBe(404);
    const audit = await world.send(
      world.operator,
      `get /organizations/${organization.id}/audit-events?type=member.resources_changed`,
    );
    expect(audit.body.items).toHaveLength(3);
  });

  test.each(['Chatbot/1', 'chatbot/a%3Ab', 'chatbot/%20', `chatbot/${'x'.repeat(129)}`])(
    '404: no resource is called %s',
    async (name) => {
      const { status, body } = await world.send(admin, `put ${base}/resources/${name}`, { role: 'viewer' });
      expect([status, body.code]).toEqual([404, 'not_found']);
    },
  );

  test('422 invalid: a role that resources do not have', async () => {
    const { status, body } = await world.send(admin, `put ${base}/resources/chatbot/1`, { role: 'owner' });
    expect([status, body.code, body.field]).toEqual([422, 'invalid', 'role']);
  });

  test('S147: members give nothing, admins nothing to admins', async () => {
    const own = await world.send(member, `put ${base}/resources/chatbot/1`, { role: 'admin' });
    expect([own.status, own.body.code]).toEqual([403, 'forbidden']);
    const self = `/organizations/${organization.id}/members/${admin.membership.id}`;
    const raised = await world.send(admin, `put ${self}/resources/chatbot/1`, { role: 'admin' });
    expect([raised.status, raised.body.code]).toEqual([403, 'forbidden']);
    expect((await world.send(admin, `get ${self}/resources`)).body.items).toEqual([]);
  });
});
