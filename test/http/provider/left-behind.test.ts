/** What a sign-out leaves for offline access ends with whatever cuts the way in by which it was given (S94, S157, S181, S189). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as client from 'openid-client';
import { endUnfitSessions } from '../../../src/core/connections/sso-enforcement.ts';
import type { Connection } from '../../../src/core/entities/connection.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { deliverLogouts, enter, startApplication, type TestApplication } from '../../support/application.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestDirectory, type TestGateway, testCause } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { countOfType } from '../../support/journal-rows.ts';
import { onlyMember } from '../../support/members.ts';
import { aMember, PASSWORD, postForm } from '../../support/page-visits.ts';
import { encode, oktaLike, sign } from '../../support/saml-builder.ts';
import {
  addSamlConnection,
  contextFor,
  postToAcs,
  pushPerson,
  startSaml,
} from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let product: TestApplication;
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  product = await startApplication(gateway);
});
afterAll(async () => {
  await product.close();
  await gateway.close();
});

/** Asks for a refresh token and signs out; answers the token. */
async function leave(browser: Browser): Promise<string> {
  const { refresh_token = '' } = await enter(product, browser, { scope: 'openid offline_access' });
  await postForm(gateway, browser, { path: '/sign-out' });
  return refresh_token;
}

/** The next refresh token; undefined once nothing is given any more. */
async function refresh(token: string): Promise<string | undefined> {
  return client.refreshTokenGrant(product.configuration, token).then(
    ({ refresh_token }) => refresh_token,
    (error: unknown) => {
      if (error instanceof client.ResponseBodyError && error.error === 'invalid_grant') return undefined;
      throw error;
    },
  );
}

const api = async (method: 'delete' | 'patch', path: string, body?: object) => {
  const url = `/api/v1/organizations/${path}`;
  const authorization = `Bearer ${gateway.operatorKey}`;
  const answer = await gateway.request()[method](url).set({ authorization }).send(body);
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.text}`);
};

interface Left {
  readonly organization: Organization;
  readonly email: string;
  readonly token: string;
}

async function byPassword(): Promise<Left> {
  const organization = await gateway.createOrganization({ slug: nextText('left') });
  const { browser, email } = await aMember(gateway, organization);
  return { organization, email, token: await leave(browser) };
}

async function bySso(): Promise<Left & { connection: Connection; directory: TestDirectory }> {
  const organization = await gateway.createOrganization({ slug: nextText('left') });
  const directory = await gateway.createDirectory(organization, 'okta');
  const connection = await addSamlConnection(gateway, organization);
  const email = `${nextText('ada')}@corp.example`;
  await pushPerson(gateway, directory, { userName: email });
  const browser = createBrowser();
  const { requestId, relayState } = await startSaml(gateway, browser, `/sign-in/${organization.slug}`);
  const context = contextFor(gateway, connection, { requestId, nameId: email });
  const fields = {
    SAMLResponse: encode(sign(oktaLike(context), 'assertion', context)),
    RelayState: relayState,
  };
  await postToAcs(gateway, browser, { connection, fields });
  return { organization, connection, directory, email, token: await leave(browser) };
}

/** The person in another browser. */
async function again({ email }: Left): Promise<Browser> {
  const browser = createBrowser();
  await postForm(gateway, browser, { path: '/sign-in/password', fields: { email, password: PASSWORD } });
  return browser;
}

const own = async (left: Left, act: string, body?: object) => {
  const [method = '', path = ''] = act.split(' ');
  const browser = await again(left);
  const headers = { 'content-type': 'application/json', origin: gateway.baseUrl };
  const answer = await browser.request(`${gateway.baseUrl}/api/v1${path}`, {
    ...{ method, headers: { ...headers, 'sec-fetch-site': 'same-origin' } },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.text}`);
};

const apply = (organization: Organization, policy: Partial<Organization>) =>
  gateway.storage.transact((tx) =>
    endUnfitSessions(
      tx,
      { organizationId: organization.id, cause: testCause, now: gateway.clock.now() },
      { ...organization, ...policy },
    ),
  );

const CUTS: readonly [string, (left: Left) => Promise<unknown>][] = [
  ['S189: the person ends all other sessions', (left) => own(left, 'DELETE /sessions')],
  [
    'S181: a new password',
    (left) =>
      own(left, 'POST /account/password', {
        currentPassword: PASSWORD,
        newPassword: 'another sentence nobody guesses',
      }),
  ],
  [
    'S189: an admin ends the sessions of the member',
    async ({ organization }) =>
      api('delete', `${organization.id}/members/${(await onlyMember(gateway, organization.id)).id}/sessions`),
  ],
  ['S189: everybody is signed out', ({ organization }) => api('delete', `${organization.id}/sessions`)],
  ['S157: single sign-on is required', ({ organization }) => apply(organization, { ssoPolicy: 'required' })],
  ['a second factor is required', ({ organization }) => apply(organization, { requireSecondFactor: true })],
  [
    'S94: a suspension',
    async ({ organization }) =>
      api('patch', `${organization.id}/members/${(await onlyMember(gateway, organization.id)).id}`, {
        status: 'suspended',
      }),
  ],
];

describe('S102, S189: given in a session of a password that was signed out since', () => {
  test.each(CUTS)('%s: ended at once, in the audit, and the application is told', async (_what, cut) => {
    const left = await byPassword();
    const token = (await refresh(left.token)) ?? '';
    expect(token).not.toBe('');
    await deliverLogouts(gateway);
    await cut(left);
    expect(await refresh(token)).toBeUndefined();
    expect(await countOfType(gateway.storage, left.organization.id, 'application_grant.revoked')).toBe(1);
    expect(await deliverLogouts(gateway)).toBe(1);
  });

  test('it stays for the session that ends the others', async () => {
    const left = await byPassword();
    const browser = await again(left);
    const { refresh_token = '' } = await enter(product, browser, { scope: 'openid offline_access' });
    const headers = { origin: gateway.baseUrl, 'sec-fetch-site': 'same-origin' };
    await browser.request(`${gateway.baseUrl}/api/v1/sessions`, { method: 'DELETE', headers });
    expect(await refresh(refresh_token)).toEqual(expect.any(String));
  });
});

describe('given in a session that an identity provider opened, signed out since', () => {
  test.each<[string, (left: Awaited<ReturnType<typeof bySso>>) => Promise<unknown>]>([
    [
      'S189: the connection is disabled',
      ({ organization, connection }) =>
        api('patch', `${organization.id}/connections/${connection.id}`, { status: 'disabled' }),
    ],
    [
      'S189: the connection is removed',
      ({ organization, connection }) => api('delete', `${organization.id}/connections/${connection.id}`),
    ],
    [
      'S189: the directory is disabled',
      ({ organization, directory }) =>
        api('patch', `${organization.id}/directories/${directory.directory.id}`, { status: 'disabled' }),
    ],
  ])('%s: ended at once', async (_what, cut) => {
    const left = await bySso();
    const token = (await refresh(left.token)) ?? '';
    await cut(left);
    expect(await refresh(token)).toBeUndefined();
  });

  test('S157: it fits an organization that requires single sign-on or a second factor', async () => {
    const left = await bySso();
    await apply(left.organization, { ssoPolicy: 'required', requireSecondFactor: true });
    expect(await refresh(left.token)).toEqual(expect.any(String));
  });
});
