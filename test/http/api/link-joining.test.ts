/** /invitation-links/{token}: who may join through a link that was passed on, with which address, and how often. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { changeMember, removeMember } from '../../../src/core/members/members.ts';
import { newSessionToken, startSession } from '../../../src/core/sign-in/sessions.ts';
import { hours } from '../../../src/kernel/clock.ts';
import { nextText } from '../../support/builders.ts';
import { testCause } from '../../support/gateway.ts';
import {
  type ApiWorld,
  cookieSender,
  PASSWORD,
  type Person,
  type Sender,
  startApiWorld,
} from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const person = { name: 'Eve', password: PASSWORD };
const fresh = (domain = 'example.com') => `${nextText('joiner')}@${domain}`;

interface Link {
  readonly organization: Organization;
  readonly id: string;
  readonly list: string;
  /** `/invitation-links/{token}`. */
  readonly path: string;
}

async function newLink(
  input: object = {},
  choice: { by?: Sender; in?: Organization; plan?: { preset: string; seats: number } } = {},
): Promise<Link> {
  const organization =
    choice.in ?? (await world.newOrganization(choice.plan === undefined ? {} : { plan: choice.plan }));
  const list = `/organizations/${organization.id}/invitation-links`;
  const made = { expiresIn: '24h', ...input };
  const { body } = await world.send(choice.by ?? world.operator, `post ${list}`, made);
  return { organization, list, id: body.id, path: `/invitation-links/${body.url.split('/').at(-1)}` };
}

/** Asks for a mail and takes the proof out of it. */
async function proveAddress({ path }: Link, email: string, by: Sender = world.nobody): Promise<string> {
  const { status } = await world.send(by, `post ${path}/proofs`, { email });
  expect(status).toBe(204);
  const mail = world.gateway.mails.filter(({ to }) => to === email.toLowerCase()).at(-1);
  return /\/links\/[^/\s]+\/(\S+)/.exec(mail?.text ?? '')?.[1] ?? '';
}

async function joinAnew(link: Link, email = fresh()) {
  const proof = await proveAddress(link, email);
  return world.send(world.nobody, `post ${link.path}/accept`, { ...person, proof });
}

const usesOf = async ({ list, id }: Link): Promise<number> =>
  (await world.send(world.operator, `get ${list}/${id}`)).body.uses;

/** Somebody with a proved address: their account began with a mailed invitation. */
async function provedPerson(email = fresh()): Promise<Sender & { readonly email: string }> {
  const organization = await world.newOrganization();
  await world.send(world.operator, `post /organizations/${organization.id}/invitations`, { email });
  const mailed = /\/invitations\/(\S+)/.exec(world.gateway.mails.at(-1)?.text ?? '')?.[1] ?? '';
  const { headers } = await world.send(world.nobody, `post /invitations/${mailed}/accept`, person);
  const [cookie = ''] = (headers['set-cookie'] ?? '').split(';');
  return { ...cookieSender(cookie.slice(cookie.indexOf('=') + 1), world.gateway.baseUrl), email };
}

/** The same person, in a session that an identity provider of an organization vouches for. */
async function throughTheirIdp({ membership }: Person): Promise<Sender> {
  const { deps, storage, clock, baseUrl } = world.gateway;
  const token = newSessionToken();
  const { organizationId } = membership;
  await storage.transact(async (tx) => {
    const now = (await tx.memberships.find(organizationId, membership.id)) ?? membership;
    const context = { organizationId, cause: testCause, now: clock.now() };
    const authentication = { connectionId: null, amr: ['fed'] };
    await startSession(tx, context, { membership: now, tokenHash: deps.hashToken(token), authentication });
  });
  return cookieSender(token, baseUrl);
}

describe('looking', () => {
  test('S164: 200 with organization, role, domains and end, a hundred times, and no use is counted', async () => {
    const link = await newLink({ role: 'viewer', domains: ['acme.example'] });
    for (let visit = 0; visit < 100; visit += 1) {
      const { status, body } = await world.send(world.nobody, `get ${link.path}`);
      expect([status, body]).toEqual([
        200,
        {
          organization: { name: link.organization.name },
          ...{ role: 'viewer', domains: ['acme.example'], expiresAt: expect.any(String) },
        },
      ]);
    }
    expect(await usesOf(link)).toBe(0);
  });

  test('S165: 410 revoked, used up, expired; 404 unknown, on every route', async () => {
    const revoked = await newLink();
    await world.send(world.operator, `delete ${revoked.list}/${revoked.id}`);
    const used = await newLink();
    expect((await joinAnew(used)).status).toBe(200);
    const expired = await newLink({ expiresIn: '1h' });
    const proof = await proveAddress(expired, fresh());
    world.gateway.clock.advance(hours(1));
    const unknown = { ...expired, path: `/invitation-links/ghl_${'A'.repeat(22)}` };
    for (const [link, status, code] of [
      [revoked, 410, 'invitation_revoked'],
      [used, 410, 'invitation_used'],
      [expired, 410, 'invitation_expired'],
      [unknown, 404, 'not_found'],
    ] as const) {
      for (const [request, body] of [
        [`get ${link.path}`, undefined],
        [`post ${link.path}/proofs`, { email: fresh() }],
        [`post ${link.path}/accept`, { ...person, proof }],
      ] as const) {
        const answer = await world.send(world.nobody, request, body);
        expect([request, answer.status, answer.body.code]).toEqual([request, status, code]);
      }
    }
  });
});

describe('somebody new', () => {
  test('S161: 200 with a proved address: a member with role and team, signed in, and the use says who', async () => {
    const organization = await world.newOrganization();
    const base = `/organizations/${organization.id}`;
    const team = await world.send(world.operator, `post ${base}/teams`, { name: 'Red' });
    const teams = [{ team: team.body.id, role: 'admin' }];
    const link = await newLink({ role: 'viewer', teams }, { in: organization });
    const email = fresh();
    const { status, body, headers } = await joinAnew(link, email);
    expect([status, body]).toMatchObject([200, { organization: { id: organization.id }, orgRole: 'viewer' }]);
    const [cookie = ''] = (headers['set-cookie'] ?? '').split(';');
    const sender = cookieSender(cookie.slice(cookie.indexOf('=') + 1), world.gateway.baseUrl);
    expect((await world.send(sender, 'get /session')).body).toMatchObject({
      user: { email, name: 'Eve' },
      teams: [{ name: 'Red', role: 'admin' }],
    });
    expect((await world.gateway.storage.users.findByEmail(email))?.emailVerifiedAt).not.toBeNull();
    const uses = await world.send(world.operator, `get ${link.list}/${link.id}/uses`);
    expect(uses.body.items).toEqual([{ memberId: body.membershipId, email, usedAt: expect.any(String) }]);
    const why = await world.send(world.operator, `get ${base}/members/${body.membershipId}/explain`);
    expect(JSON.stringify(why.body.orgRole)).toContain(link.id);
  });

  test('S161: 422 without a proof; 404 with one that is spent, over, of another link or made up', async () => {
    const [link, other] = [await newLink({ maxUses: 9 }), await newLink()];
    const accept = `post ${link.path}/accept`;
    const none = await world.send(world.nobody, accept, person);
    expect([none.status, none.body.code, none.body.field]).toEqual([422, 'invalid', 'proof']);
    const spent = await proveAddress(link, fresh());
    expect((await world.send(world.nobody, accept, { ...person, proof: spent })).status).toBe(200);
    const foreign = await proveAddress(other, fresh());
    const late = await proveAddress(link, fresh());
    const expectNotFound = async (proof: string) => {
      const { status, body } = await world.send(world.nobody, accept, { ...person, proof });
      expect([proof, status, body.code]).toEqual([proof, 404, 'not_found']);
    };
    for (const proof of [spent, foreign, 'ghp_nothing', '']) await expectNotFound(proof);
    world.gateway.clock.advance(hours(1));
    await expectNotFound(late);
    expect(await usesOf(link)).toBe(1);
  });

  test('422 a short password leaves the use and the proof', async () => {
    const link = await newLink();
    const proof = await proveAddress(link, fresh());
    const accept = `post ${link.path}/accept`;
    const short = await world.send(world.nobody, accept, { ...person, password: 'short', proof });
    expect([short.status, short.body.field, await usesOf(link)]).toEqual([422, 'password', 0]);
    expect((await world.send(world.nobody, accept, { ...person, proof })).status).toBe(200);
  });

  test('S166: an address of another domain gets no mail, and its subdomain neither', async () => {
    const link = await newLink({ maxUses: 5, domains: ['acme.example', 'xn--bcher-kva.example'] });
    const before = world.gateway.mails.length;
    for (const domain of ['example.com', 'sub.acme.example', 'acme.example.evil.example']) {
      const answer = await world.send(world.nobody, `post ${link.path}/proofs`, { email: fresh(domain) });
      expect([answer.status, answer.body?.field]).toEqual([422, 'email']);
    }
    expect(world.gateway.mails).toHaveLength(before);
    expect((await joinAnew(link, fresh('acme.example'))).status).toBe(200);
    expect((await joinAnew(link, fresh('ACME.example'))).status).toBe(200);
  });

  test('S170: who has an account, who is a member and who is unknown get the same answer to a request for a mail', async () => {
    const link = await newLink();
    const member = await world.newPerson(link.organization);
    const elsewhere = await provedPerson();
    for (const email of [member.email, elsewhere.email, fresh()]) {
      const { status, body } = await world.send(world.nobody, `post ${link.path}/proofs`, { email });
      expect([status, body]).toEqual([204, undefined]);
      expect(world.gateway.mails.at(-1)).toMatchObject({
        to: email,
        subject: expect.stringContaining('join'),
      });
    }
  });
});

test.each([
  ['address', () => 'a@example.com'],
  ['mailbox under plus tags', (round: number) => `A+${round}@example.com`],
])('S171: the sixth mail to one %s from one network within an hour is 429', async (_, email) => {
  const limited = await startApiWorld({ rateLimits: true });
  const organization = await limited.newOrganization();
  const list = `/organizations/${organization.id}/invitation-links`;
  const { body } = await limited.send(limited.operator, `post ${list}`, { expiresIn: '24h' });
  const proofs = `post /invitation-links/${body.url.split('/').at(-1)}/proofs`;
  const statuses: number[] = [];
  for (let round = 0; round < 6; round += 1)
    statuses.push((await limited.send(limited.nobody, proofs, { email: email(round) })).status);
  expect(statuses).toEqual([204, 204, 204, 204, 204, 429]);
  await limited.close();
});

describe('somebody with an account', () => {
  test('200 at once when signed in with a proved address', async () => {
    const link = await newLink();
    const sender = await provedPerson();
    const { status, body } = await world.send(sender, `post ${link.path}/accept`);
    expect([status, body.orgRole, await usesOf(link)]).toEqual([200, 'member', 1]);
  });

  test('S161: 422 for an address that was never proved, and for one of another domain', async () => {
    const other = await world.newOrganization();
    const claimed = await world.newPerson(other);
    const link = await newLink();
    const unproved = await world.send(claimed, `post ${link.path}/accept`);
    expect([unproved.status, unproved.body.field]).toEqual([422, 'proof']);
    const bound = await newLink({ domains: ['acme.example'] });
    const wrong = await world.send(await provedPerson(), `post ${bound.path}/accept`);
    expect([wrong.status, wrong.body.field]).toEqual([422, 'email']);
    expect([await usesOf(link), await usesOf(bound)]).toEqual([0, 0]);
  });

  test("law 3: another organization's identity provider vouches for nobody here", async () => {
    const other = await world.newOrganization();
    const member = await world.newPerson(other);
    const { storage } = world.gateway;
    await storage.transact(async (tx) => {
      const user = await tx.users.findByEmail(member.email);
      if (user !== undefined) await tx.users.update({ ...user, emailVerifiedAt: 1 }, user.version);
    });
    const link = await newLink();
    const answer = await world.send(await throughTheirIdp(member), `post ${link.path}/accept`);
    expect([answer.status, answer.body.field, await usesOf(link)]).toEqual([422, 'proof', 0]);
    expect((await world.send(member, `post ${link.path}/accept`)).status).toBe(200);
    // A member here now, which the other organization's provider does not learn.
    const next = await newLink({}, { in: link.organization });
    const again = await world.send(await throughTheirIdp(member), `post ${next.path}/accept`);
    expect([again.status, again.body.code, again.body.field]).toEqual([422, 'invalid', 'proof']);
  });

  test("law 3, S160: nor does it ask in somebody's name to join with another address", async () => {
    const other = await world.newOrganization();
    const member = await world.newPerson(other);
    const link = await newLink();
    const proof = await proveAddress(link, fresh(), await throughTheirIdp(member));
    const answer = await world.send(member, `post ${link.path}/accept`, { proof });
    expect([answer.status, await usesOf(link)]).toEqual([403, 0]);
  });

  test('not signed in: the password of the account joins; another one is 409 already_exists', async () => {
    const link = await newLink();
    const { email } = await provedPerson();
    const proof = await proveAddress(link, email);
    const accept = `post ${link.path}/accept`;
    const wrong = { ...person, proof, password: 'another sentence, just as long' };
    const refused = await world.send(world.nobody, accept, wrong);
    expect([refused.status, refused.body.code]).toEqual([409, 'already_exists']);
    expect((await world.send(world.nobody, accept, { ...person, proof })).status).toBe(200);
  });

  test('S160: with another address than their own, proved by a mail they asked for while signed in', async () => {
    const link = await newLink({ domains: ['acme.example'] });
    const [sender, stranger] = [await provedPerson(), await provedPerson()];
    const email = fresh('acme.example');
    const proof = await proveAddress(link, email, sender);
    const accept = `post ${link.path}/accept`;
    expect((await world.send(stranger, accept, { proof })).status).toBe(403);
    const { status, body } = await world.send(sender, accept, { proof });
    expect(status).toBe(200);
    const { storage } = world.gateway;
    const joined = await storage.memberships.find(link.organization.id, body.membershipId);
    expect([joined?.email, (await storage.users.find(joined?.userId ?? ('' as never)))?.email]).toEqual([
      email,
      sender.email,
    ]);
  });

  test('S169: 409 already_member to a member who is signed in, before any address is asked for', async () => {
    const link = await newLink({ maxUses: 2, domains: [] });
    const member = await world.newPerson(link.organization);
    const answer = await world.send(member, `post ${link.path}/accept`, {});
    expect([answer.status, answer.body.code, await usesOf(link)]).toEqual([409, 'already_member', 0]);
  });

  test('S169: 409 already_member, suspended or not, and the use is left', async () => {
    const link = await newLink({ maxUses: 2 });
    const sender = await provedPerson();
    const first = await world.send(sender, `post ${link.path}/accept`);
    const member = `/organizations/${link.organization.id}/members/${first.body.membershipId}`;
    for (const status of ['active', 'suspended']) {
      await world.send(world.operator, `patch ${member}`, { status });
      const again = await provedAnew(link, sender.email);
      expect([again.status, again.body.code]).toEqual([409, 'already_member']);
      expect((await world.send(world.operator, `get ${member}`)).body.status).toBe(status);
    }
    expect(await usesOf(link)).toBe(1);
  });

  test('S151, S169: 409 already_member with the address of a member who never proved it: their account stays theirs', async () => {
    const organization = await world.newOrganization();
    const owner = await world.newPerson(organization, 'owner');
    const link = await newLink({ role: 'viewer' }, { in: organization });
    const proof = await proveAddress(link, owner.email);
    const anew = { ...person, proof, password: 'another sentence, just as long' };
    const refused = await world.send(world.nobody, `post ${link.path}/accept`, anew);
    expect([refused.status, refused.body.code, await usesOf(link)]).toEqual([409, 'already_member', 0]);
    expect((await world.send(owner, 'get /session')).body.orgRole).toBe('owner');
    const members = await world.send(world.operator, `get /organizations/${organization.id}/members`);
    expect(members.body.items).toHaveLength(1);
    const other = await world.send(await provedPerson(), `post ${link.path}/accept`);
    expect(other.status).toBe(200);
  });

  test('S151, S160: 409 already_member also where the member joined with another address than their account has', async () => {
    const link = await newLink({ maxUses: 3 });
    const member = await world.newPerson(await world.newOrganization());
    const proof = await proveAddress(link, fresh(), member);
    expect((await world.send(member, `post ${link.path}/accept`, { proof })).status).toBe(200);
    const again = await proveAddress(link, member.email);
    const anew = { ...person, proof: again, password: 'another sentence, just as long' };
    const refused = await world.send(world.nobody, `post ${link.path}/accept`, anew);
    expect([refused.status, refused.body.code, await usesOf(link)]).toEqual([409, 'already_member', 1]);
    const holder = await world.gateway.storage.users.findByEmail(member.email);
    expect(holder?.id).toBe(member.membership.userId);
  });

  test('S160, S169: 409 already_member for somebody else who proves the address a member has', async () => {
    const link = await newLink();
    const sender = await provedPerson();
    const member = await world.newPerson(link.organization);
    const proof = await proveAddress(link, member.email, sender);
    const answer = await world.send(sender, `post ${link.path}/accept`, { proof });
    expect([answer.status, answer.body.code, await usesOf(link)]).toEqual([409, 'already_member', 0]);
  });

  const provedAnew = async (link: Link, email: string) => {
    const proof = await proveAddress(link, email);
    return world.send(world.nobody, `post ${link.path}/accept`, { ...person, proof });
  };

  test('an invitation that waits for the address is accepted along: no ghost is left', async () => {
    const link = await newLink({ role: 'viewer' });
    const email = fresh();
    const invitations = `/organizations/${link.organization.id}/invitations`;
    const { body } = await world.send(world.operator, `post ${invitations}`, { email, role: 'admin' });
    expect((await joinAnew(link, email)).body.orgRole).toBe('admin');
    expect((await world.send(world.operator, `get ${invitations}/${body.id}`)).body.status).toBe('accepted');
  });
});

describe('asking for a new one', () => {
  test('204 for whatever the token is worth; the maker of a link that works no more hears of it once', async () => {
    const organization = await world.newOrganization();
    await world.newPerson(organization, 'owner');
    const maker = await world.newPerson(organization, 'admin');
    const dead = await newLink({}, { in: organization, by: maker });
    await world.send(maker, `delete ${dead.list}/${dead.id}`);
    const open = await newLink({}, { in: organization, by: maker });
    for (const path of [dead.path, dead.path, open.path, '/invitation-links/x', '/invitations/x']) {
      const { status, body } = await world.send(world.nobody, `post ${path}/new-link-request`);
      expect([status, body]).toEqual([204, undefined]);
    }
    await world.gateway.deliverMails();
    const told = world.gateway.mails.filter(({ text }) => text.includes('asks for a new one'));
    expect(told.map(({ to }) => to)).toEqual([maker.email]);
    const { body } = await world.send(maker, `get ${dead.list}/${dead.id}`);
    expect(body.askedAt).toBe(new Date(world.gateway.clock.now()).toISOString());
  });
});

describe('what a link is worth', () => {
  test('S166: a hundred at once at most ten: exactly ten, ten seats, ten uses', async () => {
    const link = await newLink({ maxUses: 10 });
    const emails = Array.from({ length: 100 }, () => fresh());
    const proofs: string[] = [];
    for (const email of emails) proofs.push(await proveAddress(link, email));
    const answers = await Promise.all(
      proofs.map((proof) => world.send(world.nobody, `post ${link.path}/accept`, { ...person, proof })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 410]));
    const organization = await world.gateway.storage.organizations.find(link.organization.id);
    expect([organization?.seatsUsed, await usesOf(link)]).toEqual([10, 10]);
  });

  test('S167: no seat left: 409, the use and the proof stay, and both work once a seat is free', async () => {
    const link = await newLink({ maxUses: 2 }, { plan: { preset: 'business', seats: 1 } });
    const first = await joinAnew(link);
    const proof = await proveAddress(link, fresh());
    const accept = () => world.send(world.nobody, `post ${link.path}/accept`, { ...person, proof });
    const refused = await accept();
    expect([refused.status, refused.body.code, await usesOf(link)]).toEqual([409, 'seats_exhausted', 1]);
    const members = `/organizations/${link.organization.id}/members`;
    await world.send(world.operator, `delete ${members}/${first.body.membershipId}`);
    expect([(await accept()).status, await usesOf(link)]).toEqual([200, 2]);
  });

  test.each(['suspended', 'removed', 'demoted'])(
    'S162, law 6: the link of a maker who is %s lets nobody in',
    async (fate) => {
      const organization = await world.newOrganization();
      await world.newPerson(organization, 'owner');
      const maker = await world.newPerson(organization, 'admin');
      const link = await newLink({ maxUses: 3 }, { in: organization, by: maker });
      const proof = await proveAddress(link, fresh());
      const request = {
        ...{ organizationId: organization.id, id: maker.membership.id, cause: testCause },
        caller: { kind: 'operator' } as const,
      };
      if (fate === 'removed') await removeMember(world.gateway.deps, request);
      else {
        const change = fate === 'demoted' ? { orgRole: 'member' as const } : { status: 'suspended' as const };
        await changeMember(world.gateway.deps, { ...request, change });
      }
      const answer = await world.send(world.nobody, `post ${link.path}/accept`, { ...person, proof });
      expect([answer.status, answer.body.code]).toEqual([410, 'invitation_revoked']);
      expect((await world.send(world.nobody, `get ${link.path}`)).status).toBe(410);
      if (fate !== 'suspended') return;
      // S144: a link does not come back with its maker.
      await changeMember(world.gateway.deps, { ...request, change: { status: 'active' } });
      expect((await world.send(world.nobody, `get ${link.path}`)).status).toBe(410);
    },
  );

  test('S162: an admin link gives member once its maker is an admin only', async () => {
    const organization = await world.newOrganization();
    await world.newPerson(organization, 'owner');
    const maker = await world.newPerson(organization, 'owner');
    const link = await newLink({ role: 'admin' }, { in: organization, by: maker });
    await changeMember(world.gateway.deps, {
      ...{ organizationId: organization.id, id: maker.membership.id, cause: testCause },
      caller: { kind: 'operator' },
      change: { orgRole: 'admin' },
    });
    expect((await joinAnew(link)).body.orgRole).toBe('member');
  });

  test('the link of an API key works as long as the key does', async () => {
    const organization = await world.newOrganization();
    const keys = `/organizations/${organization.id}/api-keys`;
    const key = await world.send(world.operator, `post ${keys}`, {
      ...{ name: 'onboarding', kind: 'team', scopes: ['members.invite'] },
    });
    const by = { headers: { authorization: `Bearer ${key.body.token}` } };
    const link = await newLink({ maxUses: 2 }, { in: organization, by });
    expect((await joinAnew(link)).status).toBe(200);
    await world.send(world.operator, `delete ${keys}/${key.body.id}`);
    expect((await world.send(world.nobody, `get ${link.path}`)).status).toBe(410);
  });

  test('S173: the link of an organization that is gone is unknown; of a renamed one it says the new name', async () => {
    const link = await newLink();
    const base = `/organizations/${link.organization.id}`;
    await world.send(world.operator, `patch ${base}`, { name: 'Renamed' });
    const renamed = await world.send(world.nobody, `get ${link.path}`);
    expect(renamed.body.organization.name).toBe('Renamed');
    await world.send(world.operator, `delete ${base}`);
    expect((await world.send(world.nobody, `get ${link.path}`)).status).toBe(404);
  });
});
