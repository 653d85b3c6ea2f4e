/** A stage for sign-ins: connections, pushed people and the steps of a browser, one line each in a test. */
import { inflateRawSync } from 'node:zlib';
import {
  type ConnectionInput,
  connectionUrls,
  createConnection,
} from '../../src/core/connections/connections.ts';
import { SAML_DEFAULTS } from '../../src/core/connections/saml-settings.ts';
import { changeDirectoryUser, provisionUser } from '../../src/core/directory/directory-users.ts';
import type { DirectoryUserInput } from '../../src/core/directory/pushed-user.ts';
import type { Connection, OidcSettings, SamlSettings } from '../../src/core/entities/connection.ts';
import type { DirectoryUser } from '../../src/core/entities/directory.ts';
import type { Organization } from '../../src/core/entities/organization.ts';
import { SESSION_COOKIE } from '../../src/http/cookies.ts';
import type { Browser, Page } from './browser.ts';
import { type TestDirectory, type TestGateway, testCause } from './gateway.ts';
import type { OidcIdp } from './idp/oidc.ts';
import type { SamlContext } from './saml-builder.ts';
import { idpKey } from './saml-keys.ts';

type Choice = Partial<Omit<ConnectionInput, 'settings'>>;

const QUIET = {
  name: 'Company sign-in',
  status: 'active',
  preset: null,
  jit: false,
  idpInitiated: false,
  attributes: {},
  userNameClaim: null,
} as const;

/** What a SAML connection pins; a live test identity provider is one. */
export interface SamlParty {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly certificatePem: string;
}

/** The identity provider that tests play themselves, with the builder and its fixed key. */
export const scriptedIdp = (entityId = 'https://idp.example/entity'): SamlParty => ({
  entityId,
  ssoUrl: 'https://idp.example/sso',
  certificatePem: idpKey().cert,
});

export const addSamlConnection = (
  { deps }: TestGateway,
  organization: Pick<Organization, 'id'>,
  {
    idp = scriptedIdp(),
    settings = {},
    ...choice
  }: Choice & { readonly idp?: SamlParty; readonly settings?: Partial<SamlSettings> } = {},
): Promise<Connection> =>
  createConnection(deps, {
    organizationId: organization.id,
    cause: testCause,
    connection: {
      ...QUIET,
      ...choice,
      settings: {
        ...SAML_DEFAULTS,
        idpEntityId: idp.entityId,
        ssoUrl: idp.ssoUrl,
        certificates: [idp.certificatePem],
        ...settings,
      },
    },
  });

/** Adds the connection and registers it at the live provider. */
export async function addOidcConnection(
  { deps, baseUrl }: TestGateway,
  organization: Pick<Organization, 'id'>,
  {
    idp,
    settings,
    ...choice
  }: Choice & {
    readonly idp: Pick<OidcIdp, 'issuer'> & Partial<Pick<OidcIdp, 'addClient'>>;
    readonly settings?: Partial<Omit<OidcSettings, 'protocol'>>;
  },
): Promise<Connection> {
  const clientId = `gatehouse-${crypto.randomUUID()}`;
  const clientSecret = 'not-a-secret-but-long-enough-for-tests';
  const connection = await createConnection(deps, {
    organizationId: organization.id,
    cause: testCause,
    connection: {
      ...QUIET,
      ...choice,
      settings: {
        protocol: 'oidc',
        issuer: idp.issuer,
        clientId,
        clientSecret,
        tokenEndpointAuthMethod: 'client_secret_basic',
        scopes: ['openid', 'email', 'profile'],
        idTokenAlgs: ['RS256', 'ES256', 'PS256'],
        tenantId: null,
        ...settings,
      },
    },
  });
  const { redirectUri, postLogoutRedirectUri, backchannelLogoutUri } = connectionUrls(baseUrl, connection.id);
  idp.addClient?.({
    ...{ clientId, clientSecret, redirectUris: [redirectUri] },
    ...{ postLogoutRedirectUris: [postLogoutRedirectUri], backchannelLogoutUri },
  });
  return connection;
}

const inputOf = (
  person: Partial<DirectoryUserInput> & { readonly userName: string },
): DirectoryUserInput => ({
  externalId: null,
  isActive: true,
  displayName: null,
  emails: [person.userName],
  primaryEmail: person.userName,
  personName: person.userName,
  attributes: {},
  ...person,
});

/** Pushes one person, as the directory would. */
export const pushPerson = (
  { deps }: TestGateway,
  { directory, organizationId }: TestDirectory,
  person: Partial<DirectoryUserInput> & { readonly userName: string },
): Promise<DirectoryUser> =>
  provisionUser(deps, {
    organizationId,
    directoryId: directory.id,
    directory,
    cause: testCause,
    user: inputOf(person),
  });

/** Pushes a change of one person; what is not named stays. */
export const pushChange = (
  { deps }: TestGateway,
  { organizationId, directoryId, id }: DirectoryUser,
  change: Partial<DirectoryUserInput>,
): Promise<DirectoryUser> =>
  changeDirectoryUser(deps, {
    organizationId,
    directoryId,
    id,
    cause: testCause,
    change: ({ userName, externalId, isActive }) => inputOf({ userName, externalId, isActive, ...change }),
  });

/** The status of `GET /api/v1/session` with this browser's cookies: 200 signed in, 401 not. */
export async function sessionStatus({ baseUrl }: TestGateway, browser: Browser): Promise<number> {
  return (await browser.request(`${baseUrl}/api/v1/session`)).status;
}

/** The cookie a response sets for the session, whole; undefined when it sets none. */
export const setSession = (page: Page): string | undefined =>
  page.headers.getSetCookie().find((cookie) => cookie.startsWith(`${SESSION_COOKIE}=ghs_`));

/** Exact reasons of refused sign-ins in an organization, in no order. */
export async function refusalReasons(
  { storage }: TestGateway,
  organization: Pick<Organization, 'id'>,
  ofPage?: Page,
): Promise<readonly unknown[]> {
  const rows = await storage.auditEvents.list(organization.id, {}, { limit: 2000 });
  const requestId = ofPage?.headers.get('x-request-id');
  return rows
    .filter(({ type }) => type === 'saml.rejected' || type === 'oidc.rejected')
    .filter((row) => requestId === undefined || row.requestId === requestId)
    .map(({ details }) => details.reason ?? details.code);
}

export interface StartedSignIn {
  readonly requestId: string;
  readonly relayState: string;
  readonly location: string;
  /** The AuthnRequest as the identity provider reads it. */
  readonly request: string;
}

/** Opens the start and answers what went to the identity provider. */
export async function startSaml(
  { baseUrl }: TestGateway,
  browser: Browser,
  path: string,
): Promise<StartedSignIn> {
  const page = await browser.request(`${baseUrl}${path}`);
  const location = page.headers.get('location') ?? '';
  if (page.status !== 303) throw new Error(`${path} answered ${page.status}: ${page.text}`);
  const { searchParams } = new URL(location);
  const request = inflateRawSync(Buffer.from(searchParams.get('SAMLRequest') ?? '', 'base64')).toString();
  const requestId = / ID="([^"]+)"/.exec(request)?.[1] ?? '';
  return { requestId, relayState: searchParams.get('RelayState') ?? '', location, request };
}

let responses = 0;

/** The builder's context for one connection of this gateway; every call is another response. */
export function contextFor(
  { baseUrl, clock }: TestGateway,
  connection: Pick<Connection, 'id' | 'settings'>,
  about: { readonly requestId: string | undefined; readonly nameId: string },
): SamlContext {
  responses += 1;
  const { settings } = connection;
  return {
    acsUrl: `${baseUrl}/saml/${connection.id}/acs`,
    spEntityId: `${baseUrl}/saml/${connection.id}/metadata`,
    idpEntityId: settings.protocol === 'saml' ? settings.idpEntityId : '',
    now: clock.now(),
    suffix: String(responses),
    ...idpKey(),
    ...about,
  };
}

/** Posts fields to an ACS as a browser does that comes from the identity provider. */
export function postToAcs(
  { baseUrl }: TestGateway,
  browser: Browser,
  message: {
    readonly connection: Pick<Connection, 'id'>;
    readonly fields: Readonly<Record<string, string>> | string;
  },
): Promise<Page> {
  return browser.request(`${baseUrl}/saml/${message.connection.id}/acs`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: 'https://idp.example',
      'sec-fetch-site': 'cross-site',
    },
    body: new URLSearchParams(message.fields).toString(),
  });
}

/** Lets a sign-in that a refused answer has ended be answered once more, as often as asked; a corpus needs no start for each message. */
export async function reopening(
  { storage, deps }: TestGateway,
  { organizationId, id }: Pick<Connection, 'organizationId' | 'id'>,
  handle: string,
): Promise<() => Promise<void>> {
  const hash = deps.hashToken(handle);
  const row = await storage.pendingSignIns.find(organizationId, id, hash);
  if (row === undefined) throw new Error('No sign-in is under way.');
  return async () => {
    if ((await storage.pendingSignIns.find(organizationId, id, hash)) !== undefined) return;
    await storage.transact((tx) => tx.pendingSignIns.insert(organizationId, row));
  };
}
