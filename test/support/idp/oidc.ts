/** A real OpenID Provider for tests and the demo: oidc-provider on a local port, fresh keys, no consent page. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { interactionPolicy, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { createOidcRecords } from './oidc-records.ts';
import { loginPage } from './pages.ts';

export interface OidcIdpUser {
  readonly sub: string;
  readonly email: string;
  /** True if absent. */
  readonly emailVerified?: boolean;
  readonly name?: string;
  readonly groups?: readonly string[];
  /** More claims of the ID token and UserInfo; they win over the ones above. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface OidcIdpApplication {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  readonly tokenEndpointAuthMethod?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  /** Where the application's keys are read, with `private_key_jwt`. */
  readonly jwksUri?: string;
  /** Where browsers may be sent after signing out; nowhere if absent. */
  readonly postLogoutRedirectUris?: readonly string[];
  /** Where logout tokens are posted, with `sid` in the ID tokens; nowhere if absent. */
  readonly backchannelLogoutUri?: string;
}

export interface OidcIdpOptions {
  /** 0 if absent: any free port. */
  readonly port?: number;
  /** `127.0.0.1` if absent; also the host of the issuer. */
  readonly host?: string;
  readonly clients?: readonly OidcIdpApplication[];
  readonly users?: readonly OidcIdpUser[];
  /** False keeps everything but `sub` out of the ID token, as strict providers do. True if absent. */
  readonly claimsInIdToken?: boolean;
}

export interface OidcIdp {
  readonly issuer: string;
  addClient(application: OidcIdpApplication): void;
  addUser(user: OidcIdpUser): void;
  removeUser(email: string): void;
  /** What went wrong inside the provider, newest last; for a failing test's message. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

const CLAIMS = {
  openid: ['sub', 'groups', 'hasgroups', 'roles', 'oid', 'tid', 'hd', 'department'],
  email: ['email', 'email_verified'],
  profile: ['name', 'given_name', 'family_name', 'preferred_username'],
};

/**
 * Starts the provider. A request with `login_hint` equal to a known e-mail signs in at once; otherwise a page asks
 * who signs in. People and applications may be added while it runs.
 */
export async function startOidcIdp(options: OidcIdpOptions = {}): Promise<OidcIdp> {
  const users = new Map((options.users ?? []).map((user) => [user.email, user]));
  const records = createOidcRecords();
  const errors: string[] = [];
  const host = options.host ?? '127.0.0.1';
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  const server = createServer((request, response) => handle(request, response));
  const issuer = `http://${host}:${await listen(server, options.port ?? 0, host)}`;
  const provider = new Provider(issuer, await configuration({ options, users, records }));
  const note = (event: string) => (_context: unknown, error: unknown) => {
    errors.push(`${event}: ${String(error)}`);
  };
  provider.on('server_error', note('server_error'));
  provider.on('authorization.error', note('authorization.error'));
  provider.on('grant.error', note('grant.error'));
  provider.on('userinfo.error', note('userinfo.error'));
  provider.on('backchannel.error', note('backchannel.error'));
  const callback = provider.callback();
  handle = (request, response) => {
    const isInteraction = request.url?.startsWith('/interaction/') === true;
    const work = isInteraction
      ? interact({ provider, users, request, response })
      : callback(request, response);
    work.catch((error: unknown) => fail(response, errors, error));
  };
  const addClient = (application: OidcIdpApplication) => saveClient(records, application);
  for (const application of options.clients ?? []) addClient(application);
  return {
    issuer,
    errors,
    addClient,
    addUser: (user) => void users.set(user.email, user),
    removeUser: (email) => void users.delete(email),
    close: () => close(server),
  };
}

interface Setup {
  readonly options: OidcIdpOptions;
  readonly users: ReadonlyMap<string, OidcIdpUser>;
  readonly records: (model: string) => object;
}

async function configuration({ options, users, records }: Setup): Promise<Record<string, unknown>> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = {
    ...(await exportJWK(privateKey)),
    kid: randomBytes(6).toString('hex'),
    alg: 'RS256',
    use: 'sig',
  };
  const extraClaims = (options.users ?? []).flatMap((user) => Object.keys(user.claims ?? {}));
  return {
    adapter: records,
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    claims: { ...CLAIMS, openid: [...new Set([...CLAIMS.openid, ...extraClaims])] },
    conformIdTokenClaims: options.claimsInIdToken === false,
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: askToSignOut, postLogoutSuccessSource: saySignedOut },
    },
    pkce: { required: () => true },
    // The library's own refuses loopback, where the applications of tests are.
    fetch: (url: string, { dispatcher: _guard, ...init }: RequestInit & { dispatcher?: unknown }) =>
      fetch(url, init),
    interactions: {
      policy: signInPolicy(users),
      url: (_context: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}`,
    },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 300,
      Interaction: 600,
      Session: 3600,
    },
    findAccount: (_context: unknown, subject: string) => accountOf(users, subject),
    loadExistingGrant: grantEverything,
  };
}

function accountOf(users: ReadonlyMap<string, OidcIdpUser>, subject: string) {
  const user = [...users.values()].find(({ sub }) => sub === subject);
  if (user === undefined) return undefined;
  return {
    accountId: user.sub,
    claims: () => ({
      sub: user.sub,
      email: user.email,
      email_verified: user.emailVerified ?? true,
      name: user.name ?? user.email,
      preferred_username: user.email,
      groups: user.groups ?? [],
      ...user.claims,
    }),
  };
}

/** Somebody already signed in here, but the request names another person: ask (or follow the hint) again. */
function signInPolicy(users: ReadonlyMap<string, OidcIdpUser>): unknown {
  const policy = interactionPolicy.base();
  const isSomebodyElse = ({ oidc }: KoaContextWithOIDC): boolean => {
    const hinted = users.get(String(oidc.params?.login_hint ?? ''));
    return hinted !== undefined && hinted.sub !== oidc.session?.accountId;
  };
  policy
    .get('login')
    ?.checks.add(new interactionPolicy.Check('other_person', 'another person', isSomebodyElse));
  return policy;
}

/** The form is the library's; saying yes needs `logout=yes`. */
function askToSignOut(context: { body: unknown }, form: string): void {
  context.body = `<!doctype html><title>Sign out?</title>${form}`;
}

function saySignedOut(context: { body: unknown }): void {
  context.body = '<!doctype html><title>Signed out</title>';
}

/** The administrator of this pretended company has consented for everybody. */
async function grantEverything({ oidc }: KoaContextWithOIDC) {
  const clientId = oidc.client?.clientId ?? '';
  const grant = new oidc.provider.Grant({ clientId, accountId: oidc.session?.accountId });
  grant.addOIDCScope(String(oidc.params?.scope ?? 'openid'));
  await grant.save();
  return grant;
}

interface Interaction {
  readonly provider: Provider;
  readonly users: ReadonlyMap<string, OidcIdpUser>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function interact({ provider, users, request, response }: Interaction): Promise<void> {
  const { params, uid } = await provider.interactionDetails(request, response);
  const isAnswer = request.method === 'POST';
  const email = isAnswer ? await postedEmail(request) : String(params.login_hint ?? '');
  const user = users.get(email);
  if (user !== undefined) {
    const login = { accountId: user.sub, amr: ['pwd'] };
    return provider.interactionFinished(request, response, { login });
  }
  const page = loginPage({
    title: 'Test OpenID Provider',
    action: `/interaction/${uid}`,
    method: 'post',
    users: [...users.values()],
    ...(isAnswer ? { message: 'Nobody of that name works here.' } : {}),
  });
  response.writeHead(isAnswer ? 401 : 200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
}

async function postedEmail(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  return new URLSearchParams(body).get('email') ?? '';
}

function saveClient(records: Setup['records'], application: OidcIdpApplication): void {
  const adapter = records('Client');
  if (!('upsert' in adapter) || typeof adapter.upsert !== 'function')
    throw new Error('adapter without upsert');
  adapter.upsert(application.clientId, {
    client_id: application.clientId,
    ...(application.jwksUri === undefined ? { client_secret: application.clientSecret } : {}),
    redirect_uris: [...application.redirectUris],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: application.tokenEndpointAuthMethod ?? 'client_secret_basic',
    ...(application.jwksUri === undefined ? {} : { jwks_uri: application.jwksUri }),
    post_logout_redirect_uris: [...(application.postLogoutRedirectUris ?? [])],
    ...(application.backchannelLogoutUri === undefined
      ? {}
      : {
          backchannel_logout_uri: application.backchannelLogoutUri,
          backchannel_logout_session_required: true,
        }),
  });
}

function fail(response: ServerResponse, errors: string[], error: unknown): void {
  errors.push(String(error));
  if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' });
  response.end('The test identity provider could not answer.');
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('no port'));
      resolve(address.port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
