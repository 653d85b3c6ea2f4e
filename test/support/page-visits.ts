/** What tests of pages have in common: members with passwords, invitations, and the ways a request says where it is from. */
import type { Organization } from '../../src/core/entities/organization.ts';
import { acceptInvitation } from '../../src/core/joining/invitation-acceptance.ts';
import { createInvitation } from '../../src/core/joining/invitations.ts';
import { type Browser, createBrowser, type Page } from './browser.ts';
import { nextText } from './builders.ts';
import { type TestGateway, testCause } from './gateway.ts';

export const PASSWORD = 'a sentence nobody guesses';

/** Invites an address as the operator; answers the path of the link and its token. */
export async function invite(
  { deps, baseUrl }: TestGateway,
  organization: Pick<Organization, 'id'>,
  choice: { readonly email?: string; readonly message?: string } = {},
) {
  const email = choice.email ?? `${nextText('guest')}@manual.example`;
  const { invitation, url } = await createInvitation(deps, {
    organizationId: organization.id,
    cause: testCause,
    caller: { kind: 'operator' },
    invitation: { role: 'member', teams: [], delivery: 'link', ...choice, email },
  });
  const path = url.slice(baseUrl.length);
  return { invitation, email, url, path, token: path.slice('/invitations/'.length) };
}

/** A member with a password, and a browser in which they are signed in. */
export async function aMember(
  gateway: TestGateway,
  organization: Pick<Organization, 'id'>,
  name = 'Ada',
): Promise<{ readonly email: string; readonly browser: Browser }> {
  const { token, email } = await invite(gateway, organization);
  const acceptor = { kind: 'new', name, password: PASSWORD } as const;
  await acceptInvitation(gateway.deps, { token, acceptor, cause: testCause });
  const browser = createBrowser();
  const page = await browser.follow(`${gateway.baseUrl}/sign-in`);
  await browser.submitForm(page, { form: 'password', values: { email, password: PASSWORD } });
  return { email, browser };
}

/** Posts a form as the given origin says; nothing said when the headers are empty. */
export const postForm = (
  { baseUrl }: TestGateway,
  browser: Browser,
  post: {
    readonly path: string;
    readonly fields?: Readonly<Record<string, string>>;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<Page> =>
  browser.request(`${baseUrl}${post.path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(post.headers ?? { origin: baseUrl, 'sec-fetch-site': 'same-origin' }),
    },
    body: new URLSearchParams(post.fields).toString(),
  });

/** Headers of requests that some other page made a browser send; none of them may act (S186). */
export const FOREIGN: readonly (readonly [title: string, headers: Readonly<Record<string, string>>])[] = [
  ['another origin', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['another origin and nothing else', { origin: 'https://evil.example' }],
  ['a sibling host', { origin: 'https://other.127.0.0.1', 'sec-fetch-site': 'same-site' }],
  ['a frame without an origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['an origin nobody tells', { origin: 'null' }],
  ['only a site', { 'sec-fetch-site': 'cross-site' }],
];

/** What a browser says of a form on one of our pages: with no-referrer the origin is `null` (Fetch §3.2). */
export const OWN: readonly (readonly [
  title: string,
  headers: (baseUrl: string) => Record<string, string>,
])[] = [
  ['origin', (baseUrl) => ({ origin: baseUrl, 'sec-fetch-site': 'same-origin' })],
  ['origin alone', (baseUrl) => ({ origin: baseUrl })],
  ['null origin of the same site', () => ({ origin: 'null', 'sec-fetch-site': 'same-origin' })],
];

/** The page without what differs from request to request. */
export const withoutReference = ({ text }: Pick<Page, 'text'>): string =>
  text.replace(/<code>[^<]*<\/code>/, '');
