/** Requiring single sign-on: tested before it is required, and at once from then on. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hours, minutes } from '../../../src/kernel/clock.ts';
import { createBrowser } from '../../support/browser.ts';
import { countOfType } from '../../support/journal-rows.ts';
import { invite, PASSWORD } from '../../support/page-visits.ts';
import { recordedSignIns } from '../../support/recorded-sign-ins.ts';
import { sessionStatus } from '../../support/sign-in-stage.ts';
import { type Company, openPolicyStage, type PolicyStage } from './policy-stage.ts';

let stage: PolicyStage;
beforeAll(async () => {
  stage = await openPolicyStage();
});
afterAll(() => stage.close());

const operator = (request: string, body?: unknown) => stage.world.send(stage.world.operator, request, body);
const require = ({ base }: Company) => operator(`patch ${base}`, { ssoPolicy: 'required' });
/** The test that was started, or the only one there is. */
const testOf = async ({ base, connection }: Company, started?: { readonly id: string }) => {
  const path = `get ${base}/connections/${connection.id}/test-sign-ins`;
  if (started !== undefined) return (await operator(`${path}/${started.id}`)).body;
  return (await operator(path)).body.items[0];
};
const startTest = ({ base, connection }: Company) =>
  operator(`post ${base}/connections/${connection.id}/test-sign-in`);

/** Somebody whom the organization lets in by invitation of their verified address. */
async function invited(company: Company, name = 'new') {
  const email = `${name}-${company.slug}@${company.domain}`;
  await invite(stage.world.gateway, company, { email });
  return { email };
}

describe('before a test has passed', () => {
  test('409 sso_test_required says what to do, and nothing changes', async () => {
    const company = await stage.company();
    const { status, body } = await require(company);
    expect([status, body.code, body.field]).toEqual([409, 'sso_test_required', 'ssoPolicy']);
    expect(body.detail).toContain('test-sign-in');
    expect((await operator(`get ${company.base}`)).body.ssoPolicy).toBe('optional');
  });

  test('a test of a draft passes without a session, but the connection must be active before it is required', async () => {
    const company = await stage.company({ status: 'draft' });
    const user = await invited(company);
    const { body } = await startTest(company);
    expect(body).toMatchObject({
      status: 'open',
      facts: null,
      url: expect.stringContaining('/sign-in/test/'),
    });
    const browser = createBrowser();
    const page = await stage.through(browser, body.url, user);
    expect([page.status, page.text.includes('The test sign-in passed')]).toEqual([200, true]);
    expect(await sessionStatus(stage.world.gateway, browser)).toBe(401);
    expect(await testOf(company)).toMatchObject({
      status: 'passed',
      reason: null,
      facts: { email: user.email, subject: user.email },
      decision: { kind: 'accept_invitation', role: 'member' },
    });
    expect(await countOfType(stage.world.gateway.storage, company.id, 'test_sign_in.passed')).toBe(1);
    const recorded = await recordedSignIns(stage.world.gateway, company);
    expect(recorded.map(({ step, outcome, failure }) => ({ step, outcome, failure }))).toContainEqual({
      ...{ step: 'decision', outcome: { kind: 'test_passed', membershipId: null }, failure: null },
    });
    const listed = await operator(`get ${company.base}/invitations?status=pending`);
    expect(listed.body.items).toHaveLength(1);
    const early = await require(company);
    expect([early.status, early.body.detail]).toEqual([409, expect.stringContaining('not active')]);
    await operator(`patch ${company.base}/connections/${company.connection.id}`, { status: 'active' });
    expect((await require(company)).body.ssoPolicy).toBe('required');
  });

  test('a draft serves nobody but the test: named in the sign-in it is refused', async () => {
    const company = await stage.company({ status: 'draft' });
    const browser = createBrowser();
    const path = `/sign-in/${company.slug}?connection=${company.connection.id}`;
    expect((await browser.request(`${stage.world.gateway.baseUrl}${path}`)).status).toBe(403);
  });

  test('a test that would be refused does not pass, and keeps the exact reason', async () => {
    const company = await stage.company();
    const { body } = await startTest(company);
    const page = await stage.through(createBrowser(), body.url, { email: 'stranger@elsewhere.example' });
    expect(page.text).toContain('did not pass');
    expect(await testOf(company)).toMatchObject({
      status: 'failed',
      reason: 'identity.unknown',
      facts: { email: 'stranger@elsewhere.example' },
      decision: { kind: 'refuse', reason: 'identity.unknown' },
    });
    expect(await countOfType(stage.world.gateway.storage, company.id, 'test_sign_in.failed')).toBe(1);
    const recorded = await recordedSignIns(stage.world.gateway, company, '&outcome=failed');
    expect(recorded).toMatchObject([{ outcome: null, failure: { reason: 'identity.unknown' } }]);
    expect((await require(company)).status).toBe(409);
  });

  test('a test whose answer cannot be believed fails with the reason, and the browser sees the page of every refusal', async () => {
    const company = await stage.company();
    const user = await invited(company);
    const { body } = await startTest(company);
    await operator(`patch ${company.base}/connections/${company.connection.id}`, {
      entityId: 'https://another.example/entity',
    });
    const page = await stage.through(createBrowser(), body.url, user);
    expect([page.status, page.text.includes('You could not be signed in')]).toEqual([403, true]);
    expect(await testOf(company)).toMatchObject({ status: 'failed', reason: 'saml.issuer', facts: null });
  });

  test.each([
    [
      'after another setting of the connection',
      ({ base, connection }: Company) =>
        operator(`patch ${base}/connections/${connection.id}`, { signatures: 'both' }),
      409,
    ],
    [
      'after another name of the connection',
      ({ base, connection }: Company) =>
        operator(`patch ${base}/connections/${connection.id}`, { name: 'New' }),
      200,
    ],
  ])('a passed test %s', async (_title, change, status) => {
    const company = await stage.company();
    const { body } = await startTest(company);
    await stage.through(createBrowser(), body.url, await invited(company));
    await change(company);
    expect((await require(company)).status).toBe(status);
  });

  test('the address of a test stops with its result', async () => {
    const company = await stage.company();
    const { body } = await startTest(company);
    await stage.through(createBrowser(), body.url, await invited(company));
    expect((await createBrowser().request(body.url)).status).toBe(404);
  });
});

describe('an owner', () => {
  test('tests in their own browser only, and passes only as themselves', async () => {
    const company = await stage.company();
    const owner = await company.member('owner');
    const start = `post ${company.base}/connections/${company.connection.id}/test-sign-in`;
    const { body } = await owner.send(start, {});
    expect((await createBrowser().request(body.url)).status).toBe(404);
    await stage.through(owner.browser, body.url, await invited(company, 'another'));
    expect(await testOf(company)).toMatchObject({ status: 'failed', reason: 'test.another_person' });
    expect((await owner.send(`patch ${company.base}`, { ssoPolicy: 'required' })).status).toBe(409);
  });

  test('S156 with connect the identity with their own address becomes theirs, and only then they require it; their password session ends', async () => {
    const company = await stage.company();
    const owner = await company.member('owner');
    const start = `post ${company.base}/connections/${company.connection.id}/test-sign-in`;
    const plain = await owner.send(start);
    await stage.through(owner.browser, plain.body.url, { email: owner.email });
    expect(await testOf(company)).toMatchObject({ status: 'failed', reason: 'identity.address_taken' });
    const { body } = await owner.send(start, { connect: true });
    const page = await stage.through(owner.browser, body.url, { email: owner.email });
    expect(page.text).toContain('now connected to you');
    expect(await testOf(company, body)).toMatchObject({
      status: 'passed',
      decision: { kind: 'connect', membershipId: owner.membershipId },
    });
    expect((await owner.send(`patch ${company.base}`, { ssoPolicy: 'required' })).status).toBe(200);
    expect(await sessionStatus(stage.world.gateway, owner.browser)).toBe(401);
    const { browser } = await stage.signIn(company, { email: owner.email });
    const session = JSON.parse((await browser.request(`${stage.world.gateway.baseUrl}/api/v1/session`)).text);
    expect(session).toMatchObject({ membershipId: owner.membershipId, orgRole: 'owner' });
  });

  test('S156 connect takes nothing but their own address', async () => {
    const company = await stage.company();
    const owner = await company.member('owner');
    const other = await company.member();
    const start = `post ${company.base}/connections/${company.connection.id}/test-sign-in`;
    const { body } = await owner.send(start, { connect: true });
    await stage.through(owner.browser, body.url, { email: other.email });
    expect(await testOf(company)).toMatchObject({ status: 'failed', reason: 'identity.address_taken' });
  });

  test('S142 S156 connect binds nothing when the connection has changed since the test began', async () => {
    const company = await stage.company();
    const owner = await company.member('owner');
    const { connection, base } = company;
    const start = `post ${base}/connections/${connection.id}/test-sign-in`;
    const { body } = await owner.send(start, { connect: true });
    await operator(`patch ${base}/connections/${connection.id}`, { attributes: { groups: 'teams' } });
    await stage.through(owner.browser, body.url, { email: owner.email });
    expect(await testOf(company)).toMatchObject({
      ...{ status: 'failed', reason: 'test.settings_changed' },
      decision: { kind: 'refuse', reason: 'identity.address_taken' },
    });
    expect(await countOfType(stage.world.gateway.storage, company.id, 'identity.connected')).toBe(0);
  });

  test.each(['admin', 'member'] as const)('403: %s neither tests nor decides', async (role) => {
    const company = await stage.company();
    const person = await company.member(role);
    const start = `post ${company.base}/connections/${company.connection.id}/test-sign-in`;
    expect((await person.send(start, {})).status).toBe(403);
    expect((await person.send(`patch ${company.base}`, { ssoPolicy: 'optional' })).status).toBe(403);
  });
});

describe('from the moment it is required', () => {
  test('S157 passwords, old sessions and open invitations by password are refused at once; single sign-on works', async () => {
    const company = await stage.company();
    const { gateway } = stage.world;
    const [person, elsewhere] = [await company.member(), await stage.company()];
    const bystander = await elsewhere.member();
    const guest = await invite(gateway, company);
    const user = await invited(company);
    const before = await stage.signIn(company, user);
    expect((await stage.requireSso(company, user)).status).toBe(200);
    expect(await sessionStatus(gateway, person.browser)).toBe(401);
    expect(await person.enterPassword()).toBe(401);
    const accept = await operator(`post /invitations/${guest.token}/accept`, {
      name: 'Bo',
      password: PASSWORD,
    });
    const signIn = `${gateway.baseUrl}/sign-in/${company.slug}`;
    expect([accept.status, accept.body.code, accept.body.url]).toEqual([403, 'sso_required', signIn]);
    const known = await invite(gateway, company, { email: bystander.email });
    const theirs = await operator(`post /invitations/${known.token}/accept`, {
      name: 'X',
      password: PASSWORD,
    });
    expect([theirs.status, theirs.body.url]).toEqual([403, known.url]);
    expect(await sessionStatus(gateway, before.browser)).toBe(200);
    expect((await stage.signIn(company, user)).page.status).toBe(200);
    expect(await sessionStatus(gateway, bystander.browser)).toBe(200);
    expect(await bystander.enterPassword()).toBe(303);
  });

  test('S157 each ended session has its record, with the reason, in the transaction of the change', async () => {
    const company = await stage.company();
    const person = await company.member();
    await stage.requireSso(company, await invited(company));
    const { body } = await operator(`get ${company.base}/audit-events?limit=200`);
    const rows: {
      type: string;
      requestId: string;
      details: Record<string, unknown>;
      target: { id: string };
    }[] = body.items;
    const changed = rows.find(({ type, details }) => type === 'organization.updated' && 'after' in details);
    const ended = rows.filter(
      ({ type, details }) => type === 'session.ended' && details.reason === 'sso_required',
    );
    expect([...new Set(ended.map(({ target }) => target.id))]).toEqual([person.membershipId]);
    expect(ended[0]?.requestId).toBe(changed?.requestId);
  });

  test('S157 an invitation is accepted by coming in through the identity provider', async () => {
    const company = await stage.company();
    await stage.requireSso(company, await invited(company));
    const guest = await invited(company, 'guest');
    const { browser } = await stage.signIn(company, guest);
    expect(await sessionStatus(stage.world.gateway, browser)).toBe(200);
  });

  test('the only connection can neither be disabled nor drafted nor removed; optional again, it can', async () => {
    const company = await stage.company();
    await stage.requireSso(company, await invited(company));
    const path = `${company.base}/connections/${company.connection.id}`;
    for (const [request, body] of [
      [`patch ${path}`, { status: 'disabled' }],
      [`patch ${path}`, { status: 'draft' }],
      [`delete ${path}`, undefined],
    ] as const) {
      const refused = await operator(request, body);
      expect([refused.status, refused.body.code]).toEqual([409, 'last_connection']);
    }
    await operator(`patch ${company.base}`, { ssoPolicy: 'optional' });
    expect((await operator(`patch ${path}`, { status: 'disabled' })).status).toBe(200);
  });

  test('optional again, passwords work again and dead sessions stay dead', async () => {
    const company = await stage.company();
    const person = await company.member();
    await stage.requireSso(company, await invited(company));
    await operator(`patch ${company.base}`, { ssoPolicy: 'optional' });
    expect(await sessionStatus(stage.world.gateway, person.browser)).toBe(401);
    expect(await person.enterPassword()).toBe(303);
  });
});

describe('personal API keys', () => {
  const key = (kind: string) => ({ name: 'Nightly', kind, scopes: ['members.read'] });
  const reads = async ({ base }: Company, token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await stage.world.send({ headers }, `get ${base}/members`)).status;
  };

  test('S157: made in a session without a connection they end as sessions do, for good; keys of the organization go on', async () => {
    const company = await stage.company();
    const admin = await company.member('admin');
    const path = `post ${company.base}/api-keys`;
    const { body: own } = await admin.send(path, key('personal'));
    const { body: team } = await admin.send(path, key('team'));
    expect([await reads(company, own.token), await reads(company, team.token)]).toEqual([200, 200]);
    expect((await stage.requireSso(company, await invited(company))).status).toBe(200);
    expect([await reads(company, own.token), await reads(company, team.token)]).toEqual([401, 200]);
    const { body } = await operator(`get ${company.base}/audit-events?type=api_key.removed`);
    expect(body.items).toMatchObject([{ target: { id: own.id }, details: { reason: 'sso_required' } }]);
    await operator(`patch ${company.base}`, { ssoPolicy: 'optional' });
    expect(await reads(company, own.token)).toBe(401);
  });

  test('S157: made in a session of a connection they go on', async () => {
    const company = await stage.company();
    const user = await invited(company);
    const { browser } = await stage.signIn(company, user);
    const { baseUrl } = stage.world.gateway;
    const made = await browser.request(`${baseUrl}/api/v1${company.base}/api-keys`, {
      method: 'POST',
      headers: { origin: baseUrl, 'content-type': 'application/json' },
      body: JSON.stringify(key('personal')),
    });
    const { token } = JSON.parse(made.text);
    expect((await stage.requireSso(company, await invited(company, 'second'))).status).toBe(200);
    expect(await reads(company, token)).toBe(200);
  });
});

// Last: the identity provider lives in real time and believes no other.
describe('in time', () => {
  test('the address of a test works for 15 minutes, its result counts for 24 hours', async () => {
    const company = await stage.company();
    const { clock } = stage.world.gateway;
    const passed = await startTest(company);
    await stage.through(createBrowser(), passed.body.url, await invited(company));
    const open = await startTest(company);
    clock.advance(minutes(15) - 1);
    expect((await createBrowser().request(open.body.url)).status).toBe(303);
    clock.advance(1);
    expect((await createBrowser().request(open.body.url)).status).toBe(404);
    expect((await testOf(company, open.body)).status).toBe('expired');
    clock.advance(hours(24) - minutes(16));
    expect((await require(company)).status).toBe(200);
    await operator(`patch ${company.base}`, { ssoPolicy: 'optional' });
    clock.advance(minutes(2));
    expect((await require(company)).status).toBe(409);
  });
});
