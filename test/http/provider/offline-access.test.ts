/** What goes on when a browser is left (offline access), who sees it, and what an emergency code opened, which does not. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as client from 'openid-client';
import { hours } from '../../../src/kernel/clock.ts';
import { enter, startApplication, type TestApplication, type Tokens } from '../../support/application.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { ask } from '../../support/credentials.ts';
import {
  aLogoutCompany,
  logoutContext,
  redirectTo,
  requestQuery,
  signedIn,
} from '../../support/logout-stage.ts';
import { invite, PASSWORD, postForm } from '../../support/page-visits.ts';
import { type Company, openPolicyStage, type Person, type PolicyStage } from '../policy/policy-stage.ts';

let stage: PolicyStage;
let one: TestApplication;
beforeAll(async () => {
  stage = await openPolicyStage();
  one = await startApplication(stage.world.gateway);
});
afterAll(async () => {
  await one.close();
  await stage.close();
});

const operator = async (request: string, body?: unknown) => {
  const answer = await stage.world.send(stage.world.operator, request, body);
  expect(answer.status).toBeLessThan(300);
  return answer;
};
const signOut = (browser: Browser) => postForm(stage.world.gateway, browser, { path: '/sign-out' });
const enterOffline = (browser: Browser) => enter(one, browser, { scope: 'openid offline_access' });
const enterPassword = async (email: string, browser = createBrowser()) => {
  await postForm(stage.world.gateway, browser, {
    path: '/sign-in/password',
    fields: { email, password: PASSWORD },
  });
  return browser;
};

const refresh = (tokens: Tokens) =>
  client.refreshTokenGrant(one.configuration, tokens.refresh_token ?? '').then(
    () => 'goes on',
    (error: { readonly error?: string }) => error.error,
  );
const isActive = async (token: string | undefined) =>
  (await client.tokenIntrospection(one.configuration, token ?? '')).active;

/** `browser` is where an application is entered, `other` one more session of the same person. */
interface Scene {
  readonly company: Company;
  readonly browser: Browser;
  readonly other: Person;
}

async function aScene(): Promise<Scene> {
  const company = await stage.company();
  const other = await company.member();
  return { company, other, browser: await enterPassword(other.email) };
}

/** Ways in which a browser is left: the person's way into the application is not cut by them. */
describe('goes on, and ends with the sessions elsewhere, when the browser is left by', () => {
  const departures: readonly (readonly [string, (scene: Scene) => Promise<unknown>])[] = [
    ['a sign-out', ({ browser }) => signOut(browser)],
    ['another sign-in in its place', ({ browser, other }) => enterPassword(other.email, browser)],
    [
      'a change of organization',
      async ({ browser, other: { email } }) => {
        const { gateway } = stage.world;
        const elsewhere = await stage.company();
        const { token } = await invite(gateway, elsewhere, { email });
        const accept = { path: `/api/v1/invitations/${token}/accept`, body: {} };
        expect((await ask(gateway, await enterPassword(email), accept)).status).toBeLessThan(300);
        const path = '/api/v1/session/organization';
        const moved = await ask(gateway, browser, { path, body: { organization: elsewhere.slug } });
        expect(moved.status).toBeLessThan(300);
      },
    ],
  ];
  test.each(departures)('%s', async (_how, leave) => {
    const scene = await aScene();
    const { browser, other } = scene;
    const { refresh_token, ...tokens } = await enterOffline(browser);
    const { body } = await ask(stage.world.gateway, browser, { path: '/api/v1/sessions' });
    const { id } = body.items.find(({ isCurrent }: { readonly isCurrent: boolean }) => isCurrent);
    await leave(scene);
    const { storage } = stage.world.gateway;
    expect(await storage.sessions.find(scene.company.id, id)).toBeUndefined();
    expect(await isActive(refresh_token)).toBe(true);
    expect((await other.send('delete /sessions')).status).toBe(204);
    expect([await isActive(refresh_token), await isActive(tokens.access_token)]).toEqual([false, false]);
  });

  test('a sign-out at the identity provider', async () => {
    const { gateway } = stage.world;
    const { organization, connection } = await aLogoutCompany(gateway);
    const { browser } = await signedIn(gateway, connection);
    const { refresh_token } = await enterOffline(browser);
    const query = requestQuery(logoutContext(gateway, connection));
    await redirectTo(gateway, createBrowser(), { connection, query });
    expect(await gateway.storage.sessions.list(organization.id, { limit: 9 })).toEqual([]);
    expect(await isActive(refresh_token)).toBe(true);
    await operator(`patch /organizations/${organization.id}/connections/${connection.id}`, {
      status: 'disabled',
    });
    expect(await isActive(refresh_token)).toBe(false);
  });
});

describe('an emergency code', () => {
  /** An owner who came in by one, and what an application got then. */
  async function inByCode() {
    const { gateway } = stage.world;
    const company = await stage.company({ jit: true });
    const owner = await company.member('owner');
    const { body } = await owner.send(`post ${company.base}/emergency-codes`, {});
    const browser = createBrowser();
    await postForm(gateway, browser, { path: '/sign-in/emergency', fields: { code: body.code } });
    return { company, browser, tokens: await enterOffline(browser) };
  }

  test('S157: what it opened ends with its session, however that ends', async () => {
    const { company, browser, tokens } = await inByCode();
    await stage.requireSso(company, { email: `${nextText('sso')}@${company.domain}` });
    expect(await isActive(tokens.refresh_token)).toBe(true);
    await signOut(browser);
    expect(await isActive(tokens.access_token)).toBe(false);
    expect(await refresh(tokens)).toBe('invalid_grant');
  });

  test('S157: and with its hour, when nobody ends it', async () => {
    const { tokens } = await inByCode();
    const { clock } = stage.world.gateway;
    clock.advance(hours(1));
    const outcome = await refresh(tokens);
    clock.advance(-hours(1));
    expect(outcome).toBe('invalid_grant');
  });
});

test("S189: the person's page offers to end what goes on without a session, and ends it", async () => {
  const { other } = await aScene();
  await other.send('delete /sessions');
  const browser = await enterPassword(other.email);
  const { refresh_token } = await enterOffline(browser);
  const address = `${stage.world.gateway.baseUrl}/`;
  await signOut(browser);
  const page = await other.browser.follow(address);
  expect(page.text).toContain('An application goes on for you');
  const after = await other.browser.submitForm(page, { form: 'end-others' });
  expect([after.status, after.text.includes('Sign out everywhere else')]).toEqual([200, false]);
  expect(await isActive(refresh_token)).toBe(false);
});
