/** What the ledger says counts in the next token, and what a directory, an admin or an owner ends is over for applications too. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as client from 'openid-client';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { deliverLogouts, enter, startApplication, type TestApplication } from '../../support/application.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type OidcIdp, startOidcIdp } from '../../support/idp/oidc.ts';
import { onlyMember } from '../../support/members.ts';
import { aMember } from '../../support/page-visits.ts';
import { addOidcConnection, pushPerson } from '../../support/sign-in-stage.ts';

const OFFLINE = { scope: 'openid offline_access' };

let gateway: TestGateway;
let product: TestApplication;
let idp: OidcIdp;
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  product = await startApplication(gateway);
  idp = await startOidcIdp();
});
afterAll(async () => {
  for (const each of [product, idp, gateway]) await each.close();
});
beforeEach(() => deliverLogouts(gateway));

async function api(request: string, body?: object): Promise<number> {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(`${gateway.baseUrl}/api/v1/organizations/${path}`, {
    method,
    headers: { authorization: `Bearer ${gateway.operatorKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.status;
}

/** Somebody a directory pushed, signed in to the product through the company's identity provider, with a refresh token. */
async function anEmployee() {
  const organization = await gateway.createOrganization({ slug: nextText('contoso') });
  const directory = await gateway.createDirectory(organization, 'entra');
  const sub = nextText('sub');
  idp.addUser({ sub, email: `${sub}@contoso.example` });
  const connection = await addOidcConnection(gateway, organization, { idp });
  const userName = `${sub}@contoso.example`;
  const user = await pushPerson(gateway, directory, { userName, externalId: sub, attributes: { userName } });
  const browser = createBrowser();
  const hints = { ...OFFLINE, organization: organization.id, login_hint: `${sub}@contoso.example` };
  const departure = await product.begin(hints);
  const tokens = await product.redeem(departure, (await browser.signIn(departure.url)).url);
  return { organization, directory, connection, user, tokens };
}

const refresh = (token: string | undefined) => client.refreshTokenGrant(product.configuration, token ?? '');

test('S146: a role or team that changed is in the next token, one that was taken is not', async () => {
  const organization = await gateway.createOrganization({ slug: nextText('acme') });
  const { browser } = await aMember(gateway, organization);
  const first = await enter(product, browser, OFFLINE);
  const { id } = await onlyMember(gateway, organization.id);
  expect(first.claims()).toMatchObject({ org_role: 'member', teams: [] });
  await api(`POST ${organization.id}/teams`, { name: 'Red' });
  const team = (await gateway.storage.teams.list(organization.id)).find(({ name }) => name === 'Red')?.id;
  expect(await api(`PUT ${organization.id}/teams/${team}/members/${id}`, { role: 'admin' })).toBe(200);
  expect(await api(`PATCH ${organization.id}/members/${id}`, { orgRole: 'admin' })).toBe(200);
  const second = await refresh(first.refresh_token);
  expect(second.claims()).toMatchObject({
    org_role: 'admin',
    teams: [{ id: team, name: 'Red', role: 'admin' }],
    permissions: expect.arrayContaining(['members.invite']),
  });
  const info = await client.fetchUserInfo(product.configuration, first.access_token, client.skipSubjectCheck);
  expect(info).toMatchObject({ org_role: 'admin' });
  await api(`PATCH ${organization.id}/members/${id}`, { orgRole: 'viewer' });
  expect((await refresh(second.refresh_token)).claims()).toMatchObject({
    org_role: 'viewer',
    permissions: [],
  });
});

test('S146: a custom role tells the product its own permissions, as they are when the token is made', async () => {
  const organization = await gateway.createOrganization({ slug: nextText('acme') });
  const { browser } = await aMember(gateway, organization);
  const { id } = await onlyMember(gateway, organization.id);
  const permissions = ['members.read', 'app:reports.export'];
  const analyst = { key: 'analyst', name: 'Analyst', rank: 150, permissions };
  expect(await api('POST ../roles', analyst)).toBe(201);
  expect(await api(`PATCH ${organization.id}/members/${id}`, { orgRole: 'analyst' })).toBe(200);
  const first = await enter(product, browser, OFFLINE);
  expect(first.claims()).toMatchObject({ org_role: 'analyst', permissions });
  await api('PATCH ../roles/analyst', { permissions: ['app:reports.read'] });
  const second = await refresh(first.refresh_token);
  expect(second.claims()).toMatchObject({ org_role: 'analyst', permissions: ['app:reports.read'] });
  await api(`PATCH ${organization.id}/members/${id}`, { orgRole: 'owner' });
  const third = await refresh(second.refresh_token);
  expect(third.claims()).toMatchObject({
    permissions: expect.arrayContaining(['app:reports.read', 'sso.manage']),
  });
});

type Employee = Awaited<ReturnType<typeof anEmployee>>;

const ENDS: readonly [string, (employee: Employee) => Promise<unknown>][] = [
  [
    'a push of active: false',
    ({ directory, user }) =>
      fetch(`${gateway.baseUrl}${directory.scimPath}/Users/${user.id}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${directory.token}`, 'content-type': 'application/scim+json' },
        body: JSON.stringify({
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'replace', path: 'active', value: false }],
        }),
      }),
  ],
  [
    'a DELETE of the directory',
    ({ directory, user }) =>
      fetch(`${gateway.baseUrl}${directory.scimPath}/Users/${user.id}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${directory.token}` },
      }),
  ],
  [
    'a connection switched off',
    ({ organization, connection }) =>
      api(`PATCH ${organization.id}/connections/${connection.id}`, { status: 'disabled' }),
  ],
  [
    'the end of the organization',
    ({ organization }: { organization: Organization }) => api(`DELETE ${organization.id}`),
  ],
  ['everybody signed out', ({ organization }) => api(`DELETE ${organization.id}/sessions`)],
];

describe('S94, S102, S141: when the answer has left', () => {
  test.each(ENDS)('%s: refresh and access are dead, and the product is told', async (_what, end) => {
    const employee = await anEmployee();
    const { tokens } = employee;
    await end(employee);
    await expect(refresh(tokens.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' });
    const told = await client.tokenIntrospection(product.configuration, tokens.access_token);
    expect(told.active).toBe(false);
    const before = product.logoutTokens.length;
    expect([await deliverLogouts(gateway), product.logoutTokens.length]).toEqual([1, before + 1]);
  });
});
