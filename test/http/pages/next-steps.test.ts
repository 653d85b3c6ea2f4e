/** Pages that say what to do next, to eyes and to screen readers alike: the refused sign-in, the wrong password, the end of a session. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { createBrowser } from '../../support/browser.ts';
import { codeOf, tryPassword, turnOnSecondFactor } from '../../support/credentials.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { aMember, PASSWORD, postForm } from '../../support/page-visits.ts';
import { addSamlConnection } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let home: Organization;
beforeAll(async () => {
  gateway = await startGateway();
  home = await gateway.createOrganization({ name: 'Home' });
});
afterAll(() => gateway.close());

const open = (path: string, browser = createBrowser()) => browser.follow(`${gateway.baseUrl}${path}`);
/** The tag of the field with this name. */
const fieldOf = (text: string, name: string): string =>
  new RegExp(`<input[^>]* name="${name}"[^>]*>`).exec(text)?.[0] ?? '';

describe('a refused sign-in', () => {
  const NOBODY = 'con_00000000000000000000000000';
  const junk = { SAMLResponse: 'junk', RelayState: 'x' };
  const backTo = (text: string): string =>
    /<a class="button" href="([^"]*)">Start the sign-in again/.exec(text)?.[1] ?? '';

  test('S218: a list of what to do, and the way back to the start of the organization that the address names', async () => {
    const connection = await addSamlConnection(gateway, home);
    const path = `/saml/${connection.id}/acs`;
    const page = await postForm(gateway, createBrowser(), { path, fields: junk });
    expect([page.status, page.text.match(/<li>/g)?.length]).toEqual([403, 4]);
    expect(backTo(page.text)).toBe('/sign-in');
    const named = await open(`/sign-in/${home.slug}?connection=${NOBODY}`);
    expect(backTo(named.text)).toBe(`/sign-in/${home.slug}`);
    expect(backTo((await open(`/sign-in?connection=${NOBODY}`)).text)).toBe('/sign-in');
  });

  test('S218: a connection that is not there gets the page of one that is', async () => {
    const connection = await addSamlConnection(gateway, home);
    const texts = [];
    for (const id of [connection.id, NOBODY]) {
      const page = await postForm(gateway, createBrowser(), { path: `/saml/${id}/acs`, fields: junk });
      texts.push(page.text.replace(/<code>[^<]*<\/code>/, ''));
    }
    expect(new Set(texts).size).toBe(1);
  });
});

test('S177: a wrong password is said at its field, which has the focus; an unknown address reads the same', async () => {
  const { email } = await aMember(gateway, home);
  const texts = [];
  for (const address of [email, 'nobody@elsewhere.example']) {
    const form = await open('/sign-in');
    const values = { email: address, password: 'not the password, no' };
    const { text } = await createBrowser().submitForm(form, { form: 'password', values });
    const field = fieldOf(text, 'password');
    expect(field).toMatch(/aria-describedby="password-problem" aria-invalid="true" autofocus/);
    expect(text).toMatch(
      /id="password-problem" role="alert">E-mail address and password do not fit together/,
    );
    texts.push(text.replaceAll(address, 'ADDRESS'));
  }
  expect(new Set(texts).size).toBe(1);
});

test('the second step has its only field in focus', async () => {
  const { email, browser } = await aMember(gateway, home);
  const { secret } = await turnOnSecondFactor(gateway, browser);
  const visitor = createBrowser();
  const values = { email, password: PASSWORD };
  const step = await visitor.submitForm(await open('/sign-in', visitor), { form: 'password', values });
  expect(fieldOf(step.text, 'code')).toContain(' autofocus');
  gateway.clock.advance(30_000);
  const code = codeOf(secret, gateway.clock.now());
  expect((await visitor.submitForm(step, { form: 'second-step', values: { code } })).status).toBe(200);
});

test('after a sign-out the page says so, once', async () => {
  const { browser } = await aMember(gateway, home);
  const left = await browser.submitForm(await open('/sign-out', browser), { form: 'sign-out' });
  expect([left.status, left.text]).toEqual([200, expect.stringContaining('You are signed out.')]);
  expect((await open('/sign-in', browser)).text).not.toContain('You are signed out.');
});

test('the button that ends a session names its device', async () => {
  const { email, browser } = await aMember(gateway, home);
  await tryPassword(gateway, createBrowser(), { email });
  expect((await open('/', browser)).text).toMatch(/aria-label="End it: [^",]+, since [^"]+ UTC">End it</);
});
