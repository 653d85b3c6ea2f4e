/** SAML sign-in against an identity provider we did not write: from the start to the session, and what ends it. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addDomain } from '../../../src/core/connections/domains.ts';
import { removeDirectoryUser } from '../../../src/core/directory/directory-users.ts';
import { createGroupMapping } from '../../../src/core/mapping/group-mappings.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type SamlIdp, type SamlIdpUser, startSamlIdp } from '../../support/idp/saml.ts';
import { countOfType } from '../../support/journal-rows.ts';
import {
  addSamlConnection,
  pushChange,
  pushPerson,
  refusalReasons,
  sessionStatus,
  setSession,
} from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let idp: SamlIdp;

beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  idp = await startSamlIdp();
});

afterAll(async () => {
  await idp.close();
  await gateway.close();
});

/** An organization with a directory and a connection of its own. */
async function aCompany(choice: Parameters<typeof addSamlConnection>[2] = {}) {
  const organization = await gateway.createOrganization({ name: 'Acme', slug: nextText('acme') });
  const directory = await gateway.createDirectory(organization, 'okta');
  const connection = await addSamlConnection(gateway, organization, { idp, name: 'Acme Okta', ...choice });
  return { organization, directory, connection };
}

/** Signs somebody in with a new browser, through every redirect and form. */
async function signIn(slug: string, user: SamlIdpUser, query = '') {
  idp.addUser(user);
  const browser = createBrowser();
  const hint = encodeURIComponent(user.email);
  const page = await browser.signIn(`${gateway.baseUrl}/sign-in/${slug}?login_hint=${hint}${query}`);
  return { browser, page };
}

const REFUSED = 'You could not be signed in';

describe('a person of the directory', () => {
  test('comes in by externalId when the NameID is one, and the page says who, where and why', async () => {
    const { organization, directory, connection } = await aCompany();
    await pushPerson(gateway, directory, {
      userName: 'ada@acme.example',
      externalId: '00u1',
      personName: 'Ada L',
    });
    const { browser, page } = await signIn(organization.slug, { email: 'ada@acme.example', nameId: '00u1' });
    expect(page).toMatchObject({ status: 200, url: `${gateway.baseUrl}/` });
    expect(await countOfType(gateway.storage, organization.id, 'saml.accepted')).toBe(1);
    const because = 'The default role of this organization.';
    for (const text of ['Ada L', 'ada@acme.example', 'Acme', 'Acme Okta', 'Member', because])
      expect(page.text).toContain(text);
    const session = JSON.parse((await browser.request(`${gateway.baseUrl}/api/v1/session`)).text);
    expect(session).toMatchObject({ connectionId: connection.id, organization: { slug: organization.slug } });
  });

  test('comes in by userName when the NameID is an address, whatever its case', async () => {
    const { organization, directory } = await aCompany();
    await pushPerson(gateway, directory, { userName: 'Bob@Acme.example', externalId: '00u2' });
    const { browser } = await signIn(organization.slug, { email: 'bob@acme.example' });
    expect(await sessionStatus(gateway, browser)).toBe(200);
  });

  test('gets the roles that the groups of the assertion are mapped to, with the claim as the reason', async () => {
    const { organization, directory } = await aCompany();
    await createGroupMapping(gateway.deps, {
      organizationId: organization.id,
      cause: testCause,
      caller: { kind: 'operator' },
      mapping: {
        match: { kind: 'claim', claim: 'groups', value: 'Admins' },
        grants: [{ scope: 'org', role: 'admin' }],
      },
    });
    await pushPerson(gateway, directory, { userName: 'cy@acme.example' });
    const first = await signIn(organization.slug, { email: 'cy@acme.example', groups: ['Staff', 'Admins'] });
    expect(first.page.text).toContain('Your role: <span class="tag"><bdi>Admin</bdi></span>');
    expect(first.page.text).toContain('said groups = &quot;Admins&quot; at the last sign-in');
    const second = await signIn(organization.slug, { email: 'cy@acme.example', groups: ['Staff'] });
    expect(second.page.text).toContain('Your role: <span class="tag"><bdi>Member</bdi></span>');
  });

  test('comes back to the page they wanted, query included', async () => {
    const { organization, directory } = await aCompany();
    await pushPerson(gateway, directory, { userName: 'dee@acme.example' });
    const wanted = encodeURIComponent('/sign-out?from=here');
    const { page } = await signIn(organization.slug, { email: 'dee@acme.example' }, `&return_to=${wanted}`);
    expect(page.url).toBe(`${gateway.baseUrl}/sign-out?from=here`);
  });

  test('is found by the stored identity even after the directory renamed them', async () => {
    const { organization, directory } = await aCompany();
    const user = await pushPerson(gateway, directory, { userName: 'eve@acme.example', externalId: '00u3' });
    await signIn(organization.slug, { email: 'eve@acme.example', nameId: '00u3' });
    await pushChange(gateway, user, { userName: 'eve.new@acme.example', externalId: 'other' });
    const { browser } = await signIn(organization.slug, { email: 'eve.new@acme.example', nameId: '00u3' });
    expect(await sessionStatus(gateway, browser)).toBe(200);
  });
});

describe('is refused with the same page, no session, and the exact reason for the admin', () => {
  const refused = async (slug: string, user: SamlIdpUser) => {
    const { browser, page } = await signIn(slug, user);
    expect(page.status).toBe(403);
    expect(page.text).toContain(REFUSED);
    expect(page.text).not.toMatch(/identity(?! provider)|inactive|directory|externalId/);
    expect(page.text).toContain(page.headers.get('x-request-id'));
    expect(setSession(page)).toBeUndefined();
    expect(await sessionStatus(gateway, browser)).toBe(401);
  };

  test('somebody the directory does not know', async () => {
    const { organization } = await aCompany();
    await refused(organization.slug, { email: 'nobody@acme.example' });
    expect(await refusalReasons(gateway, organization)).toEqual(['identity.not_in_directory']);
    expect(await countOfType(gateway.storage, organization.id, 'saml.rejected')).toBe(1);
  });

  test('somebody the directory holds as inactive', async () => {
    const { organization, directory } = await aCompany();
    await pushPerson(gateway, directory, { userName: 'off@acme.example', isActive: false });
    await refused(organization.slug, { email: 'off@acme.example' });
    expect(await refusalReasons(gateway, organization)).toEqual(['identity.inactive']);
  });

  test('a second subject for a person who is bound to another one', async () => {
    const { organization, directory } = await aCompany();
    await pushPerson(gateway, directory, { userName: 'fay@acme.example', externalId: '00u4' });
    await signIn(organization.slug, { email: 'fay@acme.example', nameId: '00u4' });
    await refused(organization.slug, { email: 'fay@acme.example' });
    expect(await refusalReasons(gateway, organization)).toEqual(['identity.already_bound']);
  });

  test('S57 a transient NameID, which names nobody', async () => {
    const { organization, directory } = await aCompany();
    await pushPerson(gateway, directory, { userName: 'gil@acme.example' });
    const nameIdFormat = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';
    await refused(organization.slug, { email: 'gil@acme.example', nameId: 'gil@acme.example', nameIdFormat });
    expect(await refusalReasons(gateway, organization)).toEqual(['saml.name_id_transient']);
  });

  test('S55 an e-mail attribute that names somebody else than the NameID', async () => {
    const { organization, directory } = await aCompany();
    await pushPerson(gateway, directory, { userName: 'boss@acme.example' });
    await refused(organization.slug, {
      email: 'hal@acme.example',
      nameId: 'hal',
      attributes: { email: 'boss@acme.example', userName: 'boss@acme.example' },
    });
    expect(await refusalReasons(gateway, organization)).toEqual(['identity.not_in_directory']);
  });
});

describe('deactivation over the directory', () => {
  test('S141 the session fails on the very next request', async () => {
    const { organization, directory } = await aCompany();
    const user = await pushPerson(gateway, directory, { userName: 'ida@acme.example' });
    const { browser } = await signIn(organization.slug, { email: 'ida@acme.example' });
    await pushChange(gateway, user, { isActive: false });
    expect(await sessionStatus(gateway, browser)).toBe(401);
    expect((await browser.follow(`${gateway.baseUrl}/`)).url).toBe(`${gateway.baseUrl}/sign-in`);
  });

  test('S141 so it does after a DELETE', async () => {
    const { organization, directory } = await aCompany();
    const user = await pushPerson(gateway, directory, { userName: 'jo@acme.example' });
    const { browser } = await signIn(organization.slug, { email: 'jo@acme.example' });
    await removeDirectoryUser(gateway.deps, { ...user, cause: testCause });
    expect(await sessionStatus(gateway, browser)).toBe(401);
  });

  test('S144 reactivation opens no earlier session again, a new sign-in does', async () => {
    const { organization, directory } = await aCompany();
    const user = await pushPerson(gateway, directory, { userName: 'kim@acme.example' });
    const { browser } = await signIn(organization.slug, { email: 'kim@acme.example' });
    await pushChange(gateway, user, { isActive: false });
    await pushChange(gateway, user, { isActive: true });
    expect(await sessionStatus(gateway, browser)).toBe(401);
    const again = await signIn(organization.slug, { email: 'kim@acme.example' });
    expect(await sessionStatus(gateway, again.browser)).toBe(200);
  });

  test('S145 single sign-on does not bring a removed person back', async () => {
    const { organization, directory } = await aCompany({ jit: true });
    const user = await pushPerson(gateway, directory, { userName: 'lou@acme.example' });
    await removeDirectoryUser(gateway.deps, { ...user, cause: testCause });
    const { page } = await signIn(organization.slug, { email: 'lou@acme.example' });
    expect(page.text).toContain(REFUSED);
  });
});

describe('several ways in', () => {
  test('more than one active connection: a page of choices, and each choice leads in', async () => {
    const { organization, directory } = await aCompany({ name: 'Head office' });
    await addSamlConnection(gateway, organization, { idp, name: '<b>Plant</b>' });
    await addSamlConnection(gateway, organization, { idp, name: 'Draft one', status: 'draft' });
    await pushPerson(gateway, directory, { userName: 'max@acme.example' });
    idp.addUser({ email: 'max@acme.example' });
    const browser = createBrowser();
    const start = `${gateway.baseUrl}/sign-in/${organization.slug}?login_hint=max%40acme.example&return_to=%2Fsign-out`;
    const choices = await browser.follow(start);
    expect(choices.text).toContain('Head office');
    expect(choices.text).toContain('&lt;b&gt;Plant&lt;/b&gt;');
    expect(choices.text).not.toContain('Draft one');
    const links = [...choices.text.matchAll(/href="(\/sign-in\/[^"]+connection=[^"]+)"/g)].map(
      ([, path = '']) => path,
    );
    expect(links).toHaveLength(2);
    const page = await browser.signIn(`${gateway.baseUrl}${(links[1] ?? '').replaceAll('&amp;', '&')}`);
    expect(page.url).toBe(`${gateway.baseUrl}/sign-out`);
  });

  test('S85 two tabs of one browser, both come in', async () => {
    const { organization, directory } = await aCompany();
    await pushPerson(gateway, directory, { userName: 'ned@acme.example' });
    idp.addUser({ email: 'ned@acme.example' });
    const browser = createBrowser();
    const start = `${gateway.baseUrl}/sign-in/${organization.slug}?login_hint=ned%40acme.example`;
    const tabs = [await browser.follow(start), await browser.follow(start)];
    for (const tab of tabs.toReversed()) {
      const page = await browser.submitForm(tab);
      expect(page).toMatchObject({ status: 200, url: `${gateway.baseUrl}/` });
    }
  });
});

describe('manual organizations', () => {
  test('a proved domain and just-in-time joining let a stranger in; S149 without the proof they do not', async () => {
    const organization = await gateway.createOrganization({ name: 'Loom', slug: nextText('loom') });
    await addSamlConnection(gateway, organization, { idp, jit: true });
    const before = await signIn(organization.slug, { email: 'new@loom.example' });
    expect(before.page.text).toContain(REFUSED);
    const request = { organizationId: organization.id, cause: testCause };
    await addDomain(gateway.deps, { ...request, domain: 'loom.example', vouched: true });
    const after = await signIn(organization.slug, { email: 'new@loom.example', name: 'New Person' });
    expect(after.page.text).toContain('New Person');
  });
});
