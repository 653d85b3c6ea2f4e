/** POST /invitations/{token}/accept and GET /session: how a link becomes a person with a session, once. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newSessionToken, startSession } from '../../../src/core/sign-in/sessions.ts';
import { days } from '../../../src/kernel/clock.ts';
import { nextText } from '../../support/builders.ts';
import { testCause } from '../../support/gateway.ts';
import { type Answer, type ApiWorld, cookieSender, PASSWORD, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const person = { name: 'Eve', password: PASSWORD };
const fresh = () => `${nextText('invitee')}@example.com`;

async function newInvitation(input: object = {}, plan?: { preset: string; seats: number }) {
  const organization = await world.newOrganization(plan === undefined ? {} : { plan });
  const list = `/organizations/${organization.id}/invitations`;
  const { body } = await world.send(world.operator, `post ${list}`, {
    email: fresh(),
    delivery: 'link',
    ...input,
  });
  return { organization, list, invitation: body, accept: acceptOf(body) };
}

const acceptOf = ({ url }: { readonly url: string }) => `post /invitations/${url.split('/').at(-1)}/accept`;

/** The session cookie an answer set, as the browser would send it back. */
function sessionOf(answer: Answer) {
  const [cookie = '', ...attributes] = (answer.headers['set-cookie'] ?? '').split('; ');
  const token = cookie.slice(cookie.indexOf('=') + 1);
  return { cookie, attributes, sender: cookieSender(token, world.gateway.baseUrl) };
}

describe('S163: after the switch to a directory both links say who decides now', () => {
  test.each(['copied', 'mailed'])('the %s link answers 409 naming the directory', async (kind) => {
    const { organization, invitation } = await newInvitation({ delivery: 'email' });
    const mailed = /\S+\/invitations\/\S+/.exec(world.gateway.mails.at(-1)?.text ?? '')?.[0] ?? '';
    await world.gateway.createDirectory(organization, 'okta');
    const link = kind === 'copied' ? invitation : { url: mailed };
    const { status, body } = await world.send(world.nobody, acceptOf(link), person);
    expect([status, body.code, body.detail]).toEqual([
      409,
      'invitations_disabled',
      expect.stringContaining('Okta'),
    ]);
  });
});

describe('S160: signed in with another address', () => {
  const proofMailedTo = (email: string): string => {
    const { text = '' } = world.gateway.mails.filter(({ to }) => to === email).at(-1) ?? {};
    return /\/invitations\/[^/\s]+\/(ghp_\S+)/.exec(text)?.[1] ?? '';
  };

  test('200 with what a mail to the invited address carried, once, and only for whoever asked for it', async () => {
    const { organization, invitation, accept } = await newInvitation();
    const proofs = accept.replace(/accept$/, 'proofs');
    const elsewhere = await world.newOrganization();
    const [asker, other] = [await world.newPerson(elsewhere), await world.newPerson(elsewhere)];
    const wrong = await world.send(asker, accept);
    expect([wrong.status, wrong.body.whatToDo]).toEqual([
      403,
      expect.stringContaining('POST /invitations/{token}/proofs'),
    ]);
    expect((await world.send(asker, proofs)).status).toBe(204);
    const proof = proofMailedTo(invitation.email);
    expect(proof).not.toBe('');
    expect((await world.send(other, accept, { proof })).status).toBe(403);
    const { status, body } = await world.send(asker, accept, { proof });
    expect(status).toBe(200);
    const { storage } = world.gateway;
    const joined = await storage.memberships.find(organization.id, body.membershipId);
    expect([joined?.userId, joined?.email]).toEqual([asker.membership.userId, invitation.email]);
    const again = await world.send(other, accept, { proof });
    expect([again.status, again.body.code]).toEqual([410, 'invitation_used']);
  });

  test('401 without a session, 404 for a dead link or a proof of another invitation; the invitation stays', async () => {
    const [one, two] = [await newInvitation(), await newInvitation()];
    const proofs = ({ accept }: typeof one) => accept.replace(/accept$/, 'proofs');
    expect((await world.send(world.nobody, proofs(one))).status).toBe(401);
    const asker = await world.newPerson(await world.newOrganization());
    expect((await world.send(asker, 'post /invitations/ghi_x/proofs')).status).toBe(404);
    await world.send(asker, proofs(two));
    const proof = proofMailedTo(two.invitation.email);
    for (const wrong of [proof, 'ghp_x']) {
      const { status, body } = await world.send(asker, one.accept, { proof: wrong });
      expect([status, body.code]).toEqual([404, 'not_found']);
    }
    const { body } = await world.send(world.operator, `get ${one.list}/${one.invitation.id}`);
    expect(body.status).toBe('pending');
  });
});

describe('somebody new', () => {
  test('200: a member with the promised role and teams, signed in by a __Host- cookie (S185)', async () => {
    const { organization, invitation, accept } = await newInvitation({ role: 'viewer' });
    const answer = await world.send(world.nobody, accept, { ...person, name: '  Eve Adams ' });
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        membershipId: expect.stringMatching(/^mem_/),
        organization: { id: organization.id, slug: organization.slug },
        orgRole: 'viewer',
      },
    ]);
    const { cookie, attributes, sender } = sessionOf(answer);
    expect(cookie).toMatch(/^__Host-gatehouse-session=ghs_/);
    expect(attributes).toEqual(
      expect.arrayContaining(['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax', 'Max-Age=86400']),
    );
    expect(attributes.join()).not.toMatch(/domain/i);
    const session = await world.send(sender, 'get /session');
    expect(session.body).toEqual({
      user: { id: expect.stringMatching(/^usr_/), email: invitation.email, name: 'Eve Adams' },
      organization: { id: organization.id, slug: organization.slug },
      membershipId: answer.body.membershipId,
      orgRole: 'viewer',
      teams: [],
      connectionId: null,
      authenticatedAt: '2026-03-01T12:00:00.000Z',
    });
  });

  test('team roles of the invitation are there, by name', async () => {
    const organization = await world.newOrganization();
    const base = `/organizations/${organization.id}`;
    const { body: team } = await world.send(world.operator, `post ${base}/teams`, { name: 'Red' });
    const invited = { email: fresh(), teams: [{ team: team.id, role: 'owner' }] };
    const { body } = await world.send(world.operator, `post ${base}/invitations`, invited);
    const { sender } = sessionOf(await world.send(world.nobody, acceptOf(body), person));
    expect((await world.send(sender, 'get /session')).body.teams).toEqual([
      { id: team.id, name: 'Red', role: 'owner' },
    ]);
  });

  test.each([
    [{ name: 'Eve' }, undefined],
    [{ password: PASSWORD }, 'name'],
    [{ name: '', password: PASSWORD }, 'name'],
    [{ name: 'Eve', password: 'short' }, 'password'],
    [{ name: 'Eve', password: 'x'.repeat(20) }, 'password'],
    [{ name: 'Eve', password: 'ab'.repeat(600) }, 'password'],
    [{ name: 'Eve', password: 'abcdefgh'.repeat(100) }, 'password'],
    [{ name: 'Eve', password: 7 }, 'password'],
    [{ ...person, role: 'owner' }, 'role'],
    [[], undefined],
  ])('422 invalid, and the link still works: %j', async (body, field) => {
    const { accept } = await newInvitation();
    const refused = await world.send(world.nobody, accept, body);
    expect([refused.status, refused.body.code, refused.body.field]).toEqual([422, 'invalid', field]);
    expect((await world.send(world.nobody, accept, person)).status).toBe(200);
  });

  test('401: neither a person nor a session', async () => {
    const { accept } = await newInvitation();
    for (const body of [undefined, {}]) {
      const { status, body: problem } = await world.send(world.nobody, accept, body);
      expect([status, problem.code]).toEqual([401, 'unauthenticated']);
    }
  });

  test('409: an address that has an account needs its own password, or a session', async () => {
    const known = await world.newPerson(await world.newOrganization());
    const { organization, accept } = await newInvitation({ email: known.email });
    const guess = { name: 'Eve', password: 'another sentence entirely' };
    const { status, body } = await world.send(world.nobody, accept, guess);
    expect([status, body.code, body.field]).toEqual([409, 'already_exists', 'email']);
    const wrong = await world.send(world.nobody, accept, { password: guess.password });
    expect([wrong.status, wrong.body.code]).toEqual([409, 'already_exists']);
    // An account has its name already.
    const answer = await world.send(world.nobody, accept, { password: PASSWORD });
    expect([answer.status, answer.body.organization.id]).toEqual([200, organization.id]);
    const session = await world.send(sessionOf(answer).sender, 'get /session');
    expect(session.body.user.id).toBe(known.membership.userId);
  });

  test('S165: 410 used, revoked, expired; 404 unknown', async () => {
    const used = await newInvitation();
    await world.send(world.nobody, used.accept, person);
    const revoked = await newInvitation();
    await world.send(world.operator, `delete ${revoked.list}/${revoked.invitation.id}`);
    const expired = await newInvitation();
    const rows = [
      [used.accept, 410, 'invitation_used'],
      [revoked.accept, 410, 'invitation_revoked'],
      ['post /invitations/ghi_nobody/accept', 404, 'not_found'],
      ['post /invitations/%20/accept', 404, 'not_found'],
    ] as const;
    for (const [accept, status, code] of rows) {
      const answer = await world.send(world.nobody, accept, person);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
    }
    world.gateway.clock.advance(days(7));
    const late = await world.send(world.nobody, expired.accept, person);
    expect([late.status, late.body.code]).toEqual([410, 'invitation_expired']);
    world.gateway.clock.advance(-days(7));
  });

  test('S164: no GET accepts anything', async () => {
    const { accept, list, invitation } = await newInvitation();
    const answer = await world.send(world.nobody, accept.replace('post', 'get'));
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
    expect((await world.send(world.operator, `get ${list}/${invitation.id}`)).body.status).toBe('pending');
  });
});

describe('somebody signed in', () => {
  test('200: joins with the session; the session before is over (S184)', async () => {
    const known = await world.newPerson(await world.newOrganization());
    const { organization, accept } = await newInvitation({ email: known.email.toUpperCase() });
    const answer = await world.send(known, accept);
    expect([answer.status, answer.body.organization.id]).toEqual([200, organization.id]);
    expect((await world.send(sessionOf(answer).sender, 'get /session')).body.organization.id).toBe(
      organization.id,
    );
    expect((await world.send(known, 'get /session')).status).toBe(401);
  });

  test('S160: 403 for another address, and the invitation stays', async () => {
    const other = await world.newPerson(await world.newOrganization());
    const { accept } = await newInvitation();
    const refused = await world.send(other, accept, {});
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    expect((await world.send(other, 'get /session')).status).toBe(200);
    expect((await world.send(world.nobody, accept, person)).status).toBe(200);
  });

  test('S186: 403 from a page that is not ours, whatever the body says', async () => {
    const known = await world.newPerson(await world.newOrganization());
    const { accept } = await newInvitation({ email: known.email });
    const foreign = { headers: { ...known.headers, origin: 'https://evil.example' } };
    for (const body of [{}, person]) {
      const { status, body: problem } = await world.send(foreign, accept, body);
      expect([status, problem.code]).toEqual([403, 'forbidden']);
    }
    expect((await world.send(known, accept, {})).status).toBe(200);
  });
});

describe('34: display name and picture', () => {
  test('200: kept with the person, in the list and in the answer of one; the picture is never loaded', async () => {
    const { organization, accept } = await newInvitation();
    const more = { displayName: 'Evie', avatarUrl: ' HTTPS://Pictures.example/a b.png ' };
    const { status, body } = await world.send(world.nobody, accept, { ...person, ...more });
    expect(status).toBe(200);
    const list = `/organizations/${organization.id}/members`;
    const one = await world.send(world.operator, `get ${list}/${body.membershipId}`);
    const told = { name: 'Evie', avatarUrl: 'https://pictures.example/a%20b.png' };
    expect(one.body).toMatchObject(told);
    expect((await world.send(world.operator, `get ${list}`)).body.items[0]).toMatchObject(told);
    const user = await world.gateway.storage.users.find(one.body.userId);
    expect([user?.name, user?.avatarUrl]).toEqual(['Eve', told.avatarUrl]);
  });

  test.each([
    'http://pictures.example/eve.png',
    'https://eve:secret@pictures.example/eve.png',
    'https://eve@pictures.example/eve.png',
    'javascript:alert(1)',
    'data:image/png;base64,AAAA',
    '/eve.png',
    `https://pictures.example/${'e'.repeat(500)}`,
    ...['127.0.0.1', '127.1', '0x7f000001', '169.254.169.254', '10.0.0.1.', '[::1]', '[::ffff:a00:1]'].map(
      (host) => `https://${host}/e.png`,
    ),
    ...['localhost', 'LOCALHOST.', 'a.localhost', 'intranet', 'printer.local', 'vault.internal.'].map(
      (host) => `https://${host}/e.png`,
    ),
    'https:\\\\pictures.example\\e.png',
  ])('422 for %s; the invitation stays', async (avatarUrl) => {
    const { accept } = await newInvitation();
    const { status, body } = await world.send(world.nobody, accept, { ...person, avatarUrl });
    expect([status, body.code, body.field]).toEqual([422, 'invalid', 'avatarUrl']);
    expect((await world.send(world.nobody, accept, person)).status).toBe(200);
  });

  test('422 beside a session: an account has its own', async () => {
    const { accept } = await newInvitation();
    const { status, body } = await world.send(world.nobody, accept, { avatarUrl: 'https://a.example/e.png' });
    expect([status, body.code]).toEqual([422, 'invalid']);
  });
});

describe('races', () => {
  test('50 parallel accepts of one link: one 200, the others 410 or 409, one member', async () => {
    const { organization, accept } = await newInvitation();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => world.send(world.nobody, accept, person)),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(200);
    expect(statuses.slice(1).every((status) => status === 410 || status === 409)).toBe(true);
    const { body } = await world.send(world.operator, `get /organizations/${organization.id}/members`);
    expect(body.items).toHaveLength(1);
  });

  test('S167: whoever wants into a full organization is told whom to ask, and the invitation stays', async () => {
    const { organization, list, invitation, accept } = await newInvitation({}, { preset: 'team', seats: 2 });
    const { id } = organization;
    await world.newPerson(organization);
    await world.send(world.operator, `patch /organizations/${id}`, { plan: { preset: 'team', seats: 1 } });
    const { status, body } = await world.send(world.nobody, accept, person);
    expect([status, body.code]).toEqual([409, 'seats_exhausted']);
    expect(body.whatToDo).toContain('Ask the person who invited you');
    expect(`${body.detail} ${body.whatToDo}`).not.toMatch(/free one|suspend|plan/i);
    const waiting = await world.send(world.operator, `get ${list}/${invitation.id}`);
    expect(waiting.body.status).toBe('pending');
    await world.send(world.operator, `patch /organizations/${id}`, { plan: { preset: 'team', seats: 2 } });
    expect((await world.send(world.nobody, accept, person)).status).toBe(200);
  });

  test('S167: five seats, 20 parallel accepts: exactly five members, the other links still work', async () => {
    const organization = await world.newOrganization({ plan: { preset: 'team', seats: 5 } });
    const base = `/organizations/${organization.id}`;
    const links: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      const { body } = await world.send(world.operator, `post ${base}/invitations`, {
        email: fresh(),
        delivery: 'link',
      });
      links.push(acceptOf(body));
    }
    const answers = await Promise.all(links.map((link) => world.send(world.nobody, link, person)));
    const codes = answers.map(({ status, body }) => (status === 200 ? 'in' : body.code));
    expect(codes.filter((code) => code === 'in')).toHaveLength(5);
    expect(codes.filter((code) => code === 'seats_exhausted')).toHaveLength(15);
    const pending = await world.send(world.operator, `get ${base}/invitations?status=pending`);
    expect(pending.body.items).toHaveLength(15);
    await world.send(world.operator, `patch ${base}`, { plan: { preset: 'team', seats: 6 } });
    const late = links[codes.indexOf('seats_exhausted')] ?? '';
    expect((await world.send(world.nobody, late, person)).status).toBe(200);
  });
});

describe('GET /session', () => {
  test('401: nobody, the operator key, an unknown cookie', async () => {
    const unknown = cookieSender(newSessionToken(), world.gateway.baseUrl);
    for (const sender of [world.nobody, world.operator, unknown]) {
      const { status, body, headers } = await world.send(sender, 'get /session');
      expect([status, body.code]).toEqual([401, 'unauthenticated']);
      expect(headers['www-authenticate']).toMatch(/^Bearer/);
    }
  });

  test('200: no answer is kept by anybody on the way', async () => {
    const someone = await world.newPerson(await world.newOrganization());
    const { headers } = await world.send(
      { headers: { cookie: someone.headers.cookie ?? '' } },
      'get /session',
    );
    expect(headers['cache-control']).toBe('no-store');
  });

  test('401 after the idle limit of eight hours, and after a day whatever happens (S185)', async () => {
    const someone = await world.newPerson(await world.newOrganization());
    for (let hour = 0; hour < 23; hour += 7) {
      expect((await world.send(someone, 'get /session')).status).toBe(200);
      world.gateway.clock.advance(7 * 3_600_000);
    }
    expect((await world.send(someone, 'get /session')).status).toBe(401);
  });

  test('a session of a connection says which', async () => {
    const organization = await world.newOrganization();
    const { membership } = await world.newPerson(organization);
    const { deps, storage, baseUrl } = world.gateway;
    const base = `/organizations/${organization.id}/connections`;
    const { body: connection } = await world.send(world.operator, `post ${base}`, {
      protocol: 'oidc',
      name: 'A',
      issuer: 'https://idp.example.com',
      clientId: 'a',
      clientSecret: 'b',
    });
    const token = newSessionToken();
    await storage.transact(async (tx) => {
      const current = await tx.memberships.find(organization.id, membership.id);
      const context = { organizationId: organization.id, cause: testCause, now: deps.clock() };
      const tokenHash = deps.hashToken(token);
      await startSession(tx, context, {
        membership: current ?? membership,
        tokenHash,
        authentication: { connectionId: connection.id, amr: [] },
      });
    });
    const { body } = await world.send(cookieSender(token, baseUrl), 'get /session');
    expect(body.connectionId).toBe(connection.id);
  });
});
