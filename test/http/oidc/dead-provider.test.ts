/** An identity provider that is down, slow, or answers nonsense: its organization alone is affected, and the admin is told which and why, once. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { noteAnswerOfProvider } from '../../../src/core/connections/connection-outages.ts';
import { days, minutes } from '../../../src/kernel/clock.ts';
import { newRsaKey, selfSignedCertificate } from '../../../src/kernel/self-signed-certificate.ts';
import { createBrowser, type Page } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { type ClosedPort, holdClosedPort } from '../../support/closed-port.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type OidcIdp, startOidcIdp } from '../../support/idp/oidc.ts';
import { recordedSignIns } from '../../support/recorded-sign-ins.ts';
import { addOidcConnection, setSession } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let healthy: OidcIdp;
let nobody: ClosedPort;
const servers: Server[] = [];
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  healthy = await startOidcIdp();
  nobody = await holdClosedPort();
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  nobody.close();
  await healthy.close();
  await gateway.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const answering = async (listener: RequestListener) =>
  `http://127.0.0.1:${await listening(createServer(listener))}`;

/** TLS whose certificate ended yesterday. */
async function expiredTls(): Promise<string> {
  const key = await newRsaKey();
  const validity = { notBefore: Date.now() - days(9), notAfter: Date.now() - days(1) };
  const cert = selfSignedCertificate({ privateKey: key, commonName: '127.0.0.1', ...validity });
  return `https://127.0.0.1:${await listening(createTlsServer({ key, cert }, (_req, res) => res.end('{}')))}`;
}

const api = async (method: 'get' | 'post', path: string) => {
  const authorization = `Bearer ${gateway.operatorKey}`;
  const answer = await gateway.request()[method](`/api/v1/organizations${path}`).set({ authorization });
  return answer.body;
};

async function aCompany(issuer: string) {
  const organization = await gateway.createOrganization({ slug: nextText('dead') });
  const connection = await addOidcConnection(gateway, organization, { idp: { issuer }, preset: 'okta' });
  const base = `/${organization.slug}`;
  return {
    organization,
    connection,
    start: () => createBrowser().request(`${gateway.baseUrl}/sign-in${base}`),
    read: () => api('get', `${base}/connections/${connection.id}`),
    check: () => api('post', `${base}/connections/${connection.id}/check`),
    events: async (type: string) => (await api('get', `${base}/audit-events?type=${type}`)).items,
  };
}

/** Somebody of another organization, whose provider is well. */
async function signInElsewhere(): Promise<Page> {
  const organization = await gateway.createOrganization({ slug: nextText('well') });
  const sub = nextText('sub');
  const email = `${sub}@${organization.slug}.example`;
  healthy.addUser({ sub, email });
  await addOidcConnection(gateway, organization, { idp: healthy, jit: true });
  await gateway
    .request()
    .post(`/api/v1/organizations/${organization.slug}/domains`)
    .set({ authorization: `Bearer ${gateway.operatorKey}` })
    .send({ domain: `${organization.slug}.example`, verified: true });
  const browser = createBrowser();
  let url = `${gateway.baseUrl}/sign-in/${organization.slug}?login_hint=${encodeURIComponent(email)}`;
  for (let hop = 0; hop < 10; hop += 1) {
    const page = await browser.request(url);
    if (url.includes('/oidc-callback/')) return page;
    url = new URL(page.headers.get('location') ?? '', url).href;
  }
  throw new Error('no callback');
}

const faces = new Set<string>();
/** Resolved when somebody elsewhere is in. */
let elsewhereIn = Promise.withResolvers<void>();
beforeEach(() => {
  elsewhereIn = Promise.withResolvers();
});

const silent: RequestListener = ({ socket }) => void elsewhereIn.promise.then(() => socket.destroy());

describe.each<readonly [string, () => Promise<string>, string]>([
  ['is down', async () => `http://127.0.0.1:${nobody.port}`, 'oidc.unreachable'],
  ['is silent for as long as others sign in, then hangs up', () => answering(silent), 'oidc.unreachable'],
  ['answers 503', () => answering((_req, res) => res.writeHead(503).end('no')), 'oidc.unreachable'],
  ['answers 404', () => answering((_req, res) => res.writeHead(404).end('no')), 'oidc.discovery'],
  ['answers a page', () => answering((_req, res) => res.end('<html>Login</html>')), 'oidc.discovery'],
  ['has a TLS certificate that has ended', expiredTls, 'oidc.unreachable'],
])('a provider that %s', (_what, issuerOf, reason) => {
  test('affects its organization alone, and the admin learns which and why', async () => {
    const company = await aCompany(await issuerOf());
    const starting = company.start();
    const elsewhere = await signInElsewhere();
    elsewhereIn.resolve();
    const refused = await starting;
    expect([refused.status, setSession(refused)]).toEqual([403, undefined]);
    expect([elsewhere.status, setSession(elsewhere) === undefined]).toEqual([303, false]);
    // The way back is made of the address that was asked.
    faces.add(refused.text.replace(/<code>[^<]*<\/code>/, '').replace(/href="\/sign-in[^"]*"/g, ''));
    const [attempt] = await recordedSignIns(gateway, company.organization);
    expect(attempt).toMatchObject({ identityProvider: 'okta', step: 'start', failure: { reason } });
    expect(attempt?.failure?.cause).toContain('identity provider');
    expect(refused.text).toContain(attempt?.requestId);
    expect(await company.read()).toMatchObject({ problem: reason, problemSince: expect.any(String) });
    expect(await company.check()).toMatchObject({ ok: false, reason, explanation: expect.anything() });
    expect(await company.events('connection.unreachable')).toHaveLength(1);
  });
});

test('a provider that never answers is given up', async () => {
  const impatient = await startGateway({ outboundTimeoutMs: 50 });
  const issuer = await answering(() => undefined);
  const organization = await impatient.createOrganization({ slug: nextText('mute') });
  await addOidcConnection(impatient, organization, { idp: { issuer } });
  const refused = await createBrowser().request(`${impatient.baseUrl}/sign-in/${organization.slug}`);
  expect(refused.status).toBe(403);
  const [attempt] = await recordedSignIns(impatient, organization);
  expect(attempt).toMatchObject({ step: 'start', failure: { reason: 'oidc.unreachable' } });
  await impatient.close();
});

test('the page is the same for all of them, and worth reading: it names the provider as a suspect, what to do, and the reference', () => {
  expect(faces.size).toBe(1);
  const [text = ''] = faces;
  for (const words of [
    'identity provider may be out of order',
    'try again later',
    'your administrator',
    'Reference',
  ])
    expect(text).toContain(words);
  expect(text).not.toMatch(/okta|127\.0\.0\.1|oidc\./i);
});

/** One that describes itself well, or answers 503 to everything. */
async function aFaltering(isDown: boolean) {
  const provider = { isDown, issuer: '' };
  provider.issuer = await answering((req, res) => {
    if (provider.isDown) return void res.writeHead(503).end();
    const at = (path: string) => `${provider.issuer}${path}`;
    const endpoints = { authorization_endpoint: at('/a'), token_endpoint: at('/t'), jwks_uri: at('/k') };
    const document = {
      ...{ issuer: provider.issuer, ...endpoints, id_token_signing_alg_values_supported: ['RS256'] },
      ...{ response_types_supported: ['code'], subject_types_supported: ['public'] },
    };
    res
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(req.url === '/k' ? { keys: [] } : document));
  });
  return provider;
}

describe('a provider that died after its last good description', () => {
  async function diedAMinuteAgo() {
    const provider = await aFaltering(false);
    const company = await aCompany(provider.issuer);
    expect((await company.start()).status).toBe(303);
    gateway.clock.advance(minutes(1));
    provider.isDown = true;
    return { provider, ...company };
  }

  test('is not noticed by a start, which asks nobody', async () => {
    const { start, read } = await diedAMinuteAgo();
    expect([(await start()).status, (await read()).problem]).toEqual([303, null]);
  });

  test('is asked again by every start while an outage is known, whoever met it, and no longer', async () => {
    const { provider, connection, start, read } = await diedAMinuteAgo();
    const { deps, clock } = gateway;
    await noteAnswerOfProvider(deps, { connection, reason: 'oidc.unreachable', cause: testCause });
    expect([(await start()).status, (await start()).status]).toEqual([403, 403]);
    expect((await read()).problem).toBe('oidc.unreachable');
    provider.isDown = false;
    expect([(await start()).status, (await read()).problem]).toEqual([303, null]);
    provider.isDown = true;
    clock.advance(minutes(1));
    expect((await start()).status).toBe(303);
  });

  test('is asked again by the start after a callback that could not reach it', async () => {
    const { start, organization, connection, read } = await diedAMinuteAgo();
    const browser = createBrowser();
    const sent = await browser.request(`${gateway.baseUrl}/sign-in/${organization.slug}`);
    const state = new URL(sent.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const query = new URLSearchParams({ state, code: 'c1' });
    const back = await browser.request(`${gateway.baseUrl}/oidc-callback/${connection.id}?${query}`);
    expect([back.status, (await read()).problem]).toEqual([403, null]);
    expect([(await start()).status, (await read()).problem]).toEqual([403, 'oidc.unreachable']);
  });
});

test('is told once, with the provider and the reason, and once that it is over', async () => {
  const provider = await aFaltering(true);
  const { issuer } = provider;
  const company = await aCompany(issuer);
  const pages = await Promise.all(Array.from({ length: 10 }, company.start));
  pages.push(await company.start());
  expect(pages.map(({ status }) => status)).toEqual(Array(11).fill(403));
  const [event, ...more] = await company.events('connection.unreachable');
  expect(more).toEqual([]);
  expect(event.details).toMatchObject({ name: 'Company sign-in', issuer, reason: 'oidc.unreachable' });
  expect(await company.events('oidc.rejected')).toHaveLength(11);
  provider.isDown = false;
  gateway.clock.advance(minutes(11));
  expect((await company.start()).status).toBe(303);
  expect(await company.read()).toMatchObject({ problem: null, problemSince: null });
  expect(await company.events('connection.reachable')).toHaveLength(1);
  provider.isDown = true;
  gateway.clock.advance(minutes(11));
  await company.check();
  expect(await company.events('connection.unreachable')).toHaveLength(2);
});
