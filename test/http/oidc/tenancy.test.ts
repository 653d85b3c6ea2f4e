/** Several organizations, tenants and tabs at one OpenID provider: each sign-in is its own. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createGroupMapping } from '../../../src/core/mapping/group-mappings.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type OidcIdp, type OidcIdpUser, startOidcIdp } from '../../support/idp/oidc.ts';
import { recordedSignIns } from '../../support/recorded-sign-ins.ts';
import { addOidcConnection, pushPerson, refusalReasons, setSession } from '../../support/sign-in-stage.ts';

const TENANT = '11111111-2222-3333-4444-555555555555';

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

/** A company in which the group `g-admins` makes admins, one of its people, and their role after a sign-in that says this. */
async function anAdminByGroup(choice: Partial<Parameters<typeof addOidcConnection>[2]> = {}) {
  const company = await aCompany(choice);
  const { organization, directory } = company;
  await createGroupMapping(gateway.deps, {
    organizationId: organization.id,
    cause: testCause,
    caller: { kind: 'operator' },
    mapping: {
      match: { kind: 'claim', claim: 'groups', value: 'g-admins' },
      grants: [{ scope: 'org', role: 'admin' }],
    },
  });
  const user = aUser({ groups: ['g-admins'] });
  const pushed = await pushPerson(gateway, directory, { userName: user.email });
  const roleAfter = async (claims: Readonly<Record<string, unknown>>) => {
    idp.addUser({ ...user, claims });
    await createBrowser().signIn(startUrl(company, user));
    gateway.clock.advance(1);
    return (await gateway.storage.memberships.find(organization.id, pushed.membershipId))?.orgRole;
  };
  expect(await roleAfter({})).toBe('admin');
  return { organization, roleAfter };
}

async function aCompany(choice: Partial<Parameters<typeof addOidcConnection>[2]> = {}) {
  const organization = await gateway.createOrganization({ slug: nextText('corp') });
  const directory = await gateway.createDirectory(organization, 'entra');
  const connection = await addOidcConnection(gateway, organization, { idp, ...choice });
  return { organization, directory, connection };
}

type Company = Awaited<ReturnType<typeof aCompany>>;

function aUser(overrides: Partial<OidcIdpUser> = {}): OidcIdpUser {
  const sub = nextText('sub');
  const user = { sub, email: `${sub}@corp.example`, ...overrides };
  idp.addUser(user);
  return user;
}

const startUrl = ({ organization }: Company, user: OidcIdpUser) =>
  `${gateway.baseUrl}/sign-in/${organization.slug}?login_hint=${encodeURIComponent(user.email)}`;

/** Walks until the answer stands before our door. */
async function callbackOf(browser: ReturnType<typeof createBrowser>, start: string): Promise<string> {
  let url = start;
  for (let hop = 0; hop < 10; hop += 1) {
    const location = (await browser.request(url)).headers.get('location');
    url = new URL(location ?? '', url).href;
    if (url.includes('/oidc-callback/')) return url;
  }
  throw new Error('no callback');
}

test('S85 two organizations behind one provider, in two tabs of one browser: both come in', async () => {
  const [one, other] = [await aCompany(), await aCompany()];
  const user = aUser();
  for (const { directory } of [one, other]) await pushPerson(gateway, directory, { userName: user.email });
  const browser = createBrowser();
  const callbacks = [
    await callbackOf(browser, startUrl(one, user)),
    await callbackOf(browser, startUrl(other, user)),
  ];
  // The second tab answers first.
  for (const callback of callbacks.toReversed()) {
    const page = await browser.request(callback);
    expect([page.status, setSession(page) !== undefined]).toEqual([303, true]);
  }
});

test('S70 a person of another tenant, with the same address and subject, is refused', async () => {
  const company = await aCompany({ settings: { tenantId: TENANT }, userNameClaim: 'preferred_username' });
  const ours = aUser({ claims: { tid: TENANT } });
  await pushPerson(gateway, company.directory, { userName: ours.email });
  expect((await createBrowser().signIn(startUrl(company, ours))).status).toBe(200);
  for (const tid of [TENANT.replaceAll('1', '9'), undefined]) {
    idp.addUser({ ...ours, claims: tid === undefined ? {} : { tid } });
    const page = await createBrowser().signIn(startUrl(company, ours));
    expect([page.status, await refusalReasons(gateway, company.organization, page)]).toEqual([
      403,
      ['oidc.tenant'],
    ]);
  }
});

test('Entra sends a link in place of groups: roles by groups stay, and the recorder says what to change', async () => {
  const { organization, roleAfter } = await anAdminByGroup({
    ...{ preset: 'entra', attributes: { groups: 'groups' } },
  });
  expect(await roleAfter({ groups: undefined, hasgroups: true })).toBe('admin');
  const attempts = await recordedSignIns(gateway, organization);
  const note = attempts.flatMap(({ notes }) => notes)[0];
  expect(note?.code).toBe('oidc.groups_overage');
  expect(note?.where).toEqual({ entra: expect.stringContaining('Groups assigned to the application') });
  expect(await roleAfter({ groups: [] })).toBe('member');
});

test('S146: groups that were sent empty take the role, whether or not the claim is named; left out, only where it is', async () => {
  for (const attributes of [{}, { groups: 'groups' }]) {
    const { roleAfter } = await anAdminByGroup({ attributes });
    expect(await roleAfter({ groups: undefined })).toBe('groups' in attributes ? 'member' : 'admin');
    expect(await roleAfter({ groups: ['g-admins'] })).toBe('admin');
    expect(await roleAfter({ groups: [] })).toBe('member');
  }
});
