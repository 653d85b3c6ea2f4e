/** People who came in by SAML and hold tokens of an application: what a deactivation has to end. */
import { randomBytes } from 'node:crypto';
import * as client from 'openid-client';
import { createBrowser } from '../../test/support/browser.ts';
import { postJson, text } from './peers/gatehouse.ts';
import { postResponse, type SamlCompany } from './saml-company.ts';

export interface Place {
  readonly origin: string;
  readonly operatorKey: string;
}

const REDIRECT_URI = 'http://127.0.0.1:1/callback';

/** Registers an application and discovers the provider, as its developer would. */
export async function registerApplication({ origin, operatorKey }: Place): Promise<client.Configuration> {
  const made = await postJson(`${origin}/api/v1/applications`, operatorKey, {
    name: `Product ${randomBytes(4).toString('hex')}`,
    redirectUris: [REDIRECT_URI],
  });
  return client.discovery(
    new URL(`${origin}/oidc`),
    text(made, 'clientId'),
    { id_token_signed_response_alg: 'ES256' },
    client.ClientSecretBasic(text(made, 'clientSecret')),
    { execute: [client.allowInsecureRequests] },
  );
}

/** One person's session and tokens. */
export interface SignedIn {
  readonly cookie: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

interface Way {
  readonly origin: string;
  readonly company: SamlCompany;
  readonly configuration: client.Configuration;
}

/** Signs a person in and takes them to the application. Throws when anything on the way is refused. */
export async function signInTo({ origin, company, configuration }: Way, userName: string): Promise<SignedIn> {
  const entered = await postResponse(origin, company, company.responder()(userName));
  const cookie = entered.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const codeVerifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: REDIRECT_URI,
    ...{ scope: 'openid email offline_access', state },
    ...{
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    },
  });
  const callback = await callbackOf(url.href, cookie);
  const tokens = await client.authorizationCodeGrant(configuration, callback, {
    pkceCodeVerifier: codeVerifier,
    expectedState: state,
  });
  if (tokens.refresh_token === undefined) throw new Error('The application got no refresh token.');
  return { cookie, accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
}

/** Follows redirects until the application's own address is next, which nobody listens at. */
async function callbackOf(start: string, cookie: string): Promise<URL> {
  const browser = createBrowser({ headers: {} });
  let next = start;
  for (let hop = 0; hop < 10; hop += 1) {
    const page = await browser.request(next, {
      headers: { cookie: cookiesFor(browser.cookies.headerFor(new URL(next)), cookie) },
    });
    const location = page.headers.get('location');
    if (location === null) throw new Error(`No way back to the application: ${page.status} at ${next}`);
    next = new URL(location, next).href;
    if (next.startsWith(REDIRECT_URI)) return new URL(next);
  }
  throw new Error('No way back to the application.');
}

const cookiesFor = (jar: string | undefined, own: string): string =>
  jar === undefined ? own : `${jar}; ${own}`;
