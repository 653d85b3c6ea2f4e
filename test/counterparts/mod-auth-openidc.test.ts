/** A real relying party of our OpenID Provider: Apache with mod_auth_openidc, driven over HTTP as a browser would. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBrowser } from '../support/browser.ts';
import { type ApacheRelyingParty, prepareApache } from './apache.ts';
import { type PasswordPerson, type Place, startPlace } from './place.ts';

let place: Place;
let apache: ApacheRelyingParty;
let admin: PasswordPerson;

beforeAll(async () => {
  place = await startPlace();
  apache = await prepareApache();
  admin = await place.addAdmin('acme');
  const { redirectUri, signedOutUrl, backchannelLogoutUri } = apache;
  const application = await place.addApplication({
    name: 'Apache',
    redirectUris: [redirectUri],
    postLogoutRedirectUris: [signedOutUrl],
    backchannelLogoutUri,
  });
  await apache.start({ issuer: `${place.baseUrl}/oidc`, ...application });
});

afterAll(async () => {
  await apache?.close();
  await place?.close();
});

describe('Apache with mod_auth_openidc', () => {
  test('lets a person in after a sign-in at the gateway, with our claims', async () => {
    const browser = createBrowser();
    const question = await browser.follow(apache.protectedUrl);
    expect(new URL(question.url).origin).toBe(place.baseUrl);
    const page = await place.signInWithPassword(browser, question, admin);
    expect([page.status, page.text]).toEqual([200, 'for members']);
    const info = JSON.parse((await browser.request(apache.infoUrl)).text);
    const claims = { email: admin.email, name: 'Ada Admin', org_slug: 'acme', org_role: 'admin' };
    expect(info.id_token).toMatchObject({ ...claims, amr: ['pwd'], sid: expect.stringMatching(/^ses_/) });
    expect(info.userinfo).toMatchObject(claims);
  });

  test('takes a claim of ours as the key to a page', async () => {
    const browser = createBrowser();
    const question = await browser.follow(apache.protectedUrl);
    await place.signInWithPassword(browser, question, admin);
    expect((await browser.follow(apache.adminsUrl)).text).toBe('for admins');
    expect((await browser.request(apache.ownersUrl)).status).toBe(401);
  });

  test('signs out here and at the gateway, and comes back', async () => {
    const browser = createBrowser();
    const question = await browser.follow(apache.protectedUrl);
    await place.signInWithPassword(browser, question, admin);
    const page = await browser.follow(apache.logoutUrl);
    expect([page.url, page.text]).toEqual([apache.signedOutUrl, 'signed out']);
    expect(await place.readSession(browser)).toMatchObject({ code: 'unauthenticated' });
    const again = await browser.follow(apache.protectedUrl);
    expect(new URL(again.url).origin).toBe(place.baseUrl);
  });

  test('hears of a sign-out at the gateway', async () => {
    const browser = createBrowser();
    const question = await browser.follow(apache.protectedUrl);
    await place.signInWithPassword(browser, question, admin);
    await browser.request(`${place.baseUrl}/sign-out`, {
      method: 'POST',
      headers: { origin: place.baseUrl, 'content-type': 'application/json' },
      body: '{}',
    });
    let page = await browser.request(apache.protectedUrl);
    while (page.status === 200) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      page = await browser.request(apache.protectedUrl);
    }
    expect(page.status).toBe(302);
  });
});
