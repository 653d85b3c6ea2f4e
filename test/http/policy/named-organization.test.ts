/** Signing in at the address of one of one's organizations with a password or passkey: where one ends up, and what strangers learn. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import { updateOrganization } from '../../../src/core/organization/organizations.ts';
import { createAuthenticator } from '../../support/authenticator.ts';
import { type Browser, createBrowser, type Page } from '../../support/browser.ts';
import { ask, codeOf, turnOnSecondFactor } from '../../support/credentials.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { readForms } from '../../support/html-forms.ts';
import { aMember, invite, PASSWORD } from '../../support/page-visits.ts';
import { addSamlConnection } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ isLocalhost: true });
});
afterAll(() => gateway.close());

const operator = { kind: 'operator' } as const;

/** A person in two organizations, who used `last` last. */
async function inTwo() {
  const [named, last] = [await gateway.createOrganization(), await gateway.createOrganization()];
  const person = await aMember(gateway, named);
  const { token } = await invite(gateway, last, person);
  const acceptor = { kind: 'new', name: 'Ada', password: PASSWORD } as const;
  gateway.clock.advance(1000);
  await acceptInvitation(gateway.deps, { token, acceptor, cause: testCause });
  const user = await gateway.storage.users.findByEmail(person.email);
  const membership = user && (await gateway.storage.memberships.findByUser(named.id, user.id));
  if (membership === undefined) throw new Error('nobody joined');
  return { ...person, named, last, membership };
}

type InTwo = Awaited<ReturnType<typeof inTwo>>;

const change = ({ id }: Organization, wish: Parameters<typeof updateOrganization>[1]['change']) =>
  updateOrganization(gateway.deps, { organizationId: id, caller: operator, cause: testCause, change: wish });

const openAt = (browser: Browser, path: string): Promise<Page> => browser.follow(`${gateway.baseUrl}${path}`);

/** The page's own form with the password, in a new browser. */
async function withPassword({ email }: Pick<InTwo, 'email'>, path: string, password = PASSWORD) {
  const browser = createBrowser();
  const page = await openAt(browser, path);
  return { browser, page: await browser.submitForm(page, { form: 'password', values: { email, password } }) };
}

const organizationOf = async (browser: Browser): Promise<string | undefined> =>
  (await ask(gateway, browser, { path: '/api/v1/session' })).body.organization?.id;

/** Requires single sign-on without a test of it: what counts here is what the setting does. */
const requireSso = ({ id }: Organization) =>
  gateway.storage.transact(async ({ organizations }) => {
    const found = await organizations.find(id);
    if (found !== undefined)
      await organizations.update(id, { ...found, ssoPolicy: 'required' }, found.version);
  });

describe('a password at the address of an organization', () => {
  test.each([
    ['its slug', ({ slug }: Organization) => `/sign-in/${slug}`],
    ['its slug in capitals', ({ slug }: Organization) => `/sign-in/${slug.toUpperCase()}`],
    ['its id', ({ id }: Organization) => `/sign-in/${id}`],
    [
      'the password page of several connections',
      ({ slug }: Organization) => `/sign-in?way=password&organization=${slug}`,
    ],
  ])('by %s: a member ends up in it, not in the one used last', async (_by, path) => {
    const person = await inTwo();
    const { browser } = await withPassword(person, path(person.named));
    expect(await organizationOf(browser)).toBe(person.named.id);
    const plain = await withPassword(person, '/sign-in');
    expect(await organizationOf(plain.browser)).toBe(person.named.id);
    const back = await withPassword(person, `/sign-in/${person.last.slug}`);
    expect(await organizationOf(back.browser)).toBe(person.last.id);
  });

  test('a wrong password first, then the right one in the form that comes back', async () => {
    const person = await inTwo();
    const { browser, page } = await withPassword(person, `/sign-in/${person.named.slug}`, 'not it at all');
    expect(page.status).toBe(401);
    await browser.submitForm(page, {
      form: 'password',
      values: { email: person.email, password: PASSWORD },
    });
    expect(await organizationOf(browser)).toBe(person.named.id);
  });

  test('as JSON', async () => {
    const { email, named } = await inTwo();
    const browser = createBrowser();
    const body = { email, password: PASSWORD, organization: named.slug };
    expect((await ask(gateway, browser, { path: '/sign-in/password', body })).status).toBe(204);
    expect(await organizationOf(browser)).toBe(named.id);
  });

  test('a second step comes between and changes nothing', async () => {
    const person = await inTwo();
    const { secret } = await turnOnSecondFactor(gateway, person.browser);
    const { browser, page } = await withPassword(person, `/sign-in/${person.named.slug}`);
    expect(page.url).toContain('/sign-in/second-step');
    const code = codeOf(secret, gateway.clock.now());
    await browser.submitForm(page, { form: 'second-step', values: { code } });
    expect(await organizationOf(browser)).toBe(person.named.id);
  });

  test('where several connections stand to choose from, the way to the password names it', async () => {
    const person = await inTwo();
    await addSamlConnection(gateway, person.named, { name: 'Berlin' });
    await addSamlConnection(gateway, person.named, { name: 'Paris' });
    const { text } = await openAt(createBrowser(), `/sign-in/${person.named.slug}`);
    const path = /href="(\/sign-in\?[^"]*way=password[^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const { browser } = await withPassword(person, path);
    expect(await organizationOf(browser)).toBe(person.named.id);
  });
});

describe('a passkey at the address of an organization', () => {
  test('a member ends up in it', async () => {
    const person = await inTwo();
    const at = '/api/v1/account/passkeys';
    const body = { currentPassword: PASSWORD };
    const made = (await ask(gateway, person.browser, { path: `${at}/options`, body })).body;
    const device = createAuthenticator(gateway.baseUrl);
    const credential = device.register(made.challenge);
    await ask(gateway, person.browser, { path: at, body: { name: 'Laptop', credential } });
    for (const organization of [person.named, person.last, person.named]) {
      const browser = createBrowser();
      const page = await openAt(browser, `/sign-in/${organization.slug}`);
      const fields = readForms(page.text).find(({ name }) => name === 'passkey')?.fields ?? [];
      const asked = (await ask(gateway, browser, { path: '/sign-in/passkey/options', body: {} })).body;
      // The script of the page sends this field along.
      const answer = { ...Object.fromEntries(fields), ...device.signIn(asked.challenge, made.user.id) };
      expect((await ask(gateway, browser, { path: '/sign-in/passkey', body: answer })).status).toBe(204);
      expect(await organizationOf(browser)).toBe(organization.id);
    }
  });
});

describe('the policy of the organization that was named', () => {
  test('S157: one that requires single sign-on lets no password in: the one used last opens, as without a name', async () => {
    const person = await inTwo();
    await requireSso(person.named);
    const { browser } = await withPassword(person, `/sign-in/${person.named.slug}`);
    expect(await organizationOf(browser)).toBe(person.last.id);
  });

  test('one that asks for a second factor leads to setting it up there, and opens nothing before', async () => {
    const person = await inTwo();
    await change(person.named, { requireSecondFactor: true });
    const { browser, page } = await withPassword(person, `/sign-in/${person.named.slug}`);
    expect(page.url).toContain('/account/enrol');
    expect(await organizationOf(browser)).toBeUndefined();
    const elsewhere = await withPassword(person, '/sign-in');
    expect(await organizationOf(elsewhere.browser)).toBe(person.last.id);
  });

  test('a suspended member of it ends up in the one used last', async () => {
    const person = await inTwo();
    await changeMember(gateway.deps, {
      ...{ organizationId: person.named.id, id: person.membership.id, caller: operator, cause: testCause },
      change: { status: 'suspended' },
    });
    const { browser } = await withPassword(person, `/sign-in/${person.named.slug}`);
    expect(await organizationOf(browser)).toBe(person.last.id);
  });
});

describe('S155: nothing tells whether an organization of that name exists', () => {
  test('a person who is in none of that name ends up where they would have, by the same answer', async () => {
    const person = await inTwo();
    const foreign = await gateway.createOrganization();
    for (const slug of [foreign.slug, 'nobody-has-this', 'odd.name']) {
      const { browser, page } = await withPassword(person, `/sign-in/${slug}`);
      expect([page.status, page.url]).toEqual([200, `${gateway.baseUrl}/`]);
      expect(await organizationOf(browser)).toBe(person.last.id);
    }
  });

  test('pages and refusals differ in nothing but the name that was asked for', async () => {
    const { email } = await inTwo();
    const { slug } = await gateway.createOrganization();
    const tries = await Promise.all(
      [slug, 'nobody-has-this'].map(async (name) => {
        const page = await openAt(createBrowser(), `/sign-in/${name}`);
        const refused = (await withPassword({ email }, `/sign-in/${name}`, 'not it at all')).page;
        return [page, refused].map((one) => [one.status, one.text.replaceAll(name, 'NAME')]);
      }),
    );
    expect(tries[0]).toEqual(tries[1]);
  });

  test('a name is said back only where it could be one', async () => {
    const { text } = await openAt(createBrowser(), `/sign-in/${encodeURIComponent('"><b>x')}`);
    expect(text).not.toContain('name="organization" value');
  });
});
