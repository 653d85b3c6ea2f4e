/** A SAML provider from which nobody comes back: admins of its organization are told, once; nobody else notices anything. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { judgeSilence, noticeSilentProviders } from '../../../src/core/connections/silent-providers.ts';
import { removeExpired } from '../../../src/jobs/expire.ts';
import { hours, minutes } from '../../../src/kernel/clock.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { recordedSignIns } from '../../support/recorded-sign-ins.ts';
import { goodResponse } from '../../support/saml-builder.ts';
import {
  addSamlConnection,
  contextFor,
  postToAcs,
  pushPerson,
  startSaml,
} from '../../support/sign-in-stage.ts';

const ADA = 'ada@corp.example';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const api = async (method: 'get' | 'post' | 'patch', path: string, body: object = {}) => {
  const authorization = `Bearer ${gateway.operatorKey}`;
  const asked = gateway.request()[method](`/api/v1/organizations${path}`).set({ authorization });
  return (await (method === 'get' ? asked : asked.send(body))).body;
};

/** What the timers do, five minutes after five minutes. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += minutes(5)) {
    gateway.clock.advance(minutes(5));
    await noticeSilentProviders(gateway.deps);
    await removeExpired(gateway.deps);
  }
}

async function aCompany(choice: Parameters<typeof addSamlConnection>[2] = {}) {
  const organization = await gateway.createOrganization({ slug: nextText('silent') });
  const directory = await gateway.createDirectory(organization);
  const connection = await addSamlConnection(gateway, organization, choice);
  await pushPerson(gateway, directory, { userName: ADA });
  const base = `/${organization.slug}`;
  const leave = (browser: Browser = createBrowser()) => startSaml(gateway, browser, `/sign-in${base}`);
  const comeBack = async (nameId = ADA) => {
    const browser = createBrowser();
    const { requestId, relayState } = await leave(browser);
    const SAMLResponse = goodResponse(contextFor(gateway, connection, { requestId, nameId }));
    const fields = { SAMLResponse, RelayState: relayState };
    return (await postToAcs(gateway, browser, { connection, fields })).status;
  };
  return {
    ...{ organization, connection, leave, comeBack },
    read: () => api('get', `${base}/connections/${connection.id}`),
    check: () => api('post', `${base}/connections/${connection.id}/check`),
    patch: (body: object) => api('patch', `${base}/connections/${connection.id}`, body),
    test: () => api('post', `${base}/connections/${connection.id}/test-sign-in`),
    events: async (type: string) => (await api('get', `${base}/audit-events?type=${type}`)).items,
  };
}

/** One through whom somebody has come in, a minute ago. */
async function aWorkingOne(choice: Parameters<typeof addSamlConnection>[2] = {}) {
  const company = await aCompany(choice);
  expect(await company.comeBack()).toBe(303);
  gateway.clock.advance(minutes(1));
  return company;
}

type Company = Awaited<ReturnType<typeof aCompany>>;

async function leaveOneByOne(company: Company, browsers: readonly Browser[]): Promise<void> {
  for (const browser of browsers) {
    await company.leave(browser);
    gateway.clock.advance(minutes(1));
  }
}

const three = () => [createBrowser(), createBrowser(), createBrowser()];

async function aSilentOne(): Promise<Company> {
  const company = await aWorkingOne();
  await leaveOneByOne(company, three());
  await pass(minutes(15));
  expect(await company.events('connection.unreachable')).toHaveLength(1);
  return company;
}

describe('three people who left one after the other and did not come back', () => {
  test('are told of once, with the provider, since when and how many; other organizations are not touched', async () => {
    const company = await aWorkingOne();
    const others = [await aWorkingOne(), await aWorkingOne()];
    for (const other of others) await other.leave();
    const since = new Date(gateway.clock.now()).toISOString();
    await leaveOneByOne(company, three());
    await pass(minutes(5));
    expect(await company.read()).toMatchObject({ problem: null, problemSince: null, unanswered: null });
    await pass(hours(3));
    const [event, ...more] = await company.events('connection.unreachable');
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      actor: { kind: 'system' },
      details: {
        ...{ name: 'Company sign-in', issuer: 'https://idp.example/entity' },
        ...{ reason: 'saml.unanswered', since, sent: 3 },
      },
    });
    expect(await company.read()).toMatchObject({
      ...{ problem: 'saml.unanswered', problemSince: since, unanswered: 3 },
    });
    for (const other of others) {
      expect(await other.events('connection.unreachable')).toEqual([]);
      expect(await other.read()).toMatchObject({ problem: null, problemSince: null });
    }
  });

  test('S52: a plain GET or an empty form at the address for answers does not hide it, nor many of them an answer', async () => {
    const [silent, answered] = [await aWorkingOne(), await aWorkingOne()];
    await leaveOneByOne(silent, [...three(), ...three()]);
    await leaveOneByOne(answered, three());
    await answered.comeBack('nobody@corp.example');
    for (const { connection } of [silent, ...Array<Company>(101).fill(answered)]) {
      gateway.clock.advance(1);
      const path = `/saml/${connection.id}/acs`;
      expect((await gateway.request().get(path)).status).toBe(405);
    }
    const page = await postToAcs(gateway, createBrowser(), { connection: silent.connection, fields: {} });
    expect(page.status).toBe(400);
    await pass(minutes(20));
    expect(await silent.read()).toMatchObject({ problem: 'saml.unanswered' });
    expect(await answered.read()).toMatchObject({ problem: null });
  });

  test('close no door: the next one is sent as before, and the recorder and the check say what is known', async () => {
    const company = await aSilentOne();
    const before = await company.leave();
    expect(before.location).toContain('https://idp.example/sso');
    const [attempt] = await recordedSignIns(gateway, company.organization);
    expect(attempt).toMatchObject({ step: 'start', failure: null, notes: [{ code: 'saml.unanswered' }] });
    expect(attempt?.notes[0]?.cause).toContain('nobody comes back');
    expect(await company.check()).toMatchObject({ ok: false, reason: 'saml.unanswered' });
  });
});

describe('an outage ends', () => {
  test.each<readonly [string, string, number]>([
    ['accepted', ADA, 303],
    ['refused', 'nobody@corp.example', 403],
  ])('with the first answer, though it is %s; a later one is told anew', async (_how, who, status) => {
    const company = await aSilentOne();
    expect(await company.comeBack(who)).toBe(status);
    expect(await company.read()).toMatchObject({ problem: null, problemSince: null, unanswered: null });
    expect(await company.events('connection.reachable')).toHaveLength(1);
    await pass(hours(1));
    expect(await company.events('connection.unreachable')).toHaveLength(1);
    await leaveOneByOne(company, three());
    await pass(minutes(15));
    expect(await company.events('connection.unreachable')).toHaveLength(2);
  });

  test('with a test sign-in, which passes although the outage was there when it began', async () => {
    const company = await aSilentOne();
    const { url } = await company.test();
    const browser = createBrowser();
    const { requestId, relayState } = await startSaml(gateway, browser, new URL(url).pathname);
    const context = contextFor(gateway, company.connection, { requestId, nameId: ADA });
    const fields = { SAMLResponse: goodResponse(context), RelayState: relayState };
    await postToAcs(gateway, browser, { connection: company.connection, fields });
    expect(await company.events('test_sign_in.passed')).toHaveLength(1);
    expect(await company.read()).toMatchObject({ problem: null });
  });

  test('when another address is given; what is known of one provider says nothing of another', async () => {
    const company = await aSilentOne();
    expect(await company.patch({ name: 'Renamed' })).toMatchObject({ problem: 'saml.unanswered' });
    const ssoUrl = 'https://new.example/sso';
    expect(await company.patch({ ssoUrl })).toMatchObject({ problem: null, problemSince: null });
    await pass(hours(1));
    expect(await company.events('connection.unreachable')).toHaveLength(1);
  });
});

describe('no outage', () => {
  const quiet = async (company: Company) => {
    await pass(hours(2));
    expect(await company.events('connection.unreachable')).toEqual([]);
  };

  test('one lonely person who tries again and again', async () => {
    const company = await aWorkingOne();
    const browser = createBrowser();
    await leaveOneByOne(company, Array(8).fill(browser));
    await quiet(company);
  });

  test('two people', async () => {
    const company = await aWorkingOne();
    await leaveOneByOne(company, [createBrowser(), createBrowser()]);
    await quiet(company);
  });

  test.each([ADA, 'nobody@corp.example'])('tabs closed before and after an answer to %s', async (who) => {
    const company = await aWorkingOne();
    await leaveOneByOne(company, [createBrowser(), createBrowser()]);
    await company.comeBack(who);
    gateway.clock.advance(minutes(1));
    await leaveOneByOne(company, [createBrowser(), createBrowser()]);
    await quiet(company);
  });

  test('a provider through which nobody has ever come in: it is being set up', async () => {
    const company = await aCompany();
    await leaveOneByOne(company, three());
    await quiet(company);
  });

  test('tests of a draft', async () => {
    const company = await aWorkingOne();
    await company.patch({ status: 'draft' });
    for (const browser of three()) {
      const { url } = await company.test();
      await startSaml(gateway, browser, new URL(url).pathname);
    }
    await quiet(company);
  });

  test('people who were sent before the connection was switched off', async () => {
    const company = await aWorkingOne();
    await leaveOneByOne(company, three());
    await company.patch({ status: 'disabled' });
    await quiet(company);
  });
});

test.each<readonly [Parameters<typeof judgeSilence>[0], ReturnType<typeof judgeSilence>]>([
  [{ sentAt: [], answeredAt: undefined, hasLetIn: true }, undefined],
  [{ sentAt: [5, 6], answeredAt: undefined, hasLetIn: true }, undefined],
  [
    { sentAt: [7, 5, 6], answeredAt: undefined, hasLetIn: true },
    { reason: 'saml.unanswered', since: 5, sent: 3 },
  ],
  [{ sentAt: [7, 5, 6], answeredAt: undefined, hasLetIn: false }, undefined],
  [{ sentAt: [5, 6, 7], answeredAt: 5, hasLetIn: true }, undefined],
  [
    { sentAt: [5, 6, 7, 8], answeredAt: 5, hasLetIn: true },
    { reason: 'saml.unanswered', since: 6, sent: 3 },
  ],
])('the rule: %j', (seen, expected) => {
  expect(judgeSilence(seen)).toEqual(expected);
});
