/** Invitations in the browser: looking costs nothing, joining works once and for the invited person only, and dead links tell nothing. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Actor } from '../../../src/core/entities/journal.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import type { Membership } from '../../../src/core/entities/people.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { resendInvitation } from '../../../src/core/joining/invitation-changes.ts';
import { createInvitation, revokeInvitation } from '../../../src/core/joining/invitations.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import { createTeam } from '../../../src/core/members/teams.ts';
import { days } from '../../../src/kernel/clock.ts';
import { createBrowser } from '../../support/browser.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { aMember, FOREIGN, invite, PASSWORD, postForm } from '../../support/page-visits.ts';
import { sessionStatus, setSession } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let organization: Organization;

beforeAll(async () => {
  gateway = await startGateway();
  organization = await gateway.createOrganization({ name: 'Manual Co' });
});

afterAll(() => gateway.close());

const open = (path: string, browser = createBrowser()) => browser.follow(`${gateway.baseUrl}${path}`);
const join = { name: 'Bob', password: PASSWORD };

async function statusOf(id: Awaited<ReturnType<typeof invite>>['invitation']['id']) {
  return (await gateway.storage.invitations.find(organization.id, id))?.status;
}

describe('looking', () => {
  test('shows organization, address, role, expiry and the message in its lines, escaped', async () => {
    const message = 'See you on Monday.\n\n<b>Ada</b>';
    const { path, email } = await invite(gateway, organization, { message });
    const page = await open(path);
    expect(page.status).toBe(200);
    for (const fact of ['Manual Co', email, 'Member', '2026-03-08 12:00 UTC'])
      expect(page.text).toContain(fact);
    expect(page.text).toContain(
      '<p class="told lines"><bdi>See you on Monday.\n\n&lt;b&gt;Ada&lt;/b&gt;</bdi></p>',
    );
    const css = await open(/href="([^"]*\.css[^"]*)"/.exec(page.text)?.[1] ?? '');
    expect(css.text).toMatch(/\.lines \{\s*white-space: pre-line/);
  });

  test('says who invited while they are here, and the promised teams and resources by name', async () => {
    const { token } = await invite(gateway, organization);
    const acceptor = { kind: 'new', name: 'Ada Byron', password: PASSWORD } as const;
    const { membership } = await acceptInvitation(gateway.deps, { token, acceptor, cause: testCause });
    const context = { organizationId: organization.id, cause: testCause };
    const team = await createTeam(gateway.deps, { ...context, name: 'Research & <Co>' });
    const { id: membershipId, userId, email: address } = membership;
    const actor = { kind: 'member', membershipId, userId, email: address } as const;
    const { url } = await createInvitation(gateway.deps, {
      organizationId: organization.id,
      cause: { ...testCause, actor },
      caller: { kind: 'operator' },
      invitation: {
        ...{ email: 'promised@manual.example', role: 'viewer', delivery: 'link' },
        teams: [{ teamId: team.id, role: 'admin' }],
        resources: [{ resource: { type: 'chatbot', id: 'support' }, role: 'editor' }],
      },
    });
    const path = url.slice(gateway.baseUrl.length);
    const { text } = await open(path);
    expect(text).toContain('<dt>Role</dt><dd><bdi>Viewer</bdi></dd>');
    expect(text).toContain('<dd><bdi>Research &amp; &lt;Co&gt;</bdi> as Admin</dd>');
    expect(text).toContain('<dd><bdi>chatbot support</bdi> as Editor</dd>');
    expect(text).toContain(`<dt>Invited by</dt><dd><bdi>${membership.name}</bdi></dd>`);
    const change = { status: 'suspended' } as const;
    await changeMember(gateway.deps, { ...context, id: membership.id, caller: { kind: 'operator' }, change });
    expect((await open(path)).text).not.toContain('Invited by');
  });

  test('S164 a GET, a HEAD, a prefetch, a hundred times, consume nothing', async () => {
    const { path, invitation } = await invite(gateway, organization);
    const scanner = createBrowser({ headers: { purpose: 'prefetch', 'sec-purpose': 'prefetch' } });
    for (let visit = 0; visit < 100; visit += 1)
      await scanner.request(`${gateway.baseUrl}${path}`, { method: visit % 2 === 0 ? 'GET' : 'HEAD' });
    expect(await statusOf(invitation.id)).toBe('pending');
    expect((await postForm(gateway, createBrowser(), { path, fields: join })).status).toBe(303);
  });

  test('S168 the token is in no log line and no Referer, and no page loads anything from elsewhere', async () => {
    const { path, token } = await invite(gateway, organization);
    const page = await open(path);
    await postForm(gateway, createBrowser(), { path, fields: { ...join, password: 'short' } });
    await postForm(gateway, createBrowser(), { path, fields: join });
    await postForm(gateway, createBrowser(), { path, fields: join });
    await gateway.request().put(path);
    expect(JSON.stringify(gateway.logLines)).not.toContain(token);
    expect(gateway.logLines.some(({ fields }) => fields.route === '/invitations/:token')).toBe(true);
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cache-control')).toBe('no-store');
    const addresses = [...page.text.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, address]) => address);
    expect(addresses.filter((address) => !address?.startsWith('/'))).toEqual([]);
    const rows = await gateway.storage.auditEvents.list(organization.id, {}, { limit: 1000 });
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test('S158 storage holds a keyed hash of the token and nothing that opens the link', async () => {
    const { token, invitation } = await invite(gateway, organization);
    const row = await gateway.storage.invitations.find(organization.id, invitation.id);
    expect(JSON.stringify(row)).not.toContain(token);
    expect(token).toMatch(/^ghi_[\w-]{22}$/);
    for (const wrong of [
      token.slice(0, -1),
      `${token}A`,
      token.toUpperCase(),
      row?.tokenHash ?? '',
      invitation.id,
    ])
      expect((await open(`/invitations/${wrong}`)).status).toBe(404);
  });
});

describe('joining as somebody new', () => {
  test('34: a picture that is none is said at its field, what was typed stays, and no page of ours loads one', async () => {
    const { path } = await invite(gateway, organization);
    const fields = { ...join, displayName: 'Bobby', avatarUrl: 'http://pictures.example/b.png' };
    const page = await postForm(gateway, createBrowser(), { path, fields });
    expect(page.status).toBe(422);
    expect(page.text).toMatch(/id="avatarUrl-problem"[^>]*>Give the address of a picture/);
    expect(page.text).toContain('value="Bobby"');
    expect(page.text).not.toContain('<img');
    expect(page.headers.get('content-security-policy')).not.toMatch(/img-src[^;]*https:/);
    const good = { ...fields, avatarUrl: 'https://pictures.example/b.png' };
    expect((await postForm(gateway, createBrowser(), { path, fields: good })).status).toBe(303);
  });

  test('opens a session, makes the member, and leads to their page', async () => {
    const { path, email, invitation } = await invite(gateway, organization);
    const browser = createBrowser();
    const page = await browser.submitForm(await open(path, browser), { form: 'accept', values: join });
    expect(page).toMatchObject({ status: 200, url: `${gateway.baseUrl}/` });
    for (const fact of ['Bob', email, 'Manual Co']) expect(page.text).toContain(fact);
    expect(await statusOf(invitation.id)).toBe('accepted');
  });

  test('S165: told that they are in when they open the link again; to everybody else it is dead', async () => {
    const { path } = await invite(gateway, organization);
    const browser = createBrowser();
    await browser.submitForm(await open(path, browser), { form: 'accept', values: join });
    const again = await open(path, browser);
    expect([again.status, again.text.includes('You are a member already')]).toEqual([200, true]);
    const other = createBrowser();
    const their = await invite(gateway, organization);
    await other.submitForm(await open(their.path, other), { form: 'accept', values: join });
    for (const anybody of [createBrowser(), other]) expect((await open(path, anybody)).status).toBe(404);
  });

  test('may sign in to an account they have, and is led back here', async () => {
    const { path } = await invite(gateway, organization);
    const { text, url } = await open(path, createBrowser());
    const back = new URLSearchParams({ return_to: new URL(url).pathname });
    expect(text).toContain(`href="/sign-in?${back}"`);
  });

  test.each([
    ['a short password', { name: 'Bob', password: 'short' }, 'at least 15 characters'],
    ['no password', { name: 'Bob', password: '' }, 'at least 15 characters'],
    ['one letter over and over', { name: 'Bob', password: 'a'.repeat(30) }, 'too few characters'],
    ['no name', { name: '  ', password: PASSWORD }, 'enter your name'],
    ['a name of 201 characters', { name: 'x'.repeat(201), password: PASSWORD }, 'at most 200'],
    ['a name with a line break', { name: 'Bob\r\nBcc: x', password: PASSWORD }, 'enter your name'],
    ['nothing at all', {}, 'enter your name'],
  ])(
    '%s: 422, the same form with what is wrong, the name kept, the invitation still good',
    async (_title, fields, text) => {
      const { path, invitation } = await invite(gateway, organization);
      const page = await postForm(gateway, createBrowser(), { path, fields });
      expect(page.status).toBe(422);
      expect(page.text).toContain(text);
      expect(page.text).toMatch(/role="alert"/);
      expect(page.text).toMatch(/aria-invalid="true" autofocus/);
      if ('name' in fields && fields.name === 'Bob') expect(page.text).toContain('value="Bob"');
      expect(page.text).not.toContain(PASSWORD);
      expect(setSession(page)).toBeUndefined();
      expect(await statusOf(invitation.id)).toBe('pending');
    },
  );

  test('everything that is wrong is said at its field, and the first of them has the focus', async () => {
    const { path } = await invite(gateway, organization);
    const fields = {
      name: ' ',
      displayName: 'x'.repeat(201),
      avatarUrl: 'http://a.example/b',
      password: 'short',
    };
    const page = await postForm(gateway, createBrowser(), { path, fields });
    expect(page.status).toBe(422);
    for (const field of Object.keys(fields)) expect(page.text).toContain(`id="${field}-problem"`);
    expect(page.text.match(/aria-invalid="true"/g)).toHaveLength(4);
    expect(page.text.match(/ autofocus/g)).toHaveLength(1);
    expect(page.text).toMatch(/name="name"[^>]* autofocus/);
  });

  test('S159 fifty at once: one joins, one seat, and the others get the page of a dead link', async () => {
    const { path, email } = await invite(gateway, organization);
    const before = (await gateway.storage.organizations.find(organization.id))?.seatsUsed ?? 0;
    const pages = await Promise.all(
      Array.from({ length: 50 }, () => postForm(gateway, createBrowser(), { path, fields: join })),
    );
    expect(pages.map(({ status }) => status).toSorted()).toEqual([303, ...Array(49).fill(404)]);
    expect(pages.filter((page) => setSession(page) !== undefined)).toHaveLength(1);
    expect(await gateway.storage.memberships.listByEmail(organization.id, email)).toHaveLength(1);
    expect((await gateway.storage.organizations.find(organization.id))?.seatsUsed).toBe(before + 1);
  });

  test.each(FOREIGN)('S186 posted from %s: 403, nothing happens', async (_title, headers) => {
    const { path, invitation } = await invite(gateway, organization);
    expect((await postForm(gateway, createBrowser(), { path, fields: join, headers })).status).toBe(403);
    expect(await statusOf(invitation.id)).toBe('pending');
  });

  test('S167 no seat left: 409 with whom to ask, and the invitation stays good', async () => {
    const full = await gateway.createOrganization({ name: 'Full', plan: { preset: 'enterprise', seats: 1 } });
    const [one, two] = [await invite(gateway, full), await invite(gateway, full)];
    await postForm(gateway, createBrowser(), { path: one.path, fields: join });
    const page = await postForm(gateway, createBrowser(), { path: two.path, fields: join });
    expect(page.status).toBe(409);
    expect(page.text).toContain('All seats of this organization are taken');
    expect((await gateway.storage.invitations.find(full.id, two.invitation.id))?.status).toBe('pending');
  });
});

describe('with an account', () => {
  test('not signed in: the page leads to the sign-in and back, then one button joins', async () => {
    const other = await gateway.createOrganization({ name: 'Second Co' });
    const { email } = await aMember(gateway, organization);
    const { path } = await invite(gateway, other, { email });
    const browser = createBrowser();
    const first = await open(path, browser);
    expect(first.text).not.toContain('name="name"');
    const link = /href="(\/sign-in\?[^"]+)"/.exec(first.text)?.[1] ?? '';
    const signIn = await open(link, browser);
    const back = await browser.submitForm(signIn, {
      form: 'password',
      values: { email, password: PASSWORD },
    });
    expect(back.url).toBe(first.url);
    const done = await browser.submitForm(back, { form: 'accept' });
    expect(done.text).toContain('Second Co');
  });

  test('the password of the account joins on the spot, under the name it has', async () => {
    const other = await gateway.createOrganization({ name: 'Third Co' });
    const { email } = await aMember(gateway, organization, 'Old Name');
    const { path } = await invite(gateway, other, { email });
    const browser = createBrowser();
    const page = await browser.submitForm(await open(path, browser), {
      form: 'accept',
      values: { password: PASSWORD },
    });
    expect(page.url).toBe(`${gateway.baseUrl}/`);
    for (const fact of ['Third Co', 'Old Name']) expect(page.text).toContain(fact);
  });

  test('another password joins nobody and makes no second account', async () => {
    const other = await gateway.createOrganization({ name: 'Third Co' });
    const { email } = await aMember(gateway, organization);
    const { path, invitation } = await invite(gateway, other, { email });
    const fields = { name: 'Mallory', password: 'another sentence, just as long' };
    const page = await postForm(gateway, createBrowser(), { path, fields });
    expect(page.status).toBe(401);
    expect(page.text).toContain('not the password of that account');
    expect(setSession(page)).toBeUndefined();
    expect((await gateway.storage.invitations.find(other.id, invitation.id))?.status).toBe('pending');
  });

  test('S160 signed in as somebody else: a choice, and nothing is bound by posting', async () => {
    const other = await gateway.createOrganization({ name: 'Fourth Co' });
    const { browser, email: mine } = await aMember(gateway, organization);
    const { path, email, invitation } = await invite(gateway, other);
    const page = await open(path, browser);
    expect(page.text).toContain(mine);
    expect(page.text).toContain(email);
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    expect((await postForm(gateway, browser, { path, fields: { ...join, csrf } })).status).toBe(403);
    expect((await gateway.storage.invitations.find(other.id, invitation.id))?.status).toBe('pending');
    const back = await browser.submitForm(page, { form: 'sign-out' });
    expect(back.url).toBe(page.url);
    expect(back.text).toContain('name="password"');
  });

  test('S160 signed in as somebody else whose address it is too: a mail to it, and they join as who they are', async () => {
    const other = await gateway.createOrganization({ name: 'Sixth Co' });
    const { browser, email: mine } = await aMember(gateway, organization);
    const { path, email } = await invite(gateway, other);
    const sent = await browser.submitForm(await open(path, browser), { form: 'prove' });
    for (const words of ['mailbox', `join as <bdi>${mine}</bdi>`]) expect(sent.text).toContain(words);
    const mail = gateway.mails.filter(({ to }) => to === email).at(-1);
    const url = mail?.text.split('\n').find((line) => line.startsWith(`${gateway.baseUrl}${path}/`)) ?? '';
    const proved = url.slice(gateway.baseUrl.length);
    const stranger = await aMember(gateway, organization);
    expect((await open(proved, stranger.browser)).text).toContain('You are signed in as');
    const page = await open(proved, browser);
    expect(page.text).toContain(`You join as <bdi>${mine}</bdi>`);
    const done = await browser.submitForm(page, { form: 'accept' });
    for (const fact of ['Sixth Co', email]) expect(done.text).toContain(fact);
    const [joined] = await gateway.storage.memberships.listByEmail(other.id, email);
    expect((await gateway.storage.users.findByEmail(mine))?.id).toBe(joined?.userId);
  });

  test('S186 signed in as the invited person, without the token of the form: 403', async () => {
    const other = await gateway.createOrganization({ name: 'Fifth Co' });
    const { browser, email } = await aMember(gateway, organization);
    const { path, invitation } = await invite(gateway, other, { email });
    for (const fields of [{}, { csrf: '' }, { csrf: 'x'.repeat(43) }])
      expect((await postForm(gateway, browser, { path, fields })).status).toBe(403);
    expect((await gateway.storage.invitations.find(other.id, invitation.id))?.status).toBe('pending');
    expect(await sessionStatus(gateway, browser)).toBe(200);
  });
});

describe('asking for a new one', () => {
  const expired = async (invitedBy?: Membership) => {
    const given = await invite(gateway, organization);
    const { id } = given.invitation;
    await gateway.storage.transact(async (tx) => {
      const row = await tx.invitations.find(organization.id, id);
      const by = invitedBy && {
        ...{ kind: 'member', membershipId: invitedBy.id, userId: invitedBy.userId, email: null },
      };
      if (row !== undefined)
        await tx.invitations.update(
          organization.id,
          { ...row, expiresAt: 1, ...(by === undefined ? {} : { invitedBy: by as Actor }) },
          row.version,
        );
    });
    return given;
  };
  const ask = async (path: string) => {
    const browser = createBrowser();
    const page = await browser.submitForm(await open(path, browser), { form: 'ask' });
    await gateway.deliverMails();
    return page;
  };
  const asked = (email: string) =>
    gateway.mails.filter(({ text }) => text.includes(email) && text.includes('asks for a new one'));
  const memberOf = async (email: string) => {
    const [member] = await gateway.storage.memberships.listByEmail(organization.id, email);
    return member;
  };

  test('the inviter hears of it once, and the row says so; sent again, the new link works and may be asked for anew', async () => {
    const inviter = await aMember(gateway, organization, 'Inviter');
    const { path, email, invitation } = await expired(await memberOf(inviter.email));
    for (const _ of [1, 2, 3]) expect((await ask(path)).text).toContain('We pass it on where we can');
    expect(asked(email).map(({ to }) => to)).toEqual([inviter.email]);
    // The console is the operator's: nothing a member could open.
    expect(asked(email)[0]?.text).not.toContain('/console');
    const row = () => gateway.storage.invitations.find(organization.id, invitation.id);
    expect((await row())?.askedAt).toBe(gateway.clock.now());
    const request = { organizationId: organization.id, id: invitation.id, cause: testCause } as const;
    await resendInvitation(gateway.deps, { ...request, caller: { kind: 'operator' } });
    expect((await row())?.askedAt).toBeNull();
  });

  const newOwner = async (within: typeof organization) => {
    const owner = await aMember(gateway, within, 'Owner');
    const [member] = await gateway.storage.memberships.listByEmail(within.id, owner.email);
    if (member === undefined) throw new Error('no owner');
    await changeMember(gateway.deps, {
      ...{ organizationId: within.id, id: member.id, cause: testCause, caller: { kind: 'operator' } },
      change: { orgRole: 'owner' },
    });
    return owner;
  };

  test('the owners hear of what the operator or somebody who has gone made', async () => {
    const owner = await newOwner(organization);
    const { path, email } = await expired();
    await ask(path);
    expect(asked(email).map(({ to }) => to)).toEqual([owner.email]);
  });

  test('S165 no oracle: pending, accepted, unknown and voided ask like the others, and nobody is told', async () => {
    const pending = await invite(gateway, organization);
    const accepted = await invite(gateway, organization);
    const acceptor = { kind: 'new', ...join } as const;
    await acceptInvitation(gateway.deps, { token: accepted.token, acceptor, cause: testCause });
    const managed = await gateway.createOrganization({ name: 'Then managed' });
    await newOwner(managed);
    const owner = await newOwner(organization);
    const voided = await invite(gateway, managed);
    await gateway.createDirectory(managed);
    const dead = await expired();
    const pages = [];
    for (const { path } of [accepted, voided, dead, { path: '/invitations/x' }, { path: '/links/x' }])
      pages.push(await ask(path));
    expect(new Set(pages.map(({ text }) => text)).size).toBe(1);
    const posted = await postForm(gateway, createBrowser(), { path: pending.path, fields: { ask: 'new' } });
    expect(posted.status).toBe(303);
    for (const { email } of [pending, accepted, voided]) expect(asked(email)).toEqual([]);
    expect(asked(dead.email).map(({ to }) => to)).toContain(owner.email);
  });

  test.each(FOREIGN)('S186 posted from %s: 403, nobody is told', async (_title, headers) => {
    const { path, email } = await expired();
    const page = await postForm(gateway, createBrowser(), { path, fields: { ask: 'new' }, headers });
    expect([page.status, asked(email)]).toEqual([403, []]);
  });
});

describe('S165 dead links', () => {
  const dead = async () => {
    const accepted = await invite(gateway, organization);
    const acceptor = { kind: 'new', ...join } as const;
    await acceptInvitation(gateway.deps, { token: accepted.token, acceptor, cause: testCause });
    const revoked = await invite(gateway, organization);
    await revokeInvitation(gateway.deps, {
      caller: { kind: 'operator' },
      organizationId: organization.id,
      cause: testCause,
      id: revoked.invitation.id,
    });
    const managed = await gateway.createOrganization({ name: 'Soon managed' });
    const voided = await invite(gateway, managed);
    await gateway.createDirectory(managed);
    const expired = await invite(gateway, organization);
    gateway.clock.advance(days(7));
    const unknown = `/invitations/ghi_${'A'.repeat(43)}`;
    return [
      unknown,
      accepted.path,
      revoked.path,
      voided.path,
      expired.path,
      '/invitations/x',
      '/invitations/%3Cb%3E',
    ];
  };

  test('used, withdrawn, expired, voided by a directory and unknown are one page, for GET and for POST', async () => {
    const paths = await dead();
    const pages = [];
    for (const path of paths)
      pages.push(await open(path), await postForm(gateway, createBrowser(), { path, fields: join }));
    expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([404]));
    expect(new Set(pages.map(({ text }) => text)).size).toBe(1);
    expect(pages.some((page) => setSession(page) !== undefined)).toBe(false);
  });
});
