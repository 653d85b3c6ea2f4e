/** /organizations/{org}/invitations: one canonical address, a link shown once, and every door shut under a directory. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { days, hours, minutes } from '../../../src/kernel/clock.ts';
import { nextText } from '../../support/builders.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let organization: Organization;
let admin: Person;
let base = '';
let team = '';
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization({ name: 'Acme Works' });
  admin = await world.newPerson(organization, 'admin');
  base = `/organizations/${organization.id}/invitations`;
  const made = await world.send(admin, `post /organizations/${organization.id}/teams`, { name: 'Red' });
  team = made.body.id;
});
afterAll(() => world.close());

/** An admin who does nothing for half an hour would be signed out (S185). */
async function anHourPasses(): Promise<void> {
  for (let part = 0; part < 3; part += 1) {
    world.gateway.clock.advance(minutes(20));
    await world.send(admin, 'get /session');
  }
}

const invite = (input: object, sender = admin) => world.send(sender, `post ${base}`, input);
const fresh = () => `${nextText('person')}@example.com`;

describe('POST', () => {
  test('201: a member for seven days, by mail, with the link shown once', async () => {
    const email = fresh();
    const { status, body } = await invite({ email });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^inv_/),
      status: 'pending',
      email,
      role: 'member',
      teams: [],
      message: null,
      channel: 'email',
      expiresAt: '2026-03-08T12:00:00.000Z',
      delivery: { channel: 'email', status: 'sent' },
      invitedBy: { kind: 'member', membershipId: admin.membership.id },
    });
    expect(body.url).toMatch(new RegExp(`^${world.gateway.baseUrl}/invitations/ghi_[\\w-]{22}$`));
    expect(world.gateway.mails.at(-1)).toMatchObject({ to: email, text: expect.stringContaining(body.url) });
    const { body: shown } = await world.send(admin, `get ${base}/${body.id}`);
    expect(JSON.stringify(shown)).not.toContain('ghi_');
    const { url: _url, ...rest } = body;
    expect(shown).toEqual(rest);
  });

  test('201: as a link no mail leaves; teams by id or with a role; a message; another expiry', async () => {
    const before = world.gateway.mails.length;
    const { body } = await invite({
      email: fresh(),
      role: 'viewer',
      teams: [{ team, role: 'admin' }],
      message: ' Hello,\r\nwelcome. ',
      expiresIn: '48h',
      delivery: 'link',
    });
    expect(body).toMatchObject({
      role: 'viewer',
      teams: [{ id: team, role: 'admin' }],
      message: 'Hello,\nwelcome.',
      channel: 'link',
      delivery: { channel: 'link' },
      expiresAt: '2026-03-03T12:00:00.000Z',
    });
    expect(world.gateway.mails).toHaveLength(before);
    expect((await invite({ email: fresh(), teams: [team] })).body.teams).toEqual([
      { id: team, role: 'member' },
    ]);
    // As answered.
    const again = await invite({ email: fresh(), teams: body.teams });
    expect([again.status, again.body.teams]).toEqual([201, body.teams]);
  });

  test.each([
    ['1h', hours(1)],
    ['24h', hours(24)],
    ['720h', days(30)],
    ['30d', days(30)],
  ])('201: expiresIn %s', async (expiresIn, ms) => {
    const { body } = await invite({ email: fresh(), expiresIn, delivery: 'link' });
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(ms);
  });

  test.each([
    ['no address', {}, 'email'],
    ['two addresses (S172)', { email: 'a@example.com,b@example.com' }, 'email'],
    ['a header (S204)', { email: 'a@example.com\r\nBcc: b@example.com' }, 'email'],
    ['an owner of a group (S172)', { email: 'friends: a@example.com;' }, 'email'],
    ['0h', { email: 'a@example.com', expiresIn: '0h' }, 'expiresIn'],
    ['31 days', { email: 'a@example.com', expiresIn: '31d' }, 'expiresIn'],
    ['721 hours', { email: 'a@example.com', expiresIn: '721h' }, 'expiresIn'],
    ['minutes', { email: 'a@example.com', expiresIn: '90m' }, 'expiresIn'],
    ['an unknown role', { email: 'a@example.com', role: 'boss' }, 'role'],
    ['a malformed team', { email: 'a@example.com', teams: ['red'] }, 'teams[0]'],
    ['an unknown team', { email: 'a@example.com', teams: [`team_${'0'.repeat(26)}`] }, 'teams[0]'],
    ['a resource without an id', { email: 'a@example.com', resources: [{ type: 'bot' }] }, 'resources[0].id'],
    ['a message of 1001 characters', { email: 'a@example.com', message: 'x'.repeat(1001) }, 'message'],
    ['a message with an escape (S205)', { email: 'a@example.com', message: 'a\u001b[31m' }, 'message'],
    ['a delivery by pigeon', { email: 'a@example.com', delivery: 'pigeon' }, 'delivery'],
    ['a key nobody knows', { email: 'a@example.com', uses: 5 }, 'uses'],
  ])('422 invalid, naming the field: %s', async (_what, input, field) => {
    const { status, body } = await invite(input);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });

  test('422: the same team twice', async () => {
    const { status, body } = await invite({ email: fresh(), teams: [team, { team, role: 'owner' }] });
    expect([status, body.field]).toEqual([422, 'teams']);
  });

  test('403 (S162): an admin invites no admin, nobody invites an owner, a member invites nobody', async () => {
    const owner = await world.newPerson(organization, 'owner');
    const member = await world.newPerson(organization, 'member');
    const rows = [
      [admin, 'admin', 'role'],
      [admin, 'owner', 'role'],
      [owner, 'owner', 'role'],
      [member, 'viewer', undefined],
    ] as const;
    for (const [sender, role, field] of rows) {
      const { status, body } = await invite({ email: fresh(), role }, sender);
      expect([status, body.code, body.field]).toEqual([403, 'forbidden', field]);
      // What to do is about the rule that refused, not about any permission.
      const way = field === undefined ? /permission/ : sender === owner ? /another role/ : /owner/;
      expect(body.whatToDo).toMatch(way);
    }
    expect((await invite({ email: fresh(), role: 'admin' }, owner)).status).toBe(201);
  });

  test('409: already_member, already_invited, whatever the case; free again once revoked or expired', async () => {
    const member = await invite({ email: admin.email.toUpperCase() });
    expect([member.status, member.body.code, member.body.field]).toEqual([409, 'already_member', 'email']);
    const away = await world.newPerson(organization);
    await world.send(admin, `patch ${base.replace(/invitations$/, 'members')}/${away.membership.id}`, {
      status: 'suspended',
    });
    const suspended = await invite({ email: away.email });
    expect([suspended.status, suspended.body.code]).toEqual([409, 'already_member']);
    expect(suspended.body.whatToDo).toContain('Reactivate');
    const { body: first } = await invite({ email: 'Twice@Example.COM', expiresIn: '1h' });
    expect(first.email).toBe('Twice@example.com');
    const again = await invite({ email: 'twice@example.com' });
    expect([again.status, again.body.code, again.body.field]).toEqual([409, 'already_invited', 'email']);
    await world.send(admin, `delete ${base}/${first.id}`);
    expect((await invite({ email: 'twice@example.com', expiresIn: '1h' })).status).toBe(201);
    await anHourPasses();
    expect((await invite({ email: 'twice@example.com' })).status).toBe(201);
  });

  test('409 seats_exhausted and 403 plan_lacks: what the plan does not hold', async () => {
    const full = await world.newOrganization({ plan: { preset: 'team', seats: 1 } });
    await world.newPerson(full);
    const seats = await world.send(world.operator, `post /organizations/${full.id}/invitations`, {
      email: fresh(),
    });
    expect([seats.status, seats.body.code]).toEqual([409, 'seats_exhausted']);
    const free = await world.newOrganization({ plan: { preset: 'free' } });
    const lacks = await world.send(world.operator, `post /organizations/${free.id}/invitations`, {
      email: fresh(),
    });
    expect([lacks.status, lacks.body.code]).toEqual([403, 'plan_lacks']);
  });
});

describe('GET and DELETE', () => {
  async function newList() {
    const { id } = await world.newOrganization();
    const list = `/organizations/${id}/invitations`;
    const ids: Record<string, string> = {};
    for (const [name, expiresIn] of [
      ['expired', '1h'],
      ['revoked', '7d'],
      ['pending', '7d'],
      ['expired2', '1h'],
    ]) {
      const input = { email: `${name}@example.com`, expiresIn, delivery: 'link' };
      const { body } = await world.send(world.operator, `post ${list}`, input);
      ids[name ?? ''] = body.id;
      world.gateway.clock.advance(1);
    }
    await world.send(world.operator, `delete ${list}/${ids.revoked}`);
    await anHourPasses();
    return { list, ids };
  }

  test('200: newest first, by status as a person sees it, page by page', async () => {
    const { list } = await newList();
    const emails = async (query: string) => {
      const { body } = await world.send(world.operator, `get ${list}?${query}`);
      return body.items.map((item: { email: string }) => item.email.split('@')[0]);
    };
    expect(await emails('')).toEqual(['expired2', 'pending', 'revoked', 'expired']);
    expect(await emails('status=pending')).toEqual(['pending']);
    expect(await emails('status=revoked')).toEqual(['revoked']);
    expect(await emails('status=accepted')).toEqual([]);
    expect(await emails('status=expired')).toEqual(['expired2', 'expired']);
    const first = await world.send(world.operator, `get ${list}?status=expired&limit=1`);
    expect(first.body.items).toMatchObject([{ email: 'expired2@example.com', status: 'expired' }]);
    expect(await emails(`status=expired&limit=1&cursor=${first.body.nextCursor}`)).toEqual(['expired']);
  });

  test('204: withdrawn, twice is once; 410: one that was accepted; 404: unknown', async () => {
    const { list, ids } = await newList();
    expect((await world.send(world.operator, `delete ${list}/${ids.pending}`)).status).toBe(204);
    expect((await world.send(world.operator, `delete ${list}/${ids.pending}`)).status).toBe(204);
    expect((await world.send(world.operator, `get ${list}/${ids.pending}`)).body).toMatchObject({
      status: 'revoked',
      settledAt: expect.any(String),
    });
    const { body } = await world.send(admin, `get ${base}?status=accepted`);
    const used = await world.send(admin, `delete ${base}/${body.items[0].id}`);
    expect([used.status, used.body.code]).toEqual([410, 'invitation_used']);
    const unknown = await world.send(admin, `delete ${base}/inv_${'0'.repeat(26)}`);
    expect([unknown.status, unknown.body.code]).toEqual([404, 'not_found']);
  });

  test.each(['status=open', 'limit=-1', 'cursor=!'])('422 invalid: ?%s', async (query) => {
    const { status, body } = await world.send(admin, `get ${base}?${query}`);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', query.split('=')[0]]);
  });
});

describe('S163: in a directory-managed organization every door is shut, with a sentence that says whom to ask', () => {
  test('list, read, create, revoke and accept answer 409; pending ones are dead', async () => {
    const directed = await world.newOrganization();
    const list = `/organizations/${directed.id}/invitations`;
    const { body: pending } = await world.send(world.operator, `post ${list}`, { email: fresh() });
    const token = pending.url.split('/').at(-1);
    const { directory } = await world.gateway.createDirectory(directed, 'okta');
    const mails = world.gateway.mails.length;
    const person = { name: 'Eve', password: 'a sentence nobody guesses' };
    const rows = [
      [`get ${list}`, undefined],
      [`get ${list}/${pending.id}`, undefined],
      [`get ${list}/inv_${'0'.repeat(26)}`, undefined],
      [`post ${list}`, { email: fresh() }],
      [`delete ${list}/${pending.id}`, undefined],
      [`post /invitations/${token}/accept`, person],
    ] as const;
    for (const [request, body] of rows) {
      const answer = await world.send(world.operator, request, body);
      expect([request, answer.status, answer.body.code]).toEqual([request, 409, 'invitations_disabled']);
      expect(answer.body.detail).toContain('Okta');
    }
    expect(world.gateway.mails).toHaveLength(mails);
    await world.send(world.operator, `delete /organizations/${directed.id}/directories/${directory.id}`);
    const after = await world.send(world.nobody, `post /invitations/${token}/accept`, person);
    expect([after.status, after.body.code]).toEqual([410, 'invitation_revoked']);
    expect((await world.send(world.operator, `post ${list}`, { email: fresh() })).status).toBe(201);
  });
});
