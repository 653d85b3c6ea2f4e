/** Each preset against a response in the shape of its product (`test/fixtures/saml/presets`): the right person, name, address and groups. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { IDENTITY_PROVIDERS, type IdentityProvider } from '../../../src/core/entities/connection.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { createBrowser } from '../../support/browser.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { factOf, recordedSignIns } from '../../support/recorded-sign-ins.ts';
import { begin, bind, TENANTS } from '../../support/saml-case-world.ts';
import {
  CORP_CONNECTION,
  CORP_HANDLE,
  FIXTURE_BASE,
  FIXTURE_NOW,
  fixtureContext,
} from '../../support/saml-fixture-context.ts';
import { VENDOR_SHAPES, vendorResponses } from '../../support/saml-vendor-shapes.ts';
import { reopening, setSession } from '../../support/sign-in-stage.ts';

const fileOf = (preset: IdentityProvider) =>
  readFileSync(new URL(`../../fixtures/saml/presets/${preset}.xml`, import.meta.url), 'utf8');

let gateway: TestGateway;
/** A refused answer was the last one to its sign-in: it is there again. */
let reopen: () => Promise<void>;

/** A manual organization that people of its domain may join, its connection made with the preset and nothing else. */
async function aCompany(preset: IdentityProvider) {
  gateway = await startGateway({ baseUrl: FIXTURE_BASE, now: FIXTURE_NOW });
  const organization = await gateway.createOrganization({ name: 'Corp', slug: 'corp' });
  const send = async (path: string, body: object) => {
    const url = `/api/v1/organizations/corp${path}`;
    const authorization = `Bearer ${gateway.operatorKey}`;
    const answer = await gateway.request().post(url).set({ authorization }).send(body);
    if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.text}`);
    return answer.body;
  };
  await send('/domains', { domain: 'corp.example', verified: true });
  const { idpEntityId, groups } = VENDOR_SHAPES[preset];
  const idp = {
    entityId: idpEntityId,
    ssoUrl: 'https://idp.example/sso',
    certificates: [fixtureContext().cert],
  };
  const made = await send('/connections', { protocol: 'saml', name: preset, preset, jit: true, ...idp });
  const grants = [{ scope: 'org', role: 'admin' }];
  await send('/group-mappings', { match: { claim: 'groups', value: groups.at(-1) }, grants });
  const connection = await gateway.storage.connections.find(organization.id, made.id);
  if (connection === undefined) throw new Error('no connection');
  const built = await begin(gateway, TENANTS[0], connection);
  reopen = await reopening(gateway, built, CORP_HANDLE);
  return organization;
}

async function post(xml: string) {
  const browser = createBrowser();
  bind(browser, gateway);
  const SAMLResponse = Buffer.from(xml).toString('base64');
  const page = await browser.request(`${gateway.origin}/saml/${CORP_CONNECTION}/acs`, {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/x-www-form-urlencoded', origin: 'https://idp.example' },
      'sec-fetch-site': 'cross-site',
    },
    body: new URLSearchParams({ SAMLResponse, RelayState: CORP_HANDLE }).toString(),
  });
  const session = await browser.request(`${gateway.origin}/api/v1/session`);
  return { page, session: session.status === 200 ? JSON.parse(session.text) : session.status };
}

test('the files are what the script makes', () => {
  expect(vendorResponses().map(([preset]) => preset)).toEqual([...IDENTITY_PROVIDERS]);
  for (const [preset, xml] of vendorResponses()) expect(fileOf(preset)).toBe(xml);
});

describe.each([...IDENTITY_PROVIDERS])('%s', (preset) => {
  afterEach(() => gateway.close());

  test('signs in, with name, address and groups, by its preset alone; not with one character changed on the way', async () => {
    const organization = await aCompany(preset);
    const refused = await post(fileOf(preset).replace(/(NameID[^>]*>)./, '$1x'));
    expect([refused.page.status, refused.session]).toEqual([403, 401]);
    // What is recorded in one millisecond has no order.
    gateway.clock.advance(1);
    await reopen();
    const { page, session } = await post(fileOf(preset));
    expect([page.status, setSession(page) === undefined]).toEqual([303, false]);
    expect(session).toMatchObject({
      user: { email: 'ada@corp.example', name: 'Ada Lovelace' },
      organization: { slug: 'corp' },
      orgRole: 'admin',
    });
    const [attempt, before] = await recordedSignIns(gateway, organization);
    expect(factOf(attempt, 'NameID')).toEqual([[VENDOR_SHAPES[preset].nameId], true]);
    expect(before).toMatchObject({ identityProvider: preset, failure: { reason: 'saml.signature' } });
  });
});

/** Pushed as the product pushes: by its own kind of directory, through the door for it. */
async function push(organization: Organization, kind: 'okta' | 'entra'): Promise<string> {
  const { scimPath, token } = await gateway.createDirectory(organization, kind);
  const { body } = await gateway
    .request()
    .post(`${scimPath}/Users`)
    .set({ authorization: `Bearer ${token}` })
    .send({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      ...{ userName: VENDOR_SHAPES[kind].nameId, externalId: `${kind}-object-1`, active: true },
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      emails: [{ type: 'work', value: 'ada.pushed@corp.example', primary: true }],
    })
    .expect(201);
  const { items } = (
    await gateway
      .request()
      .get('/api/v1/organizations/corp/members')
      .set({ authorization: `Bearer ${gateway.operatorKey}` })
      .expect(200)
  ).body;
  expect([body.active, items.length]).toEqual([true, 1]);
  return items[0].id;
}

describe.each(['okta', 'entra'] as const)('%s, where a directory says who is in', (preset) => {
  afterEach(() => gateway.close());

  test('whoever it pushed comes in as that person', async () => {
    const organization = await aCompany(preset);
    const membershipId = await push(organization, preset);
    const { page, session } = await post(fileOf(preset));
    expect([page.status, setSession(page) === undefined]).toEqual([303, false]);
    // The directory's address, not the one of the assertion.
    expect(session).toMatchObject({
      membershipId,
      user: { email: 'ada.pushed@corp.example' },
      orgRole: 'admin',
    });
  });

  test('whoever it did not push stays outside, though joining is on', async () => {
    const organization = await aCompany(preset);
    await gateway.createDirectory(organization, preset);
    const { page, session } = await post(fileOf(preset));
    expect([page.status, session]).toEqual([403, 401]);
    const [attempt] = await recordedSignIns(gateway, organization);
    expect(attempt?.failure?.reason).toMatch(/directory|unknown|provisioned/);
  });
});
