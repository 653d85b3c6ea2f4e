/** The recorder of sign-ins: what an admin sees of every attempt, and what nobody sees. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBrowser, type Page } from '../support/browser.ts';
import { nextText } from '../support/builders.ts';
import { ask, tryPassword, turnOnSecondFactor } from '../support/credentials.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { holdDate } from '../support/held-date.ts';
import { type OidcIdp, startOidcIdp } from '../support/idp/oidc.ts';
import { onlyMember } from '../support/members.ts';
import { aMember, PASSWORD } from '../support/page-visits.ts';
import { factOf, type RecordedSignIn, recordedSignIns } from '../support/recorded-sign-ins.ts';
import { encode, goodResponse, oktaLike, sign } from '../support/saml-builder.ts';
import {
  addOidcConnection,
  addSamlConnection,
  contextFor,
  postToAcs,
  pushPerson,
  scriptedIdp,
  startSaml,
} from '../support/sign-in-stage.ts';

const NAME_ID = 'ada@corp.example';

let gateway: TestGateway;
let idp: OidcIdp;
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  idp = await startOidcIdp();
});
afterAll(async () => {
  await idp.close();
  await gateway.close();
});

/** Ids are ordered by time, and this clock stands still by itself. */
const later = () => gateway.clock.advance(1);

async function aSamlCompany(choice: Parameters<typeof addSamlConnection>[2] = {}) {
  const organization = await gateway.createOrganization({ slug: nextText('corp') });
  const directory = await gateway.createDirectory(organization);
  const connection = await addSamlConnection(gateway, organization, choice);
  const user = await pushPerson(gateway, directory, { userName: NAME_ID });
  return { organization, connection, user };
}

async function anOidcCompany(choice: Partial<Parameters<typeof addOidcConnection>[2]> = {}) {
  const organization = await gateway.createOrganization({ slug: nextText('corp') });
  const directory = await gateway.createDirectory(organization, 'entra');
  const connection = await addOidcConnection(gateway, organization, { idp, ...choice });
  return { organization, directory, connection };
}

type SamlCompany = Awaited<ReturnType<typeof aSamlCompany>>;

/** Starts, and posts what `make` makes of the genuine answer. */
async function answer(
  { organization, connection }: SamlCompany,
  make: (context: Parameters<typeof goodResponse>[0]) => string = goodResponse,
): Promise<{ readonly page: Page; readonly relayState: string; readonly posted: string }> {
  const browser = createBrowser();
  const path = `/sign-in/${organization.slug}`;
  const { requestId, relayState } = await startSaml(gateway, browser, path);
  later();
  const posted = make(contextFor(gateway, connection, { requestId, nameId: NAME_ID }));
  const fields = { SAMLResponse: posted, RelayState: relayState };
  return { page: await postToAcs(gateway, browser, { connection, fields }), relayState, posted };
}

/** A whole walk takes no time on this clock, so that the order of its entries says nothing. */
const attemptAt = (attempts: readonly RecordedSignIn[], step: string) =>
  attempts.find((attempt) => attempt.step === step);

async function oidcSignIn(slug: string, email: string): Promise<Page> {
  later();
  const hint = encodeURIComponent(email);
  return createBrowser().signIn(`${gateway.baseUrl}/sign-in/${slug}?login_hint=${hint}`);
}

describe('a sign-in that goes well', () => {
  test('SAML: a start and its answer, joined by one id, with what the assertion said', async () => {
    const company = await aSamlCompany();
    const { page } = await answer(company);
    expect(page.status).toBe(303);
    const [callback, start, ...others] = await recordedSignIns(gateway, company.organization);
    expect(others).toEqual([]);
    expect(start).toMatchObject({
      kind: 'sign-in',
      protocol: 'saml',
      connectionId: company.connection.id,
      step: 'start',
      status: 303,
      outcome: null,
      failure: null,
    });
    expect(callback).toMatchObject({
      step: 'decision',
      status: 303,
      signInId: start?.signInId,
      requestId: page.headers.get('x-request-id'),
      outcome: { kind: 'enter', membershipId: company.user.membershipId },
      failure: null,
    });
    expect(callback?.timings.map(({ step }) => step)).toEqual(['callback', 'decision']);
    expect(factOf(callback, 'NameID')).toEqual([[NAME_ID], true]);
    expect(factOf(callback, 'Issuer')?.[1]).toBe(true);
    expect(callback?.facts.every(({ isVerified }) => isVerified)).toBe(true);
  });

  test('OpenID Connect: what the ID token said, and what the person typed as a mere hint', async () => {
    const company = await anOidcCompany();
    const sub = nextText('sub');
    const user = { sub, email: `${sub}@corp.example`, groups: ['g1', 'g2'] };
    idp.addUser(user);
    await pushPerson(gateway, company.directory, { userName: user.email });
    await oidcSignIn(company.organization.slug, user.email);
    const attempts = await recordedSignIns(gateway, company.organization);
    const [start, callback] = [attemptAt(attempts, 'start'), attemptAt(attempts, 'decision')];
    expect(factOf(start, 'login_hint')).toEqual([[user.email], false]);
    expect(callback).toMatchObject({ protocol: 'oidc', step: 'decision', outcome: { kind: 'enter' } });
    expect(factOf(callback, 'sub')).toEqual([[sub], true]);
    expect(factOf(callback, 'groups')).toEqual([['g1', 'g2'], true]);
  });
});

describe('a sign-in that fails', () => {
  test('has one page outside, and inside the reason, the cause and the screen of that product', async () => {
    const okta = scriptedIdp('http://www.okta.com/exk1234');
    const company = await aSamlCompany({ idp: okta });
    const { page } = await answer(company, (context) =>
      goodResponse({ ...context, spEntityId: 'https://another.example/service' }),
    );
    expect(page.status).toBe(403);
    const [attempt] = await recordedSignIns(gateway, company.organization);
    expect(page.text).toContain(attempt?.requestId);
    expect(attempt).toMatchObject({
      identityProvider: 'okta',
      step: 'callback',
      status: 403,
      outcome: null,
      failure: { code: 'sign_in_refused', reason: 'saml.audience' },
    });
    expect(attempt?.failure?.cause).toContain('entity ID');
    expect(Object.keys(attempt?.failure?.where ?? {})).toEqual(['okta']);
    expect(page.text).not.toContain('audience');
    expect(factOf(attempt, 'Audience')).toEqual([['https://another.example/service'], false]);
    expect(factOf(attempt, 'NameID')).toEqual([[NAME_ID], false]);
  });

  const refusals: readonly (readonly [string, (company: SamlCompany) => Promise<unknown>, object])[] = [
    [
      'an assertion that nobody signed: nothing of it is verified',
      (company) => answer(company, (context) => encode(oktaLike(context))),
      { step: 'callback', failure: { reason: 'saml.unsigned' } },
    ],
    [
      'a signature of another key',
      (company) =>
        answer(company, (context) =>
          encode(sign(oktaLike(context), 'assertion', { ...context }).replace(NAME_ID, 'eve@corp.example')),
        ),
      { step: 'callback', failure: { reason: 'saml.signature' } },
    ],
    [
      'something that is no SAML at all',
      (company) => answer(company, () => 'bm90IHhtbA=='),
      { step: 'callback', facts: [], failure: { reason: 'saml.malformed' } },
    ],
  ];
  test.each(refusals)('%s', async (_title, act, expected) => {
    const company = await aSamlCompany();
    await act(company);
    const [attempt] = await recordedSignIns(gateway, company.organization);
    expect(attempt).toMatchObject(expected);
    expect(attempt?.facts.some(({ isVerified }) => isVerified)).toBe(false);
  });

  test('somebody the directory does not hold: the facts are verified, the decision says no', async () => {
    const company = await anOidcCompany();
    const sub = nextText('sub');
    idp.addUser({ sub, email: `${sub}@corp.example` });
    await oidcSignIn(company.organization.slug, `${sub}@corp.example`);
    const attempt = attemptAt(await recordedSignIns(gateway, company.organization), 'decision');
    expect(attempt).toMatchObject({ failure: { reason: 'identity.not_in_directory' } });
    expect(factOf(attempt, 'sub')).toEqual([[sub], true]);
  });

  test('a provider that is down: the start fails, other organizations go on', async () => {
    const [dead, alive] = [
      await anOidcCompany({ idp: { issuer: 'http://127.0.0.1:9' } }),
      await anOidcCompany(),
    ];
    const page = await oidcSignIn(dead.organization.slug, 'x@corp.example');
    expect(page.status).toBe(403);
    const [attempt] = await recordedSignIns(gateway, dead.organization);
    expect(attempt).toMatchObject({ step: 'start', status: 403, failure: { reason: 'oidc.unreachable' } });
    expect(attempt?.failure?.here).toContain('check');
    const other = await createBrowser().request(`${gateway.baseUrl}/sign-in/${alive.organization.slug}`);
    expect(other.status).toBe(303);
  });

  test('S87 the words of an error answer are shown to the admin alone, as words of a stranger', async () => {
    const company = await anOidcCompany();
    const browser = createBrowser();
    const start = await browser.request(`${gateway.baseUrl}/sign-in/${company.organization.slug}`);
    const { searchParams } = new URL(start.headers.get('location') ?? '');
    later();
    const query = new URLSearchParams({
      error: 'access_denied',
      error_description: 'AADSTS50105: <b>not assigned</b>',
      state: searchParams.get('state') ?? '',
      iss: idp.issuer,
    });
    const page = await browser.request(`${gateway.baseUrl}/oidc-callback/${company.connection.id}?${query}`);
    expect(page.text).not.toContain('AADSTS');
    const [attempt] = await recordedSignIns(gateway, company.organization);
    expect(attempt?.failure?.reason).toBe('oidc.denied');
    expect(factOf(attempt, 'error')).toEqual([['access_denied'], false]);
    expect(factOf(attempt, 'error_description')).toEqual([['AADSTS50105: <b>not assigned</b>'], false]);
  });
});

describe('a password', () => {
  const send = (email: string, password: string) =>
    gateway.request().post('/sign-in/password').send({ email, password });

  test('right: recorded where the session is; wrong: in every organization of the person, with no word of the password', async () => {
    const organization = await gateway.createOrganization({ slug: nextText('manual') });
    // Who accepts an invitation signs in with the new password.
    const { email } = await aMember(gateway, organization);
    later();
    const refused = await send(email, 'canary but not the right sentence');
    expect(refused.status).toBe(401);
    const [wrong, right, ...others] = await recordedSignIns(gateway, organization);
    expect(others).toEqual([]);
    expect(right).toMatchObject({ protocol: 'password', connectionId: null, outcome: { kind: 'enter' } });
    expect(wrong).toMatchObject({
      protocol: 'password',
      status: 401,
      requestId: refused.headers['x-request-id'],
      failure: { code: 'unauthenticated', reason: 'password.wrong', where: {} },
    });
    expect(factOf(wrong, 'email')).toEqual([[email], false]);
    expect(JSON.stringify([wrong, right])).not.toMatch(/canary|sentence/);
  });

  test('right, with a wrong code behind it: recorded with what was wrong; and when the step is over', async () => {
    const organization = await gateway.createOrganization({ slug: nextText('manual') });
    const { email, browser } = await aMember(gateway, organization);
    const { recoveryCodes } = await turnOnSecondFactor(gateway, browser);
    later();
    const asked = createBrowser();
    await tryPassword(gateway, asked, { email });
    const step = (code: string) => ask(gateway, asked, { path: '/sign-in/second-step', body: { code } });
    expect((await step('canary')).status).toBe(401);
    later();
    expect((await step(String(recoveryCodes[0]))).status).toBe(204);
    later();
    const [right, wrong] = await recordedSignIns(gateway, organization);
    expect(right).toMatchObject({ protocol: 'password', outcome: { kind: 'enter' } });
    expect(wrong).toMatchObject({
      protocol: 'password',
      status: 401,
      failure: { code: 'unauthenticated', reason: 'second_step.wrong_code' },
    });
    expect(JSON.stringify([right, wrong])).not.toMatch(new RegExp(`canary|${recoveryCodes[0]}`));
  });

  test('none at all, from a program: recorded, with words of its own', async () => {
    const organization = await gateway.createOrganization({ slug: nextText('manual') });
    const { email } = await aMember(gateway, organization);
    later();
    expect((await gateway.request().post('/sign-in/password').send({ email })).status).toBe(422);
    const [attempt] = await recordedSignIns(gateway, organization);
    expect(attempt?.failure).toMatchObject({ code: 'invalid', reason: 'invalid' });
    expect(attempt?.failure?.cause).toContain('without a password');
  });

  test('of an address that nobody has it is nobody\u2019s', async () => {
    const organization = await gateway.createOrganization({ slug: nextText('manual') });
    await send('nobody@manual.example', PASSWORD);
    expect(await recordedSignIns(gateway, organization)).toEqual([]);
  });

  test('of somebody who was suspended: there is no way in', async () => {
    const organization = await gateway.createOrganization({ slug: nextText('manual') });
    const { email } = await aMember(gateway, organization);
    const membership = await onlyMember(gateway, organization.id);
    later();
    await gateway.storage.transact((tx) =>
      tx.memberships.update(organization.id, { ...membership, status: 'suspended' }, membership.version),
    );
    await send(email, PASSWORD);
    const [attempt] = await recordedSignIns(gateway, organization);
    expect(attempt?.failure?.reason).toBe('password.no_way_in');
  });
});

describe('finding and bounds', () => {
  test('by outcome, connection, text and id; without a kind beside the exchanges of directories', async () => {
    const company = await aSamlCompany();
    await answer(company);
    later();
    const { page } = await answer(company, () => 'bm90IHhtbA==');
    const steps = async (query: string) =>
      (await recordedSignIns(gateway, company.organization, query)).map(({ step }) => step);
    expect(await steps('&outcome=failed')).toEqual(['callback']);
    expect(await steps('&outcome=ok')).toEqual(['start', 'decision', 'start']);
    expect(await steps(`&connection=${company.connection.id}&limit=2`)).toEqual(['callback', 'start']);
    expect(await steps('&connection=con_00000000000000000000000000')).toEqual([]);
    const reference = page.headers.get('x-request-id') ?? '';
    const [found] = await recordedSignIns(gateway, company.organization, `&q=${reference}`);
    const ask = (path: string) =>
      gateway
        .request()
        .get(`/api/v1/organizations/${company.organization.id}/recorder${path}`)
        .set('Authorization', `Bearer ${gateway.operatorKey}`);
    expect((await ask(`/${found?.id}`)).body).toEqual(found);
    expect((await ask('')).body.items.map(({ kind }: RecordedSignIn) => kind)).toContain('sign-in');
    expect((await ask('?kind=scim')).body.items).toEqual([]);
    expect((await ask('?connection=nonsense')).body).toMatchObject({ code: 'invalid', field: 'connection' });
  });

  test('another organization sees nothing of it, and what belongs to nobody is nowhere', async () => {
    const [ours, theirs] = [await aSamlCompany(), await aSamlCompany()];
    await answer(ours);
    const unknown = `con_${'0'.repeat(26)}`;
    await createBrowser().request(`${gateway.baseUrl}/oidc-callback/${unknown}?code=x&state=y`);
    await createBrowser().request(`${gateway.baseUrl}/sign-in/nobody-of-that-name`);
    const named = `/sign-in/${theirs.organization.slug}?connection=${ours.connection.id}`;
    expect((await createBrowser().request(`${gateway.baseUrl}${named}`)).status).toBe(403);
    expect(await recordedSignIns(gateway, theirs.organization)).toEqual([]);
    expect(await recordedSignIns(gateway, ours.organization)).toHaveLength(2);
  });
});

test('S210 no response, code, state, token or secret reaches the store by way of the recorder', async () => {
  const saml = await aSamlCompany();
  const good = await answer(saml);
  const bad = await answer(saml, (context) => goodResponse({ ...context, acsUrl: 'https://other.example/' }));
  const oidc = await anOidcCompany();
  const sub = nextText('sub');
  idp.addUser({ sub, email: `${sub}@corp.example`, claims: { department: 'Bearer canary-department-1' } });
  const browser = createBrowser();
  const seen: string[] = [];
  let url = `${gateway.baseUrl}/sign-in/${oidc.organization.slug}?login_hint=${sub}%40corp.example`;
  for (let hop = 0; hop < 8; hop += 1) {
    const page = await browser.request(url);
    const location = page.headers.get('location');
    if (location === null) break;
    url = new URL(location, url).href;
    const query = new URL(url).searchParams;
    for (const name of ['state', 'nonce', 'code', 'code_challenge']) seen.push(query.get(name) ?? '');
  }
  const canaries = [good.relayState, bad.relayState, good.posted.slice(40, 140), bad.posted.slice(40, 140)];
  for (const canary of [
    ...canaries,
    ...seen,
    'canary-department-1',
    'not-a-secret-but-long-enough-for-tests',
  ]) {
    if (canary === '') continue;
    for (const company of [saml, oidc]) {
      const text = JSON.stringify(await recordedSignIns(gateway, company.organization));
      expect(text).not.toContain(canary);
    }
  }
  expect(seen.filter((one) => one !== '').length).toBeGreaterThanOrEqual(4);
});

test('docs/recorder.md names every step and field that an admin is shown', () => {
  const words = readFileSync('docs/recorder.md', 'utf8');
  for (const word of [
    'kind=sign-in',
    '`start`',
    '`callback`',
    '`decision`',
    '`sign_out`',
    'isVerified',
    '`here`',
    'signInId',
  ])
    expect(words).toContain(word);
});
