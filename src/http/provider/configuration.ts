/** Everything the OpenID Provider may do, and all that it may not (RFC 9700): one place, nothing left to defaults that matter. */
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { errors } from 'oidc-provider';
import { OFFLINE, OFFLINE_MS, openApplicationGrant } from '../../core/applications/application-grants.ts';
import type { SigningKey } from '../../core/entities/application.ts';
import { days } from '../../kernel/clock.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import { parseId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { accountOf, findAccountWith, findLiveGrant } from './accounts.ts';
import { CLAIMS } from './claims.ts';
import { assertForUsAlone } from './client-assertions.ts';
import { renderProviderError } from './error-page.ts';
import { INTERACTION_SECONDS, interactionPath } from './interaction-paths.ts';
import { parameter, promptsWith } from './prompts.ts';
import { createRecords } from './records.ts';
import { currentRequest } from './request-facts.ts';

/** Below the issuer. */
export const ROUTES = {
  authorization: '/authorize',
  token: '/token',
  userinfo: '/userinfo',
  jwks: '/jwks',
  introspection: '/introspection',
  revocation: '/revocation',
  end_session: '/session/end',
} as const;

export const INTERACTION_COOKIE = '__Secure-gatehouse-interaction';

const ALGORITHMS = ['ES256', 'RS256'] as const;
const REFRESH_SECONDS = days(14) / 1000;

/** The settings for these keys, current ones first. */
export function configurationFor(deps: HttpDeps, keys: readonly SigningKey[]): Configuration {
  return {
    ...settings(deps),
    ...lifetimes(),
    ...people(deps),
    adapter: (kind: string) => createRecords(deps, kind),
    jwks: { keys: keys.filter(({ purpose }) => purpose === 'sign').map(jwkOf) },
    cookies: {
      keys: keys.filter(({ purpose }) => purpose === 'cookie').map(({ secret }) => secret),
      names: {
        interaction: INTERACTION_COOKIE,
        resume: '__Secure-gatehouse-resume',
      },
      short: { signed: true, httpOnly: true, secure: true, sameSite: 'lax' },
      long: { signed: true, httpOnly: true, secure: true, sameSite: 'lax' },
    },
  };
}

const jwkOf = ({ id, algorithm, secret }: SigningKey) => ({
  ...JSON.parse(secret),
  kid: id,
  alg: algorithm,
  use: 'sig',
});

/** S97: code with PKCE S256 and exact addresses for everybody; everything else is off. */
function settings(deps: HttpDeps): Configuration {
  return {
    routes: ROUTES,
    scopes: ['openid', OFFLINE],
    claims: { openid: [...CLAIMS.openid], email: [...CLAIMS.email], profile: [...CLAIMS.profile] },
    responseTypes: ['code'],
    subjectTypes: ['public'],
    pkce: { required: () => true },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    enabledJWA: {
      idTokenSigningAlgValues: [...ALGORITHMS],
      clientAuthSigningAlgValues: ['ES256', 'RS256', 'PS256', 'EdDSA'],
    },
    allowOmittingSingleRegisteredRedirectUri: false,
    acceptQueryParamAccessTokens: false,
    // The claims that design promises come in the ID token too, not in UserInfo alone.
    conformIdTokenClaims: false,
    assertJwtClientAuthClaimsAndHeader: async (_ctx, claims) =>
      assertForUsAlone(deps, [ROUTES.token, ROUTES.introspection, ROUTES.revocation], claims),
    clientBasedCORS: (_ctx, origin, client) => isOriginOf(origin, client),
    renderError: renderProviderError,
    fetch: (url, init) =>
      deps.fetcher.fetch(String(url), { method: init?.method, signal: init?.signal ?? undefined }),
    features: featuresWith(deps),
    discovery: {
      end_session_endpoint: `${deps.baseUrl}/oidc${ROUTES.end_session}`,
      prompt_values_supported: ['none', 'login', 'select_account', 'consent'],
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    },
    extraParams: { organization: settleScopes, connection: null },
  };
}

/** Programs in a browser show no secret; their own pages may ask, nobody else's. */
const isOriginOf = (
  origin: string,
  {
    clientAuthMethod,
    redirectUris = [],
  }: { clientAuthMethod?: string | undefined; redirectUris?: readonly string[] | undefined },
): boolean => clientAuthMethod === 'none' && redirectUris.some((uri) => new URL(uri).origin === origin);

const off = { enabled: false };

function featuresWith(deps: HttpDeps): Configuration['features'] {
  return {
    clientCredentials: { enabled: true },
    userinfo: { enabled: true },
    introspection: {
      enabled: true,
      // S94, S103: one's own tokens, of people who are in; a public application could be anybody.
      allowedPolicy: async (_ctx, client, token) => {
        if (client.clientAuthMethod === 'none' || token.clientId !== client.clientId) return false;
        if (!('grantId' in token)) return true;
        const grant = await findLiveGrant(deps, token.grantId);
        return grant !== undefined && (await accountOf(deps, grant)) !== undefined;
      },
    },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    devInteractions: off,
    registration: off,
    registrationManagement: off,
    // Signing out is the gateway's own (end-session.ts, core/sign-in/logout-notices.ts).
    rpInitiatedLogout: off,
    backchannelLogout: off,
    claimsParameter: off,
    deviceFlow: off,
    dPoP: off,
    encryption: off,
    jwtIntrospection: off,
    jwtResponseModes: off,
    jwtUserinfo: off,
    mTLS: off,
    pushedAuthorizationRequests: off,
    requestObjects: off,
    resourceIndicators: off,
  };
}

/** S92, S94: short lives; refreshing ends with the grant at the latest. Seconds. */
const lifetimes = (): Configuration => ({
  ttl: {
    AccessToken: 300,
    AuthorizationCode: 60,
    ClientCredentials: 900,
    IdToken: 300,
    Interaction: INTERACTION_SECONDS,
    RefreshToken: (_ctx, token) =>
      Math.max(1, Math.min(REFRESH_SECONDS, OFFLINE_MS / 1000 - token.totalLifetime())),
    Grant: OFFLINE_MS / 1000,
    Session: 86_400,
  },
  rotateRefreshToken: () => true,
  issueRefreshToken: async (_ctx, client, source) =>
    client.grantTypeAllowed('refresh_token') && source.scopes.has(OFFLINE),
  // What hangs on a session alone goes with its grant, in the transaction that ends the session.
  expiresWithSession: async () => false,
});

function people(deps: HttpDeps): Configuration {
  return {
    findAccount: findAccountWith(deps),
    loadExistingGrant: (ctx) => grantFor(deps, ctx),
    interactions: {
      policy: promptsWith(deps),
      url: (_ctx, interaction) => interactionPath(interaction.uid),
    },
  };
}

/** The operator has registered the application: what it asks for in this session is given, in one row of the store. */
async function grantFor(deps: HttpDeps, ctx: KoaContextWithOIDC) {
  const { oidc } = ctx;
  const { signedIn, cause } = currentRequest();
  const session = (await signedIn())?.session;
  const id = parseId('app', oidc.client?.clientId ?? '');
  const application = id && (await deps.storage.applications.find(id));
  if (session === undefined || application === undefined) return undefined;
  const scopes = [...oidc.requestParamOIDCScopes];
  try {
    const grant = await openApplicationGrant(deps, { session, application, scopes, cause });
    oidc.session?.authorizationFor(application.id);
    oidc.session?.sidFor(application.id, grant.sessionId);
    return await oidc.provider.Grant.find(grant.id);
  } catch (error) {
    if (isGatehouseError(error, 'unauthenticated')) throw new errors.LoginRequired('the session has ended');
    // After the prompts, which may bring another person: nothing given is access_denied (S95).
    if (isGatehouseError(error, 'forbidden')) return undefined;
    throw error;
  }
}

/**
 * Runs for every authorization request, before prompts are looked at: `offline_access` needs no consent screen, and there is
 * none to ask for (OIDC Core §11 leaves that to the provider).
 */
function settleScopes(ctx: KoaContextWithOIDC): void {
  const { params, client, prompts } = ctx.oidc;
  if (params === undefined || client === undefined) return;
  const asked = String(ctx.query.scope ?? '').split(' ');
  const given = (parameter(ctx, 'scope') ?? '').split(' ');
  if (asked.includes(OFFLINE) && !given.includes(OFFLINE) && client.grantTypeAllowed('refresh_token'))
    params.scope = [...given, OFFLINE].join(' ').trim();
  const rest = [...prompts].filter((prompt) => prompt !== 'consent');
  params.prompt = rest.length === 0 ? undefined : rest.join(' ');
}
