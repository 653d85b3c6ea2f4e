/** Forms that set or ask a password say whose it is, so that password managers keep it with the address and offer it again. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { createBrowser } from '../../support/browser.ts';
import { ask, mailedPath } from '../../support/credentials.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { aMember, invite } from '../../support/page-visits.ts';

let gateway: TestGateway;
let organization: Organization;
beforeAll(async () => {
  gateway = await startGateway();
  organization = await gateway.createOrganization({ name: 'Acme' });
});
afterAll(() => gateway.close());

interface Shown {
  readonly text: string;
  readonly email: string;
}

async function asMember(path: string): Promise<Shown> {
  const { browser, email } = await aMember(gateway, organization);
  const { text } = await browser.follow(`${gateway.baseUrl}${path}`);
  return { text, email };
}

async function invited(given: { readonly email?: string }): Promise<Shown> {
  const { path, email } = await invite(gateway, organization, given);
  return { text: (await createBrowser().follow(`${gateway.baseUrl}${path}`)).text, email };
}

async function resetting(): Promise<Shown> {
  const { email } = await aMember(gateway, organization);
  await ask(gateway, createBrowser(), { path: '/password-reset', body: { email } });
  const path = await mailedPath(gateway, email, 'password-reset');
  return { text: (await createBrowser().follow(`${gateway.baseUrl}${path}`)).text, email };
}

const formsOf = (text: string): readonly string[] => text.match(/<form[\s\S]*?<\/form>/g) ?? [];

test.each<readonly [string, number, () => Promise<Shown>]>([
  ['the own account: password, address, second step, passkey', 4, () => asMember('/account')],
  ['shown again for what asks for a fresh sign-in', 1, () => asMember('/sign-in-again')],
  ['an invitation for somebody new', 1, () => invited({})],
  [
    'an invitation for somebody who has an account',
    1,
    async () => {
      const elsewhere = await gateway.createOrganization();
      const { email } = await aMember(gateway, elsewhere);
      return invited({ email });
    },
  ],
  ['a new password in place of a forgotten one', 1, resetting],
])('%s', async (_title, count, visit) => {
  const { text, email } = await visit();
  const forms = formsOf(text).filter((form) => form.includes('type="password"'));
  expect(forms).toHaveLength(count);
  for (const form of forms) {
    expect(form).toContain(
      `autocomplete="username" value="${email}" readonly tabindex="-1" aria-hidden="true">`,
    );
    expect(form.indexOf('autocomplete="username"')).toBeLessThan(form.indexOf('type="password"'));
  }
});
