/** S99: keys change while everybody goes on: published, signing, retired; and the drill for one that has leaked. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { settleSigningKeys } from '../../../src/core/applications/signing-keys.ts';
import { days } from '../../../src/kernel/clock.ts';
import { enter, startApplication, type TestApplication } from '../../support/application.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { aMember } from '../../support/page-visits.ts';

let gateway: TestGateway;
let product: TestApplication;
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  product = await startApplication(gateway);
});
afterAll(async () => {
  await product.close();
  await gateway.close();
});

async function anIdToken(): Promise<string> {
  const organization = await gateway.createOrganization({ slug: nextText('acme') });
  const { browser } = await aMember(gateway, organization);
  return String((await enter(product, browser)).id_token);
}

const kidOf = (token: string) => decodeProtectedHeader(token).kid;
const published = async (): Promise<readonly string[]> => {
  const { keys } = JSON.parse(await (await fetch(`${gateway.baseUrl}/oidc/jwks`)).text());
  return keys.map(({ kid }: { kid: string }) => kid);
};
const isBelieved = (token: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL(`${gateway.baseUrl}/oidc/jwks`))).then(
    () => true,
    () => false,
  );

async function api(request: string, body?: object) {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(`${gateway.baseUrl}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${gateway.operatorKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

describe('S99: a planned change', () => {
  test('publishes the next key a day before it signs, and the last one for two weeks after', async () => {
    const before = await anIdToken();
    const { body } = await api('POST /signing-keys/rotate', { algorithm: 'ES256' });
    const next = body.items.find(({ status }: { status: string }) => status === 'next').id;
    expect(await published()).toContain(next);
    expect(kidOf(await anIdToken())).toBe(kidOf(before));
    gateway.clock.advance(days(1));
    const after = await anIdToken();
    expect(kidOf(after)).toBe(next);
    await settleSigningKeys(gateway.deps);
    expect([await isBelieved(before), await isBelieved(after)]).toEqual([true, true]);
    const retired = (await api('GET /audit-events?type=signing_key.retired')).body.items;
    expect(retired).toMatchObject([{ target: { id: kidOf(before) } }]);
    gateway.clock.advance(days(14));
    await settleSigningKeys(gateway.deps);
    expect([await isBelieved(before), await isBelieved(after)]).toEqual([false, true]);
  });

  test('comes by itself, without a moment when a new key signs unannounced', async () => {
    const seen = new Set(await published());
    for (let day = 0; day < 100; day += 1) {
      gateway.clock.advance(days(1));
      const keys = await settleSigningKeys(gateway.deps);
      for (const { id, purpose, signsFrom } of keys)
        if (purpose === 'sign' && signsFrom <= gateway.clock.now()) expect(seen).toContain(id);
      for (const id of await published()) seen.add(id);
    }
    expect(seen.size).toBeGreaterThan(3);
  });
});

test('S99: a key that has leaked is replaced at once, and nothing it signed is believed', async () => {
  const before = await anIdToken();
  const { status } = await api('POST /signing-keys/rotate', { algorithm: 'ES256', mode: 'at_once' });
  const after = await anIdToken();
  expect([status, kidOf(after) === kidOf(before)]).toEqual([200, false]);
  expect([await isBelieved(before), await isBelieved(after)]).toEqual([false, true]);
  const { body } = await api('GET /audit-events?type=signing_key.removed');
  expect(body.items[0].target).toEqual({ kind: 'signing_key', id: kidOf(before) });
});

test('the key that signs is not removed, another one is; private parts are shown nowhere', async () => {
  const { body } = await api('POST /signing-keys/rotate', { algorithm: 'RS256' });
  const idOf = (wanted: string) =>
    body.items.find(
      ({ algorithm, status }: { algorithm: string; status: string }) =>
        algorithm === 'RS256' && status === wanted,
    ).id;
  expect((await api(`DELETE /signing-keys/${idOf('current')}`)).status).toBe(422);
  expect((await api(`DELETE /signing-keys/${idOf('next')}`)).status).toBe(204);
  expect(await published()).not.toContain(idOf('next'));
  const jwks = await (await fetch(`${gateway.baseUrl}/oidc/jwks`)).text();
  expect(jwks).not.toMatch(/"(d|p|q|dp|dq|qi|k)":/);
  expect(JSON.stringify(body)).not.toContain('secret');
});

test('S99: two nodes that begin at once make one set of keys', async () => {
  const fresh = await startGateway({ now: holdDate() });
  const sets = await Promise.all(Array.from({ length: 10 }, () => settleSigningKeys(fresh.deps)));
  const ids = new Set(sets.flat().map(({ id }) => id));
  expect(ids.size).toBe(3);
  await fresh.close();
});
