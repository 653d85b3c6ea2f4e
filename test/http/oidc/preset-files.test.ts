/** Each preset against tokens and UserInfo as its product fills them (`test/fixtures/oidc/presets`): the right person, name, address and groups. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { IDENTITY_PROVIDERS, type IdentityProvider } from '../../../src/core/entities/connection.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type ForgingIdp, startForgingIdp } from '../../support/idp/forging-oidc.ts';
import { pushPerson, refusalReasons, setSession } from '../../support/sign-in-stage.ts';

interface Answers {
  /** What the connection is told besides its preset. */
  readonly settings: object;
  readonly idToken: Readonly<Record<string, unknown>>;
  readonly userInfo: Readonly<Record<string, unknown>>;
  /** A group of theirs; null: the product sends none. */
  readonly group: string | null;
}

const CLIENT = 'gatehouse-client';
const answersOf = (preset: IdentityProvider): Answers =>
  JSON.parse(
    readFileSync(new URL(`../../fixtures/oidc/presets/${preset}.json`, import.meta.url), 'utf8').replaceAll(
      '{clientId}',
      CLIENT,
    ),
  );

const underWay = { clientId: CLIENT, nonce: '' };
let gateway: TestGateway;
let idp: ForgingIdp;
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  idp = await startForgingIdp(underWay);
});
afterAll(async () => {
  await idp.close();
  await gateway.close();
});

async function create(slug: string, path: string, body: object) {
  const authorization = `Bearer ${gateway.operatorKey}`;
  const url = `/api/v1/organizations/${slug}${path}`;
  const answer = await gateway.request().post(url).set({ authorization }).send(body);
  if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.body;
}

/** Starts, notes what the provider must put into its token, and comes back with a code. */
async function signIn(slug: string, connectionId: string) {
  const browser = createBrowser();
  const start = await browser.request(`${gateway.baseUrl}/sign-in/${slug}`);
  const asked = new URL(start.headers.get('location') ?? '').searchParams;
  underWay.nonce = asked.get('nonce') ?? '';
  const query = new URLSearchParams({ code: 'a-code', state: asked.get('state') ?? '' });
  const page = await browser.request(`${gateway.baseUrl}/oidc-callback/${connectionId}?${query}`);
  const session = await browser.request(`${gateway.baseUrl}/api/v1/session`);
  return { asked, page, session: JSON.parse(session.text) };
}

test.each([...IDENTITY_PROVIDERS])(
  '%s signs in, with name, address and groups, by its preset; S146: who is in none any more loses the role',
  async (preset) => {
    const { settings, idToken, userInfo, group } = answersOf(preset);
    const slug = nextText(preset);
    await gateway.createOrganization({ name: preset, slug });
    // One owner for each domain: the files speak of corp.example, each organization here of a domain of its own.
    const domain = `${slug}.example`;
    const of = (claims: object) => JSON.parse(JSON.stringify(claims).replaceAll('corp.example', domain));
    await create(slug, '/domains', { domain, verified: true });
    const grants = [{ scope: 'org', role: 'admin' }];
    const value = group ?? 'nobody sends this';
    await create(slug, '/group-mappings', { match: { claim: 'groups', value }, grants });
    const pinned = { issuer: idp.issuer, clientId: CLIENT, clientSecret: 'a-secret-of-the-test' };
    const about = { protocol: 'oidc', name: preset, preset, jit: true };
    const connection = await create(slug, '/connections', { ...about, ...pinned, ...settings });
    idp.next = { claims: of(idToken), userInfo: of(userInfo) };
    const { asked, page, session } = await signIn(slug, connection.id);
    expect([page.status, setSession(page) === undefined]).toEqual([303, false]);
    expect(asked.get('scope')?.split(' ')).toEqual(expect.arrayContaining(['openid', 'email', 'profile']));
    expect(session).toMatchObject({
      user: { email: `ada@${domain}`, name: 'Ada Lovelace' },
      orgRole: group === null ? 'member' : 'admin',
    });
    // S146: out of the last group; the product then leaves the claim out.
    const named: string = connection.attributes.groups ?? 'groups';
    const left = (claims: object) => ({ ...of(claims), [named]: undefined });
    idp.next = { claims: left(idToken), userInfo: left(userInfo) };
    expect((await signIn(slug, connection.id)).session.orgRole).toBe('member');
  },
);

/** What a directory of that product pushes as userName for her; the preset says which claim is compared with it. */
const USER_NAMES: Partial<Record<IdentityProvider, string>> = {
  adfs: 'ada@ad.corp.example',
  keycloak: 'ada',
};

test.each([...IDENTITY_PROVIDERS])(
  '%s finds the person that a directory pushed, by its preset, and nobody by the address alone',
  async (preset) => {
    const { settings, idToken, userInfo } = answersOf(preset);
    const organization = await gateway.createOrganization({ name: preset, slug: nextText(preset) });
    const directory = await gateway.createDirectory(organization);
    const { slug } = organization;
    const pinned = { issuer: idp.issuer, clientId: CLIENT, clientSecret: 'a-secret-of-the-test' };
    const about = { protocol: 'oidc', name: preset, preset };
    const connection = await create(slug, '/connections', { ...about, ...pinned, ...settings });
    idp.next = { claims: idToken, userInfo };
    const userName = USER_NAMES[preset] ?? 'ada@corp.example';
    // Somebody else with her address: an address describes, it does not select.
    await pushPerson(gateway, directory, { userName: 'eve', primaryEmail: 'ada@corp.example' });
    const refused = await signIn(slug, connection.id);
    expect(refused.page.status).toBe(403);
    expect(await refusalReasons(gateway, organization, refused.page)).toEqual(['identity.not_in_directory']);
    const ada = await pushPerson(gateway, directory, { userName });
    const { session } = await signIn(slug, connection.id);
    expect(session).toMatchObject({ membershipId: ada.membershipId });
  },
);
