/** The sealed way in: made ahead of time, used once by one owner, told to all, and good for nothing else. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { days, hours, minutes } from '../../../src/kernel/clock.ts';
import { newId, parseId } from '../../../src/kernel/ids.ts';
import { createBrowser } from '../../support/browser.ts';
import { FOREIGN, invite, postForm } from '../../support/page-visits.ts';
import { recordedSignIns } from '../../support/recorded-sign-ins.ts';
import { sessionStatus } from '../../support/sign-in-stage.ts';
import { type Company, openPolicyStage, type Person, type PolicyStage } from './policy-stage.ts';

let stage: PolicyStage;
beforeAll(async () => {
  stage = await openPolicyStage();
});
afterAll(() => stage.close());

const operator = (request: string, body?: unknown) => stage.world.send(stage.world.operator, request, body);
const enter = (code: string, browser = createBrowser()) =>
  postForm(stage.world.gateway, browser, { path: '/sign-in/emergency', fields: { code } });
const codesOf = async ({ base }: Company) => (await operator(`get ${base}/emergency-codes`)).body.items;
const mailsTo = async (email: string) => {
  await stage.world.gateway.deliverMails();
  return stage.world.gateway.mails.filter(({ to }) => to === email).map(({ subject }) => subject);
};

type Sealed = Awaited<ReturnType<typeof sealed>>;

/** An organization that requires single sign-on, with an owner who has made a code in time. */
async function sealed() {
  const company = await stage.company();
  const owner = await company.member('owner');
  const { status, body } = await owner.send(`post ${company.base}/emergency-codes`, {});
  expect(status).toBe(201);
  const user = { email: `sso-${company.slug}@${company.domain}` };
  await invite(stage.world.gateway, company, user);
  expect((await stage.requireSso(company, user)).status).toBe(200);
  return { company, owner, id: body.id as string, code: body.code as string };
}

describe('a code on paper', () => {
  test.each<[string, (code: string) => string]>([
    ['as it was shown', (code) => code],
    ['in capitals', (code) => code.toUpperCase()],
    ['with blanks for dashes and around it', (code) => ` ${code.replaceAll('-', ' ')} `],
    ['without dashes and prefix', (code) => code.slice(4).replaceAll('-', '')],
    ['with letters for digits', (code) => code.replaceAll('0', 'O').replaceAll('1', 'l')],
  ])('opens %s', async (_how, typed) => {
    const { code } = await sealed();
    expect(code).toMatch(/^ghx(-[0-9a-hjkmnp-tv-z]{4}){7}$/);
    const browser = createBrowser();
    await enter(typed(code), browser);
    expect(await sessionStatus(stage.world.gateway, browser)).toBe(200);
  });

  test('of an earlier kind opens as it stands, capitals and all', async () => {
    const { company, id } = await sealed();
    const { storage, deps } = stage.world.gateway;
    const earlier = `ghx_${'aB-_'.repeat(10)}xYz`;
    const known = parseId('emc', id);
    const stored = known && (await storage.emergencyCodes.find(company.id, known));
    if (stored === undefined) throw new Error('no code');
    const written = { ...stored, id: newId('emc', stored.createdAt), codeHash: deps.hashToken(earlier) };
    await storage.transact((tx) => tx.emergencyCodes.insert(company.id, written));
    const [browser, other] = [createBrowser(), createBrowser()];
    await enter(earlier.toLowerCase(), other);
    await enter(earlier, browser);
    const { gateway } = stage.world;
    expect([await sessionStatus(gateway, other), await sessionStatus(gateway, browser)]).toEqual([401, 200]);
  });
});

test('a second factor that is asked for is asked neither of single sign-on nor of a code', async () => {
  const company = await stage.company();
  const owner = await company.member('owner');
  const { body } = await owner.send(`post ${company.base}/emergency-codes`, {});
  const user = { email: `sso-${company.slug}@${company.domain}` };
  await invite(stage.world.gateway, company, user);
  const through = async () => {
    const browser = createBrowser();
    await stage.through(browser, `/sign-in/${company.slug}?connection=${company.connection.id}`, user);
    return browser;
  };
  const browser = await through();
  const changed = await operator(`patch ${company.base}`, { requireSecondFactor: true });
  expect(changed.body.requireSecondFactor).toBe(true);
  const { gateway } = stage.world;
  expect(await sessionStatus(gateway, browser)).toBe(200);
  expect(await sessionStatus(gateway, await through())).toBe(200);
  expect(await sessionStatus(gateway, owner.browser)).toBe(401);
  const other = createBrowser();
  await enter(body.code, other);
  expect(await sessionStatus(gateway, other)).toBe(200);
});

describe('a code', () => {
  test('S157 lets its owner in although single sign-on is required, for one hour; all owners get a mail; it is audited', async () => {
    const { company, owner, code } = await sealed();
    const other = await operatorMadeOwner(company);
    const browser = createBrowser();
    const page = await enter(code, browser);
    expect([page.status, page.headers.get('location')]).toEqual([303, '/']);
    const { gateway } = stage.world;
    const [recorded] = await recordedSignIns(gateway, company, `&q=${page.headers.get('x-request-id')}`);
    expect(recorded).toMatchObject({
      ...{ protocol: 'emergency_code', status: 303, connectionId: null, failure: null },
      outcome: { kind: 'enter', membershipId: owner.membershipId },
    });
    const session = JSON.parse((await browser.request(`${gateway.baseUrl}/api/v1/session`)).text);
    expect(session).toMatchObject({ membershipId: owner.membershipId, orgRole: 'owner', connectionId: null });
    for (const { email } of [owner, other])
      expect(await mailsTo(email)).toContain('An emergency code was used at Acme');
    expect(await mailsTo(owner.email)).toContain('An emergency code was made for Acme');
    const { body } = await operator(`get ${company.base}/audit-events?limit=200`);
    const types = body.items.map(({ type }: { type: string }) => type);
    expect(types).toEqual(expect.arrayContaining(['emergency_code.created', 'emergency_code.used']));
    expect((await codesOf(company))[0]).toMatchObject({ status: 'used', member: owner.membershipId });
    // It serves its purpose: the sign-on can be mended.
    const mended = await browser.request(`${gateway.baseUrl}/api/v1${company.base}`, {
      method: 'PATCH',
      headers: { origin: gateway.baseUrl, 'content-type': 'application/json' },
      body: JSON.stringify({ ssoPolicy: 'optional' }),
    });
    expect(mended.status).toBe(200);
  });

  async function operatorMadeOwner({ base, id, domain, slug }: Company): Promise<{ readonly email: string }> {
    const email = `second-${slug}@${domain}`;
    await invite(stage.world.gateway, { id }, { email });
    await stage.signIn({ slug } as Company, { email });
    const { body } = await operator(`get ${base}/members?q=${encodeURIComponent(email)}`);
    await operator(`patch ${base}/members/${body.items[0].id}`, { orgRole: 'owner' });
    return { email };
  }

  test('S45 of 20 parallel uses one opens a session', async () => {
    const { code } = await sealed();
    const pages = await Promise.all(Array.from({ length: 20 }, () => enter(code)));
    expect(pages.map(({ status }) => status).sort()).toEqual([303, ...Array.from({ length: 19 }, () => 401)]);
  });

  test('JSON: 204 with the cookie, 401 for a wrong code, 422 without one', async () => {
    const { code } = await sealed();
    const send = (body: object) => stage.world.gateway.request().post('/sign-in/emergency').send(body);
    expect((await send({ code: 'ghx_wrong' })).body.code).toBe('unauthenticated');
    expect((await send({})).status).toBe(422);
    const right = await send({ code });
    expect([right.status, String(right.headers['set-cookie'])]).toEqual([
      204,
      expect.stringContaining('__Host-gatehouse-session=ghs_'),
    ]);
  });

  test('the code is nowhere in the store, and is not listed', async () => {
    const { company, code } = await sealed();
    expect(JSON.stringify(await codesOf(company))).not.toContain(code);
    const [row] = await stage.world.gateway.storage.emergencyCodes.list(company.id, 10);
    expect(JSON.stringify(row)).not.toContain(code.slice(4));
  });

  test.each(FOREIGN)('S186 a form from %s is refused, and the code stays good', async (_title, headers) => {
    const { code } = await sealed();
    const page = await postForm(stage.world.gateway, createBrowser(), {
      ...{ path: '/sign-in/emergency', fields: { code }, headers },
    });
    expect(page.status).toBe(403);
    expect((await enter(code)).status).toBe(303);
  });
});

describe('every dead code looks like one that never was', () => {
  const dead: [title: string, reason: string, kill: (made: Sealed) => Promise<unknown>][] = [
    ['used', 'emergency.used_before', ({ code }) => enter(code)],
    [
      'taken back',
      'emergency.taken_back',
      ({ company, id }) => operator(`delete ${company.base}/emergency-codes/${id}`),
    ],
    [
      'of somebody suspended',
      'emergency.no_owner',
      async ({ company, owner }) => {
        await anotherOwner(company);
        return operator(`patch ${company.base}/members/${owner.membershipId}`, { status: 'suspended' });
      },
    ],
    [
      'of somebody who is no owner any more',
      'emergency.no_owner',
      async ({ company, owner }) => {
        await anotherOwner(company);
        return operator(`patch ${company.base}/members/${owner.membershipId}`, { orgRole: 'admin' });
      },
    ],
  ];
  test.each(dead)(
    'S157 %s: one page outside, the reason in the recorder and the audit',
    async (_title, reason, kill) => {
      const made = await sealed();
      await kill(made);
      const [page, unknown] = [await enter(made.code), await enter('ghx_nobody')];
      expect([page.status, page.text]).toEqual([401, unknown.text]);
      const { gateway } = stage.world;
      const [recorded] = await recordedSignIns(
        gateway,
        made.company,
        `&q=${page.headers.get('x-request-id')}`,
      );
      expect(recorded).toMatchObject({
        ...{ protocol: 'emergency_code', status: 401, outcome: null },
        failure: { code: 'unauthenticated', reason },
      });
      const rows = await gateway.storage.auditEvents.list(
        made.company.id,
        { type: 'emergency_code.rejected' },
        { limit: 9 },
      );
      expect(rows).toMatchObject([
        { requestId: recorded?.requestId, target: { id: made.id }, details: { reason } },
      ]);
    },
  );

  test('of somebody removed: the code is gone with them, so it is nobody’s', async () => {
    const { company, owner, code } = await sealed();
    await anotherOwner(company);
    await operator(`delete ${company.base}/members/${owner.membershipId}`);
    const [page, unknown] = [await enter(code), await enter('ghx_nobody')];
    expect([page.status, page.text]).toEqual([401, unknown.text]);
  });

  async function anotherOwner({ base }: Company): Promise<void> {
    const { body } = await operator(`get ${base}/members?limit=50`);
    const plain = body.items.find(({ orgRole }: { orgRole: string }) => orgRole !== 'owner');
    if (plain !== undefined) {
      await operator(`patch ${base}/members/${plain.id}`, { orgRole: 'owner' });
      return;
    }
    await operator(`patch ${base}`, { ssoPolicy: 'optional' });
    const email = `spare@${base.slice(-8)}.example`;
    const id = base.slice('/organizations/'.length) as Company['id'];
    const { path } = await invite(stage.world.gateway, { id }, { email });
    const accepted = await operator(`post /invitations/${path.split('/').at(-1)}/accept`, {
      name: 'Spare',
      password: 'a sentence nobody guesses',
    });
    await operator(`patch ${base}/members/${accepted.body.membershipId}`, { orgRole: 'owner' });
  }
});

describe('who makes one', () => {
  let company: Company;
  let owner: Person;
  beforeAll(async () => {
    company = await stage.company();
    owner = await company.member('owner');
  });

  test('the operator names an owner; an owner makes their own only', async () => {
    const path = `post ${company.base}/emergency-codes`;
    const plain = await company.member();
    expect((await operator(path, { member: owner.membershipId })).status).toBe(201);
    const refusals = [
      await operator(path),
      await operator(path, { member: plain.membershipId }),
      await operator(path, { member: 'mem_00000000000000000000000000' }),
      await operator(path, { member: 'nonsense' }),
      await owner.send(path, { member: plain.membershipId }),
      await owner.send(path, { expiresAt: new Date(stage.world.gateway.clock.now() - 1).toISOString() }),
      await owner.send(path, {
        expiresAt: new Date(stage.world.gateway.clock.now() + days(367)).toISOString(),
      }),
      await plain.send(path),
    ];
    expect(refusals.map(({ status, body }) => [status, body.code, body.field])).toEqual([
      [422, 'invalid', 'member'],
      [422, 'invalid', 'member'],
      [404, 'not_found', undefined],
      [422, 'invalid', 'member'],
      [403, 'forbidden', 'member'],
      [422, 'invalid', 'expiresAt'],
      [422, 'invalid', 'expiresAt'],
      [403, 'forbidden', undefined],
    ]);
  });
});

// Last: the identity provider lives in real time and believes no other.
describe('in time', () => {
  test('the session lasts an hour, the code 90 days', async () => {
    const { company, code } = await sealed();
    const owner = (await codesOf(company))[0].member;
    const late = await operator(`post ${company.base}/emergency-codes`, { member: owner });
    const browser = createBrowser();
    await enter(code, browser);
    // Not idle in between: that would end it earlier.
    for (const step of [minutes(20), minutes(20), minutes(20) - 1]) {
      stage.world.gateway.clock.advance(step);
      expect(await sessionStatus(stage.world.gateway, browser)).toBe(200);
    }
    stage.world.gateway.clock.advance(1);
    expect(await sessionStatus(stage.world.gateway, browser)).toBe(401);
    stage.world.gateway.clock.advance(days(90) - hours(1));
    expect((await enter(late.body.code)).status).toBe(401);
    expect((await codesOf(company)).map(({ status }: { status: string }) => status).sort()).toEqual([
      'expired',
      'used',
    ]);
  });
});
