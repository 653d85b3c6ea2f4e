/** A stage for single logout: a company whose identity provider the test plays, people signed in, and messages as they travel. */
import type { Connection, SamlSettings } from '../../src/core/entities/connection.ts';
import { type Browser, createBrowser, type Page } from './browser.ts';
import { nextText } from './builders.ts';
import type { TestGateway } from './gateway.ts';
import { encode, oktaLike, sign } from './saml-builder.ts';
import { idpKey } from './saml-keys.ts';
import {
  type LogoutContext,
  logoutRequest,
  postedLogout,
  queryOf,
  redirectPieces,
} from './saml-logout-builder.ts';
import { addSamlConnection, contextFor, postToAcs, pushPerson } from './sign-in-stage.ts';

export const SLO_URL = 'https://idp.example/slo?tenant=1';

/** An organization whose people may come unasked, which saves each test the start of a sign-in. */
export async function aLogoutCompany(
  gateway: TestGateway,
  settings: Partial<Pick<SamlSettings, 'sloUrl' | 'sloBinding'>> = {},
) {
  const organization = await gateway.createOrganization({ slug: nextText('corp') });
  const directory = await gateway.createDirectory(organization);
  const connection = await addSamlConnection(gateway, organization, {
    idpInitiated: true,
    settings: { sloUrl: SLO_URL, ...settings },
  });
  for (const userName of ['ada@corp.example', 'eve@corp.example'])
    await pushPerson(gateway, directory, { userName });
  return { organization, directory, connection };
}

export interface SignedInBrowser {
  readonly browser: Browser;
  readonly sessionIndex: string;
}

/** In whose names this provider's subjects are ones. */
export const QUALIFIERS =
  'NameQualifier="https://idp.example/names" SPNameQualifier="https://gate.example/them"';
const qualified = (xml: string): string => xml.replace('<saml:NameID ', `<saml:NameID ${QUALIFIERS} `);

/** A browser of its own in which this person is signed in through the connection. */
export async function signedIn(
  gateway: TestGateway,
  connection: Connection,
  nameId = 'ada@corp.example',
): Promise<SignedInBrowser> {
  const browser = createBrowser();
  const context = contextFor(gateway, connection, { requestId: undefined, nameId });
  const page = await postToAcs(gateway, browser, {
    connection,
    fields: { SAMLResponse: encode(sign(qualified(oktaLike(context)), 'assertion', context)) },
  });
  if (page.status !== 303) throw new Error(`not signed in: ${page.status} ${page.text}`);
  return { browser, sessionIndex: `_session${context.suffix}` };
}

/** What the identity provider would write; every call is another message. */
export function logoutContext(
  { baseUrl, clock }: TestGateway,
  connection: Pick<Connection, 'id' | 'settings'>,
  about: Partial<LogoutContext> = {},
): LogoutContext {
  const { settings } = connection;
  return {
    logoutUrl: `${baseUrl}/saml/${connection.id}/logout`,
    idpEntityId: settings.protocol === 'saml' ? settings.idpEntityId : '',
    now: clock.now(),
    nameId: 'ada@corp.example',
    suffix: nextText('logout'),
    ...idpKey(),
    ...about,
  };
}

/** The genuine query of a LogoutRequest. */
export const requestQuery = (context: LogoutContext, relayState?: string): string =>
  queryOf(
    redirectPieces(logoutRequest(context), context.key, relayState === undefined ? {} : { relayState }),
  );

/** Opens the logout address with a raw query. */
export const redirectTo = (
  { baseUrl }: TestGateway,
  browser: Browser,
  { connection, query }: { readonly connection: Pick<Connection, 'id'>; readonly query: string },
): Promise<Page> => browser.request(`${baseUrl}/saml/${connection.id}/logout?${query}`);

/** Posts a form to the logout address, as a page of the identity provider does. */
export const postTo = (
  { baseUrl }: TestGateway,
  browser: Browser,
  {
    connection,
    fields,
  }: { readonly connection: Pick<Connection, 'id'>; readonly fields: Readonly<Record<string, string>> },
): Promise<Page> =>
  browser.request(`${baseUrl}/saml/${connection.id}/logout`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: 'https://idp.example',
      'sec-fetch-site': 'cross-site',
    },
    body: new URLSearchParams(fields).toString(),
  });

/** The genuine form of a LogoutRequest. */
export const requestForm = (
  context: LogoutContext,
  relayState?: string,
): Readonly<Record<string, string>> => ({
  SAMLRequest: postedLogout(logoutRequest(context), context),
  ...(relayState === undefined ? {} : { RelayState: relayState }),
});

/** The certificate in our metadata, PEM. */
export async function spCertificate(
  { baseUrl }: TestGateway,
  { id }: Pick<Connection, 'id'>,
): Promise<string> {
  const { text } = await createBrowser().request(`${baseUrl}/saml/${id}/metadata`);
  const base64 = /<ds:X509Certificate>([^<]+)</.exec(text)?.[1] ?? '';
  return `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** The address a page of ours moves on to by itself. */
export const movesOnTo = ({ text }: Page): string =>
  /<meta http-equiv="refresh" content="0; url=([^"]+)">/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
