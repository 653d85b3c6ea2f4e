/** S156 over OpenID Connect: a member connects by mail where the domain is proved; elsewhere a verified address opens nothing. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { addDomain } from '../../../src/core/connections/domains.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { mailedPath } from '../../support/credentials.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type OidcIdp, startOidcIdp } from '../../support/idp/oidc.ts';
import { invite, PASSWORD, postForm, withoutReference } from '../../support/page-visits.ts';
import { addOidcConnection, sessionStatus } from '../../support/sign-in-stage.ts';

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

/** A member with a password, and their company's provider, which vouches for the address. */
async function aMember({ isProved }: { readonly isProved: boolean }) {
  const organization = await gateway.createOrganization({ name: 'Contoso', slug: nextText('contoso') });
  const domain = `${organization.slug}.example`;
  const named = { organizationId: organization.id, cause: testCause, domain };
  if (isProved) await addDomain(gateway.deps, { ...named, vouched: true });
  await addOidcConnection(gateway, organization, { idp, name: 'Contoso ID' });
  const address = `${nextText('ada')}@${domain}`;
  const { token, email } = await invite(gateway, organization, { email: address });
  const acceptor = { kind: 'new', name: 'Ada', password: PASSWORD } as const;
  await acceptInvitation(gateway.deps, { token, acceptor, cause: testCause });
  const signIn = async (as: string) => {
    idp.addUser({ sub: `sub of ${as}`, email: as, emailVerified: true });
    const browser = createBrowser();
    const url = `${gateway.baseUrl}/sign-in/${organization.slug}?login_hint=${encodeURIComponent(as)}`;
    return { browser, page: await browser.signIn(url) };
  };
  return { email, domain, signIn, link: (to: string) => mailedPath(gateway, to, 'connect') };
}

test('S156 the mailed link connects the identity of the OpenID provider, and the next sign-in comes in', async () => {
  const { email, signIn, link } = await aMember({ isProved: true });
  expect((await signIn(email)).page.status).toBe(403);
  const pressed = await postForm(gateway, createBrowser(), { path: (await link(email)) ?? 'no link' });
  expect(pressed.status).toBe(303);
  expect(await sessionStatus(gateway, (await signIn(email)).browser)).toBe(200);
});

test('S155 S156 where the domain is not proved no mail goes, and member and stranger read the same', async () => {
  const { email, domain, signIn, link } = await aMember({ isProved: false });
  const [known, stranger] = [(await signIn(email)).page, (await signIn(`nobody@${domain}`)).page];
  expect([known.status, withoutReference(known)]).toEqual([403, withoutReference(stranger)]);
  expect(await link(email)).toBeUndefined();
});
