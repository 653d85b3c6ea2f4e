/** How an organization's mails look, which ones its members get, and the preview of each. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let owner: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  organization = await world.newOrganization({ name: 'Acme' });
  base = `/organizations/${organization.id}`;
  owner = await world.newPerson(organization, 'owner');
  await world.gateway.deliverMails();
});

const change = (body: object) => world.send(owner, `patch ${base}`, body);
const preview = (body: object) => world.send(owner, `post ${base}/branding/preview`, body);

interface Told {
  readonly details: { readonly because: readonly { readonly kind: string }[] };
}

/** Mails that went out while `work` was done. */
async function mailsOf(work: () => Promise<unknown>) {
  const before = world.gateway.mails.length;
  await work();
  await world.gateway.deliverMails();
  return world.gateway.mails.slice(before).map(({ to, subject, text }) => ({ to, subject, text }));
}

describe('branding', () => {
  test('200: each part by itself; null takes it away; the invitation wears it', async () => {
    await change({ branding: { productName: 'Acme Docs', color: '#123456' } });
    const { status, body } = await change({
      branding: { supportContact: 'help@acme.example', color: null, logoUrl: 'https://acme.example/l.png' },
    });
    expect([status, body.branding]).toEqual([
      200,
      {
        productName: 'Acme Docs',
        color: null,
        logoUrl: 'https://acme.example/l.png',
        supportContact: 'help@acme.example',
        welcomeText: null,
      },
    ]);
    expect((await world.send(owner, `get ${base}`)).body.branding).toEqual(body.branding);
    await world.send(owner, `post ${base}/invitations`, { email: 'bo@example.com' });
    const mail = world.gateway.mails.at(-1);
    expect(mail?.fromName).toBe('Acme Docs via Gatehouse');
    expect(mail?.text).toContain('You have been invited to join Acme on Acme Docs as Member.');
    expect(mail?.text).toContain('Questions? Ask help@acme.example.');
    expect(mail?.html).not.toContain('l.png');
  });

  test.each([
    ['a color by name', { color: 'red' }, 'branding.color'],
    ['a color with more behind it', { color: '#123456;background:url(x)' }, 'branding.color'],
    ['a logo over http', { logoUrl: 'http://acme.example/l.png' }, 'branding.logoUrl'],
    ['a logo that is a script', { logoUrl: 'javascript:alert(1)' }, 'branding.logoUrl'],
    ['a logo with a quote', { logoUrl: 'https://acme.example/"x' }, 'branding.logoUrl'],
    ['a name of two lines (S204)', { productName: 'A\r\nBcc: b' }, 'branding.productName'],
    ['a support contact of two lines', { supportContact: 'A\nB' }, 'branding.supportContact'],
    ['an empty welcome', { welcomeText: '  ' }, 'branding.welcomeText'],
    ['a welcome of 4,001 characters', { welcomeText: 'x'.repeat(4001) }, 'branding.welcomeText'],
    ['a variable nobody knows', { welcomeText: 'Hi {firstname}' }, 'branding.welcomeText'],
    ['a variable of the language', { welcomeText: '{constructor}' }, 'branding.welcomeText'],
    ['a key nobody knows', { css: 'x' }, 'branding.css'],
    ['nothing', {}, 'branding'],
  ])('422: %s', async (_what, branding, field) => {
    const { status, body } = await change({ branding });
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });

  test('403: a member changes and previews nothing', async () => {
    const member = await world.newPerson(organization);
    expect((await world.send(member, `patch ${base}`, { branding: { color: null } })).status).toBe(403);
    const sent = await world.send(member, `post ${base}/branding/preview`, { mail: 'welcome' });
    expect(sent.status).toBe(403);
  });
});

describe('preview', () => {
  test.each(['invitation', 'welcome', 'role_changed', 'removed'])(
    '200: %s in both forms, nothing sent',
    async (mail) => {
      const sent = await mailsOf(async () => {
        const { status, body } = await preview({ mail, branding: { productName: 'Docs & More' } });
        expect(status).toBe(200);
        expect(body.subject).toContain('Acme');
        expect(body.text.length).toBeGreaterThan(40);
        expect(body.html).toContain('Docs &amp; More');
      });
      expect(sent).toEqual([]);
      expect((await world.send(owner, `get ${base}`)).body.branding.productName).toBe(null);
    },
  );

  test('variables of a welcome text are filled in; one that does not exist is 422', async () => {
    const text = 'Hi {name}, {role} of {team} at {organization}.\n\nGo to {link}, ask {support}. {resources}';
    const { body } = await preview({
      mail: 'welcome',
      branding: { welcomeText: text, supportContact: 'Sue' },
    });
    expect(body.text).toContain(
      'Hi Ada Example, Member of Everyone at Acme.\n\n' +
        `Go to ${world.gateway.baseUrl}/sign-in/${organization.slug}, ask Sue. chatbot support (Editor)\n`,
    );
    const bad = await preview({ mail: 'welcome', branding: { welcomeText: '{who}' } });
    expect([bad.status, bad.body.field]).toEqual([422, 'branding.welcomeText']);
    expect(bad.body.detail).toContain('{who}');
  });
});

describe('notices', () => {
  const patchRole = (person: Person, orgRole: string, by = owner) =>
    world.send(by, `patch ${base}/members/${person.membership.id}`, { orgRole });
  const remove = (person: Person) => world.send(owner, `delete ${base}/members/${person.membership.id}`);

  test('a role given by hand and a removal are told, once each; the same role again is not', async () => {
    const person = await world.newPerson(organization);
    const told = await mailsOf(async () => {
      await patchRole(person, 'viewer');
      await patchRole(person, 'viewer');
      world.gateway.clock.advance(1);
      await remove(person);
    });
    expect(told).toEqual([
      {
        to: person.email,
        subject: 'Your role in Acme has changed',
        text: expect.stringContaining('is Viewer from now on; it was Member.'),
      },
      {
        to: person.email,
        subject: 'You are no longer a member of Acme',
        text: expect.stringContaining('You are signed out'),
      },
    ]);
  });

  test('a refused change tells nobody', async () => {
    const told = await mailsOf(async () => {
      expect((await patchRole(owner, 'member')).status).toBe(409);
      expect((await remove(owner)).status).toBe(409);
    });
    expect(told).toEqual([]);
  });

  test('switched off, neither is told; other settings stay', async () => {
    const { body } = await change({ notifications: { roleChanged: false, removed: false } });
    expect(body.notifications).toEqual({ roleChanged: false, removed: false, welcome: false });
    const person = await world.newPerson(organization);
    const told = await mailsOf(async () => {
      await patchRole(person, 'viewer');
      await remove(person);
    });
    expect(told).toEqual([]);
  });

  test('what people do to themselves is not told to them', async () => {
    const heir = await world.newPerson(organization);
    const told = await mailsOf(async () => {
      await world.send(owner, `post ${base}/members/${heir.membership.id}/transfer-ownership`, {});
      await world.send(owner, `delete ${base}/members/me`);
    });
    expect(told.map(({ to }) => to)).toEqual([heir.email]);
  });

  test('roles that a directory or a rule moves are told to nobody: no storm', async () => {
    const { group } = await pushGroup(world.gateway, organization, { count: 5 });
    const rule = (match: object, role: string) =>
      world.send(owner, `post ${base}/group-mappings`, { match, grants: [{ scope: 'org', role }] });
    const told = await mailsOf(async () => {
      expect((await rule({ groupId: group.id }, 'admin')).status).toBe(201);
      expect((await rule({ groupName: 'Guests' }, 'viewer')).status).toBe(201);
      await pushGroup(world.gateway, organization, { name: 'Guests', count: 3 });
    });
    expect(told).toEqual([]);
    const { body } = await world.send(owner, `get ${base}/audit-events?type=member.roles_changed&limit=50`);
    const reasons: string[] = body.items.map(({ details }: Told) => details.because[0]?.kind);
    expect(reasons.filter((kind) => kind === 'directory_group')).toHaveLength(8);
  });

  test('welcome: off until asked for, then with the organization’s words and what the person holds', async () => {
    expect(await mailsOf(() => world.newPerson(organization))).toEqual([]);
    await change({
      notifications: { welcome: true },
      branding: { welcomeText: 'Hi {name}. Start at {link}' },
    });
    const told = await mailsOf(() => world.newPerson(organization, 'viewer', 'vi@example.com'));
    expect(told).toEqual([
      { to: 'vi@example.com', subject: 'Welcome to Acme', text: expect.stringMatching(/^Hi Ada\. Start at/) },
    ]);
    expect(told[0]?.text).toMatch(/Role: +Viewer/);
  });
});
