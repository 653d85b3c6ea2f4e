/** The OIDC side of the passport seam: starts a sign-in, and turns its callback into facts or one refusal. */
import { createHash } from 'node:crypto';
import type { Request } from 'express';
import * as oidc from 'openid-client';
import passport from 'passport';
import type { Fetcher } from '../../core/ports/fetcher.ts';
import type { Clock } from '../../kernel/clock.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import { readAuthorizationResponse } from '../../protocols/oidc/authorization-response.ts';
import { isSent } from '../../protocols/oidc/claim-values.ts';
import { type OidcFacts, readIdTokenClaims } from '../../protocols/oidc/id-token-facts.ts';
import { type OidcRejection, refuse } from '../../protocols/oidc/rejections.ts';
import { configurationFor, countKeys, createIdpMetadataCache, type IdpMetadata } from './idp-metadata.ts';
import { createOidcLogout, type OidcLogout } from './logout.ts';
import { refuseFor } from './refusals.ts';
import type { OidcTrust } from './trust.ts';
import { verifyToken } from './verified-token.ts';

/** What the stored sign-in record holds for OIDC; each value is random and used once. */
export interface OidcPending {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Seconds, as sent in the request; the answer is held to it. */
  readonly maxAge?: number | undefined;
}

export interface OidcStart extends OidcPending {
  readonly connection: OidcTrust;
  readonly loginHint?: string | undefined;
  readonly prompt?: 'login' | 'select_account' | 'none' | undefined;
  /** Epoch milliseconds of an outage that is known and not over: what was learned before says nothing of now. */
  readonly downSince?: number | undefined;
}

/** Verified facts, and the token they were read from. */
export interface VerifiedOidc extends OidcFacts {
  readonly idToken: string;
}

export interface OidcCallback {
  readonly connection: OidcTrust;
  /** The callback's query as received; everything else of the request is ignored. */
  readonly query: URLSearchParams;
  /** Undefined when no sign-in of this browser fits: refused as `oidc.state`. */
  readonly pending: OidcPending | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Claims that count here: UserInfo is asked when the ID token lacks one. Absent: always. */
  readonly wants?: readonly string[] | undefined;
}

/** What a check of a connection found. */
export type OidcIssuerReport =
  | {
      readonly ok: true;
      readonly issuer: string;
      readonly authorizationEndpoint: string;
      readonly tokenEndpoint: string;
      readonly userInfoEndpoint: string | undefined;
      readonly signingKeys: number;
      readonly algorithms: readonly string[];
      readonly namesItselfInAnswers: boolean;
    }
  | { readonly ok: false; readonly reason: OidcRejection };

export interface OidcRelyingParty extends OidcLogout {
  /** Answers the authorization URL (code, PKCE S256, state, nonce). Throws `sign_in_refused`, also when the IdP is down. */
  readonly startOidc: (start: OidcStart) => Promise<string>;
  /** Answers verified facts. Throws `sign_in_refused` with the exact reason in `context.reason`; never anything else. */
  readonly verifyOidcCallback: (callback: OidcCallback) => Promise<VerifiedOidc>;
  /** Asks the IdP now, past the cache, and says what it found; does not throw for the IdP's faults. */
  readonly checkOidcIssuer: (connection: OidcTrust) => Promise<OidcIssuerReport>;
}

export interface OidcStrategyDeps {
  readonly fetcher: Fetcher;
  readonly clock: Clock;
}

/** Builds the seam over openid-client; every call it makes goes through `fetcher` (OIDC Core §3.1, RFC 9700, RFC 9207). */
export function createOidcStrategy(deps: OidcStrategyDeps): OidcRelyingParty {
  const cache = createIdpMetadataCache(deps);
  return {
    ...createOidcLogout({ ...deps, cache }),
    async startOidc(start) {
      const idp = await cache.load(start.connection, start.downSince).catch(refuseFor);
      return authorizationUrl(configurationFor(deps, start.connection, idp), start);
    },
    verifyOidcCallback(callback) {
      return authenticate(() => redeem(callback)).catch((error: unknown) => {
        if (isOutage(error)) cache.doubt(callback.connection);
        throw error;
      });
    },
    async checkOidcIssuer(connection) {
      try {
        const idp = await cache.reload(connection).catch(refuseFor);
        return describeIssuer(idp.server, await countKeys(deps, idp).catch(refuseFor));
      } catch (error) {
        return { ok: false, reason: reasonWithin(error) };
      }
    },
  };

  /** A provider that cannot be asked for its description may still answer for a sign-in under way. */
  function recallDuringOutage(connection: OidcTrust, error: unknown): IdpMetadata {
    const known = isOutage(error) ? cache.recall(connection) : undefined;
    return known ?? refuseFor(error);
  }

  async function redeem({ connection, query, pending, now, wants }: OidcCallback): Promise<VerifiedOidc> {
    // Nothing is asked of anybody for a callback that belongs to no sign-in.
    if (pending === undefined) refuse('oidc.state');
    const idp = await cache.load(connection).catch((error) => recallDuringOutage(connection, error));
    const code = readAuthorizationResponse(query, {
      state: pending.state,
      issuer: idp.server.issuer,
      isIssuerRequired: idp.server.authorization_response_iss_parameter_supported === true,
    });
    const configuration = configurationFor(deps, connection, idp);
    const issuer = query.get('iss');
    const url = callbackUrl(connection, {
      code,
      state: pending.state,
      ...(issuer === null ? {} : { iss: issuer }),
    });
    const { claims, userInfo, idToken } = await exchange(configuration, { url, pending, idp, wants, deps });
    const settings = { ...connection, nonce: pending.nonce, maxAgeSeconds: pending.maxAge };
    return { ...readIdTokenClaims(claims, userInfo, { settings, now }), idToken };
  }
}

/** One attempt, as the strategy sees its request. */
interface Attempt {
  readonly redeem: () => Promise<VerifiedOidc>;
  /** What the strategy was told. */
  facts: VerifiedOidc | undefined;
  /** What passport says came of it. */
  user?: unknown;
}

const strategy: passport.Strategy = {
  name: 'oidc',
  authenticate(attempt: Request & Attempt) {
    attempt.redeem().then(
      (facts) => {
        attempt.facts = facts;
        this.success(facts);
      },
      (error: unknown) => this.error(error),
    );
  },
};

/** Made once: what passport makes of a strategy that is new each time carries whole exchanges into the old generation. */
const runStrategy: (attempt: Attempt, response: object, next: (error?: unknown) => void) => void =
  new passport.Authenticator()
    .use(strategy)
    .authenticate('oidc', { session: false, assignProperty: 'user', authInfo: false, failWithError: true });

/** Runs one attempt as a passport strategy; passport's success, fail and error become the promise. */
function authenticate(redeem: () => Promise<VerifiedOidc>): Promise<VerifiedOidc> {
  const { promise, resolve, reject } = Promise.withResolvers<VerifiedOidc>();
  const attempt: Attempt = { redeem, facts: undefined };
  runStrategy(attempt, {}, (error) => {
    const { facts, user } = attempt;
    if (error === undefined && facts !== undefined && user === facts) resolve(facts);
    else reject(error);
  });
  return promise.catch(refuseFor);
}

interface Exchange {
  readonly url: URL;
  readonly pending: OidcPending;
  readonly idp: IdpMetadata;
  readonly wants: readonly string[] | undefined;
  readonly deps: OidcStrategyDeps;
}

/** Redeems the code (OIDC Core §3.1.3), verifies the signature of the ID token, and asks UserInfo for the same subject (S77). */
async function exchange(configuration: oidc.Configuration, { url, pending, idp, wants, deps }: Exchange) {
  const answer = await oidc.authorizationCodeGrant(configuration, url, {
    pkceCodeVerifier: pending.codeVerifier,
    expectedState: pending.state,
    expectedNonce: pending.nonce,
    idTokenExpected: true,
    ...(pending.maxAge === undefined ? {} : { maxAge: pending.maxAge }),
  });
  const claims = answer.claims();
  const { id_token: idToken } = answer;
  if (claims === undefined || idToken === undefined) refuse('oidc.id_token');
  const algorithms = idp.server.id_token_signing_alg_values_supported ?? [];
  await verifyToken(deps, idp, { kind: 'id_token', token: idToken, algorithms });
  const isAllThere = wants?.every((name) => isSent(claims, name)) === true;
  if (idp.server.userinfo_endpoint === undefined || isAllThere)
    return { claims, userInfo: undefined, idToken };
  return { claims, userInfo: await askUserInfo(configuration, answer.access_token), idToken };
}

/** The subject is compared by the reader of the claims, so that the refusal says what was wrong. */
async function askUserInfo(configuration: oidc.Configuration, accessToken: string): Promise<unknown> {
  try {
    return await oidc.fetchUserInfo(configuration, accessToken, oidc.skipSubjectCheck);
  } catch (error) {
    const reason = reasonBehind(error);
    const isOutside = reason === 'oidc.unreachable' || reason === 'oidc.egress';
    refuse(isOutside ? reason : 'oidc.userinfo', {}, error);
  }
}

function authorizationUrl(configuration: oidc.Configuration, start: OidcStart): string {
  const { connection, loginHint, prompt, maxAge } = start;
  const url = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: connection.redirectUri,
    scope: [
      'openid',
      ...(connection.scopes ?? ['email', 'profile']).filter((scope) => scope !== 'openid'),
    ].join(' '),
    state: start.state,
    nonce: start.nonce,
    code_challenge: createHash('sha256').update(start.codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(loginHint === undefined ? {} : { login_hint: loginHint }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
  });
  return url.href;
}

/** The registered callback with only the parameters that were judged (S86). */
function callbackUrl(connection: OidcTrust, parameters: Readonly<Record<string, string>>): URL {
  const url = new URL(connection.redirectUri);
  url.search = new URLSearchParams(parameters).toString();
  return url;
}

function describeIssuer(server: oidc.ServerMetadata, signingKeys: number): OidcIssuerReport {
  return {
    ok: true,
    issuer: server.issuer,
    authorizationEndpoint: server.authorization_endpoint ?? '',
    tokenEndpoint: server.token_endpoint ?? '',
    userInfoEndpoint: server.userinfo_endpoint,
    signingKeys,
    algorithms: server.id_token_signing_alg_values_supported ?? [],
    namesItselfInAnswers: server.authorization_response_iss_parameter_supported === true,
  };
}

const isOutage = (error: unknown): boolean => reasonBehind(error) === 'oidc.unreachable';

/** The reason that an error of the library or the fetcher would be refused for. */
function reasonBehind(error: unknown): OidcRejection {
  try {
    return refuseFor(error);
  } catch (refusal) {
    return reasonWithin(refusal);
  }
}

/** The reason inside a refusal made in this folder; a bug elsewhere is not dressed up as one. */
function reasonWithin(error: unknown): OidcRejection {
  if (!isGatehouseError(error, 'sign_in_refused')) throw error;
  return isOidcRejection(error.context.reason) ? error.context.reason : 'oidc.id_token';
}

function isOidcRejection(value: unknown): value is OidcRejection {
  return typeof value === 'string' && value.startsWith('oidc.');
}
