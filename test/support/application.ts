/** An application behind the gateway, as its developers would write it: openid-client, a callback address, a log-out address. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as client from 'openid-client';
import { type ApplicationInput, createApplication } from '../../src/core/applications/applications.ts';
import type { Application } from '../../src/core/entities/application.ts';
import { signLogoutTokenWith } from '../../src/http/provider/logout-tokens.ts';
import { deliverDueLogouts } from '../../src/jobs/deliver-logouts.ts';
import type { Browser, Page } from './browser.ts';
import { type TestGateway, testCause } from './gateway.ts';

export interface TestApplication {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
  /** Logout tokens it was sent, oldest first. */
  readonly logoutTokens: readonly string[];
  /** What it answers to log-out notices from now on; 200 at first. */
  answerLogoutsWith(status: number): void;
  /** openid-client, discovered. */
  readonly configuration: client.Configuration;
  /** The address that sends a person to the gateway. */
  begin(parameters?: Readonly<Record<string, string>>): Promise<Departure>;
  /** Redeems what came back to the callback address. */
  redeem(departure: Departure, callback: string): Promise<Tokens>;
  close(): Promise<void>;
}

export interface Departure {
  readonly url: string;
  readonly codeVerifier: string;
  readonly state: string;
  readonly nonce: string;
}

export type Tokens = client.TokenEndpointResponse & client.TokenEndpointResponseHelpers;

/** Registers an application that listens on a port of its own. */
export async function startApplication(
  gateway: TestGateway,
  input: Partial<ApplicationInput> = {},
): Promise<TestApplication> {
  const heard = { logoutTokens: [] as string[], status: 200 };
  const server = createServer((req, res) => void hear(req, res, heard));
  const origin = await listen(server);
  const { application, secret } = await createApplication(gateway.deps, {
    cause: testCause,
    application: {
      name: 'Product',
      redirectUris: [`${origin}/callback`],
      postLogoutRedirectUris: [`${origin}/bye`],
      backchannelLogoutUri: `${origin}/logout`,
      ...input,
    },
  });
  const configuration = await discover(gateway, application, secret);
  const redirectUri = application.redirectUris[0] ?? '';
  return {
    clientId: application.id,
    clientSecret: secret ?? '',
    redirectUri,
    postLogoutRedirectUri: `${origin}/bye`,
    logoutTokens: heard.logoutTokens,
    answerLogoutsWith: (status) => {
      heard.status = status;
    },
    configuration,
    begin: (parameters = {}) => begin(configuration, redirectUri, parameters),
    redeem: (departure, callback) => redeem(configuration, departure, callback),
    close: () => close(server),
  };
}

async function hear(
  req: IncomingMessage,
  res: ServerResponse,
  heard: { readonly logoutTokens: string[]; readonly status: number },
): Promise<void> {
  const token = new URLSearchParams(await bodyOf(req)).get('logout_token');
  if (req.url !== '/logout' || token === null) {
    res.end('application');
    return;
  }
  if (heard.status === 200) heard.logoutTokens.push(token);
  res.writeHead(heard.status).end();
}

const discover = (
  { baseUrl }: TestGateway,
  application: Application,
  secret: string | null,
): Promise<client.Configuration> =>
  client.discovery(
    new URL(`${baseUrl}/oidc`),
    application.id,
    { id_token_signed_response_alg: application.idTokenAlgorithm },
    secret === null ? client.None() : client.ClientSecretBasic(secret),
    { execute: [client.allowInsecureRequests] },
  );

const redeem = (
  configuration: client.Configuration,
  departure: Departure,
  callback: string,
): Promise<Tokens> =>
  client.authorizationCodeGrant(configuration, new URL(callback), {
    pkceCodeVerifier: departure.codeVerifier,
    expectedState: departure.state,
    expectedNonce: departure.nonce,
    idTokenExpected: true,
  });

async function begin(
  configuration: client.Configuration,
  redirectUri: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Departure> {
  const codeVerifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: 'openid email profile',
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    ...{ state, nonce, ...parameters },
  });
  return { url: url.href, codeVerifier, state, nonce };
}

/** The whole way for somebody who is signed in: from the application to its tokens. */
export async function enter(
  application: TestApplication,
  browser: Browser,
  parameters?: Readonly<Record<string, string>>,
): Promise<Tokens> {
  const departure = await application.begin(parameters);
  return application.redeem(departure, (await browser.follow(departure.url)).url);
}

/** What the gateway told the application: `error` or `code`, among others. */
export const answerTo = (page: Page): URLSearchParams => new URL(page.url).searchParams;

/** Delivers log-out notices as the job does; answers how many were tried. */
export const deliverLogouts = ({ deps }: TestGateway): Promise<number> =>
  deliverDueLogouts({ ...deps, signLogoutToken: signLogoutTokenWith(deps) });

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  return body;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
