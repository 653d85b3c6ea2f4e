/** S156: a member whose password is worth nothing any more confirms the company's identity from their own mailbox. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DEFAULT_MAIL_LIMITS } from '../../../src/core/mail/mail-limit.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import { hours } from '../../../src/kernel/clock.ts';
import { createBrowser } from '../../support/browser.ts';
import { mailedPath } from '../../support/credentials.ts';
import { testCause } from '../../support/gateway.ts';
import { countOfType } from '../../support/journal-rows.ts';
import { FOREIGN, invite, postForm, withoutReference } from '../../support/page-visits.ts';
import { testCertificate } from '../../support/saml-keys.ts';
import { sessionStatus } from '../../support/sign-in-stage.ts';
import { type Company, openPolicyStage, type Person, type PolicyStage } from './policy-stage.ts';

let stage: PolicyStage;
beforeAll(async () => {
  stage = await openPolicyStage();
});
afterAll(() => stage.close());

const operator = (request: string, body?: unknown) => stage.world.send(stage.world.operator, request, body);
const linkTo = (email: string) => mailedPath(stage.world.gateway, email, 'connect');
const press = (path: string) => postForm(stage.world.gateway, createBrowser(), { path });
const connectedIn = ({ id }: Company) => countOfType(stage.world.gateway.storage, id, 'identity.connected');

/** A member who was refused by single sign-on, and the link they were mailed. */
async function refusedMember(company: Company) {
  const person = await company.member();
  expect((await stage.signIn(company, person)).page.status).toBe(403);
  const path = await linkTo(person.email);
  if (path === undefined) throw new Error('no link was mailed');
  return { person, path };
}

/** What a member can be between the mail and the link. */
const suspend = (company: Company, { membershipId }: Person) =>
  operator(`patch ${company.base}/members/${membershipId}`, { status: 'suspended' });

test('S156 where single sign-on is required the only owner connects by the mailed link, and is in', async () => {
  const company = await stage.company();
  const owner = await company.member('owner');
  const email = `new-${company.slug}@${company.domain}`;
  await invite(stage.world.gateway, company, { email });
  expect((await stage.requireSso(company, { email })).body.ssoPolicy).toBe('required');
  const refused = await stage.signIn(company, owner);
  expect(refused.page.status).toBe(403);
  expect(await owner.enterPassword()).not.toBe(303);
  const path = (await linkTo(owner.email)) ?? 'no link was mailed';
  const browser = createBrowser();
  const page = await browser.follow(`${stage.world.gateway.baseUrl}${path}`);
  expect([page.status, page.text.includes('Is this sign-in yours?')]).toEqual([200, true]);
  expect(await connectedIn(company)).toBe(0);
  const done = await press(path);
  expect([done.status, done.headers.get('location')]).toEqual([303, `/sign-in/${company.slug}`]);
  expect(await connectedIn(company)).toBe(1);
  expect(await sessionStatus(stage.world.gateway, browser)).toBe(401);
  const inside = await stage.signIn(company, owner);
  const session = await inside.browser.request(`${stage.world.gateway.baseUrl}/api/v1/session`);
  expect(JSON.parse(session.text)).toMatchObject({ membershipId: owner.membershipId });
});

test('S156 the link works once, and a second mail voids the first', async () => {
  const company = await stage.company();
  const { person, path } = await refusedMember(company);
  await stage.signIn(company, person);
  const second = (await linkTo(person.email)) ?? '';
  expect(second).not.toBe(path);
  expect((await press(path)).status).toBe(404);
  expect((await press(second)).status).toBe(303);
  expect((await press(second)).status).toBe(404);
  expect(await connectedIn(company)).toBe(1);
});

test('S156 any number of parallel presses connect once', async () => {
  const company = await stage.company();
  const { path } = await refusedMember(company);
  const statuses = await Promise.all([press(path), press(path), press(path)]);
  expect(statuses.map(({ status }) => status).sort()).toEqual([303, 404, 404]);
});

test('S156 an hour later the link is dead', async () => {
  const company = await stage.company();
  const { path } = await refusedMember(company);
  stage.world.gateway.clock.advance(hours(1));
  const { status } = await press(path);
  stage.world.gateway.clock.advance(-hours(1));
  expect(status).toBe(404);
});

test.each(FOREIGN)('S186 the button counts from our own page only: %s', async (_title, headers) => {
  const { path } = await refusedMember(await stage.company());
  expect((await postForm(stage.world.gateway, createBrowser(), { path, headers })).status).toBe(403);
  expect((await press(path)).status).toBe(303);
});

/** Changes the connection as an admin does. */
const change =
  (body: object) =>
  async ({ base, connection }: Company): Promise<void> => {
    const { status } = await operator(`patch ${base}/connections/${connection.id}`, body);
    expect(status).toBe(200);
  };

const MEANWHILE: readonly (readonly [
  title: string,
  happens: (company: Company, person: Person) => Promise<unknown>,
])[] = [
  ['the member is suspended', suspend],
  ['the connection is disabled', change({ status: 'disabled' })],
  [
    'the domain is given up',
    async ({ id, domain }) => {
      const { storage } = stage.world.gateway;
      const found = await storage.domains.findVerified(domain);
      if (found === undefined) throw new Error('no domain');
      await storage.transact((tx) => tx.domains.remove(id, found.id));
    },
  ],
  ['a directory takes the organization over', ({ id }) => stage.world.gateway.createDirectory({ id })],
  [
    'the address is another',
    async (_company, { email }) => {
      const { storage } = stage.world.gateway;
      const user = await storage.users.findByEmail(email);
      if (user === undefined) throw new Error('no user');
      const next = { ...user, email: `x-${email}`, emailKey: `x-${email}` };
      await storage.transact((tx) => tx.users.update(next, user.version));
    },
  ],
  [
    'the subject is somebody else’s',
    async (company, { email }) => {
      const other = await company.member();
      await bind(company, { person: other, subject: email });
    },
  ],
  [
    'the member has another identity',
    (company, person) => bind(company, { person, subject: 'another subject' }),
  ],
];

/** What the provider's answer was believed by, and is no more (S142). */
const NOT_BELIEVED: typeof MEANWHILE = [
  ['the certificate is taken away', change({ certificates: [testCertificate('next')] })],
  ['the provider is another', change({ entityId: 'https://another.example/entity' })],
  ['more signatures are asked for', change({ signatures: 'both' })],
  ['the address is read from elsewhere', change({ attributes: { email: 'mail2' } })],
  [
    'the connection is removed',
    ({ base, connection }) => operator(`delete ${base}/connections/${connection.id}`),
  ],
  [
    'the proof of the domain lapses',
    async ({ id, domain }) => {
      const { storage } = stage.world.gateway;
      const found = await storage.domains.findVerified(domain);
      if (found === undefined) throw new Error('no domain');
      await storage.transact((tx) => tx.domains.update(id, { ...found, status: 'lapsed' }, found.version));
    },
  ],
];

/** The identity of this subject becomes the person's. */
async function bind(
  { id: organizationId, connection }: Company,
  { person, subject }: { readonly person: Person; readonly subject: string },
): Promise<void> {
  const { storage } = stage.world.gateway;
  const [membership] = await storage.memberships.listByEmail(organizationId, person.email);
  if (membership === undefined) throw new Error('no member');
  const identity = {
    ...{ organizationId, connectionId: connection.id, issuer: stage.idp.entityId, subject },
    ...{ userId: membership.userId, membershipId: membership.id, createdAt: Date.now() },
  };
  await storage.transact((tx) => tx.identities.insert(organizationId, identity));
}

test.each(MEANWHILE)('S156 the link connects nothing when meanwhile %s', async (_title, happens) => {
  const company = await stage.company();
  const { person, path } = await refusedMember(company);
  await happens(company, person);
  expect((await press(path)).status).toBe(404);
  expect(await connectedIn(company)).toBe(0);
});

test.each(NOT_BELIEVED)('S142 S156 the link connects nothing when meanwhile %s', async (_title, happens) => {
  const company = await stage.company();
  const { person, path } = await refusedMember(company);
  await happens(company, person);
  expect([(await press(path)).status, await connectedIn(company)]).toEqual([404, 0]);
});

test('S142 a link that is to be mailed is none when the certificate has gone before anybody looked whom to mail', async () => {
  const company = await stage.company();
  const person = await company.member();
  const { deps } = stage.world.gateway;
  const { afterwards } = deps;
  const later: (() => Promise<void>)[] = [];
  Object.assign(deps, { afterwards: async (work: () => Promise<void>) => void later.push(work) });
  expect((await stage.signIn(company, person)).page.status).toBe(403);
  Object.assign(deps, { afterwards });
  await change({ certificates: [testCertificate('next')] })(company);
  for (const work of later) await work();
  expect([later.length, await linkTo(person.email)]).toEqual([1, undefined]);
});

test.each<readonly [string, object]>([
  ['another name', { name: 'Renamed' }],
  ['joining at once', { jit: true }],
])('S156 the link goes on working when the connection gets %s', async (_title, body) => {
  const company = await stage.company();
  const { path } = await refusedMember(company);
  await change(body)(company);
  expect((await press(path)).status).toBe(303);
});

test('S156 refused alike and without a mail: a stranger, who is suspended, who is elsewhere, whose account has another address', async () => {
  const [company, elsewhere] = [await stage.company(), await stage.company()];
  const { person } = await refusedMember(company);
  const { page: known } = await stage.signIn(company, person);
  const away = await elsewhere.member();
  const renamed = await company.member();
  await stage.world.gateway.storage.transact(async (tx) => {
    const user = await tx.users.findByEmail(renamed.email);
    if (user !== undefined) await tx.users.update({ ...user, email: null, emailKey: null }, user.version);
  });
  const resting = await company.member();
  const caller = { kind: 'operator' } as const;
  const [membership] = await stage.world.gateway.storage.memberships.listByEmail(company.id, resting.email);
  if (membership === undefined) throw new Error('no member');
  const change = { organizationId: company.id, id: membership.id, caller, cause: testCause };
  await changeMember(stage.world.gateway.deps, { ...change, change: { status: 'suspended' } });
  for (const email of [`nobody@${company.domain}`, resting.email, away.email, renamed.email]) {
    const { page } = await stage.signIn(company, { email });
    expect([page.status, withoutReference(page)]).toEqual([403, withoutReference(known)]);
    expect(await linkTo(email)).toBeUndefined();
  }
});

test('S156 a member who is bound to another subject of the connection gets no mail: it could connect nothing', async () => {
  const company = await stage.company();
  const person = await company.member();
  await bind(company, { person, subject: 'another subject' });
  expect((await stage.signIn(company, person)).page.status).toBe(403);
  expect(await linkTo(person.email)).toBeUndefined();
});

test('S151 of an account that never proved its address the link ends what somebody else may have put in', async () => {
  const company = await stage.company();
  const { person, path } = await refusedMember(company);
  expect(await sessionStatus(stage.world.gateway, person.browser)).toBe(200);
  expect((await press(path)).status).toBe(303);
  expect(await sessionStatus(stage.world.gateway, person.browser)).toBe(401);
  expect(await person.enterPassword()).not.toBe(303);
  expect((await stage.signIn(company, person)).page.status).toBe(200);
});

test('S171 past the limit of one mailbox no mail goes, and the link mailed last goes on working', async () => {
  const company = await stage.company();
  const { deps } = stage.world.gateway;
  const former = deps.mailLimits;
  Object.assign(deps, { mailLimits: { ...DEFAULT_MAIL_LIMITS, requestsPerAddress: 1 } });
  const { person, path } = await refusedMember(company);
  const again = await stage.signIn(company, person);
  Object.assign(deps, { mailLimits: former });
  expect([again.page.status, await linkTo(person.email)]).toEqual([403, path]);
  expect((await press(path)).status).toBe(303);
});

test('S155 the refusal leaves before anybody has looked whether there is somebody to mail', async () => {
  const company = await stage.company();
  const person = await company.member();
  const { deps } = stage.world.gateway;
  const { afterwards } = deps;
  const later: (() => Promise<void>)[] = [];
  Object.assign(deps, { afterwards: async (work: () => Promise<void>) => void later.push(work) });
  const { page } = await stage.signIn(company, person);
  Object.assign(deps, { afterwards });
  expect([page.status, await linkTo(person.email)]).toEqual([403, undefined]);
  for (const work of later) await work();
  expect((await press((await linkTo(person.email)) ?? '')).status).toBe(303);
});

test('whoever is refused reads what they can do themselves, whoever they are', async () => {
  const { page } = await stage.signIn(await stage.company(), { email: 'nobody@elsewhere.example' });
  for (const way of ['look into your mailbox', 'sign in with the password', 'If you were invited'])
    expect(page.text).toContain(way);
});
