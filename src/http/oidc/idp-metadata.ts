/** Discovery documents and signing keys of identity providers, cached per connection. A cache only: losing it costs one call. */
import * as oidc from 'openid-client';
import type { Fetcher } from '../../core/ports/fetcher.ts';
import { type Clock, minutes, seconds } from '../../kernel/clock.ts';
import { refuse } from '../../protocols/oidc/rejections.ts';
import { DEFAULT_ALGORITHMS, pinnedIssuer } from '../../protocols/oidc/settings.ts';
import { clientAuthentication } from './client-authentication.ts';
import type { OidcTrust } from './trust.ts';

/** One identity provider as discovered, with the keys seen last. */
export interface IdpMetadata {
  readonly server: oidc.ServerMetadata;
  readonly keys: SigningKeys;
}

/** The keys seen last and when an unknown key id last made us ask again (epoch milliseconds). */
interface SigningKeys {
  cache?: oidc.ExportedJWKSCache;
  askedAgainAt: number;
}

export interface IdpMetadataCache {
  /** Answers the cached document, at most ten minutes old; asks once however many wait. Throws what discovery throws. */
  readonly load: (trust: OidcTrust) => Promise<IdpMetadata>;
  /** Asks now and replaces what is cached. */
  readonly reload: (trust: OidcTrust) => Promise<IdpMetadata>;
}

interface Deps {
  readonly fetcher: Fetcher;
  readonly clock: Clock;
}

interface Entry {
  readonly fingerprint: string;
  readonly expiresAt: number;
  readonly metadata: Promise<IdpMetadata>;
}

const TIME_TO_LIVE = minutes(10);
const MOST_ENTRIES = 1000;
/** openid-client counts in seconds; the fetcher's own three seconds per answer come first. */
const CALL_TIMEOUT_SECONDS = 5;
const CLOCK_TOLERANCE_SECONDS = 60;
const KEY_REFETCH_PAUSE = seconds(60);

/** Builds the cache. Entries belong to one connection: what organization A's provider says never reaches B. */
export function createIdpMetadataCache(deps: Deps): IdpMetadataCache {
  const entries = new Map<string, Entry>();
  const reload = (trust: OidcTrust): Promise<IdpMetadata> => {
    const metadata = discover(deps, trust);
    const entry = { fingerprint: fingerprintOf(trust), expiresAt: deps.clock() + TIME_TO_LIVE, metadata };
    entries.delete(trust.connectionId);
    entries.set(trust.connectionId, entry);
    dropOldest(entries);
    metadata.catch(() => {
      if (entries.get(trust.connectionId) === entry) entries.delete(trust.connectionId);
    });
    return metadata;
  };
  return {
    reload,
    load(trust) {
      const entry = entries.get(trust.connectionId);
      const isUsable =
        entry !== undefined && entry.fingerprint === fingerprintOf(trust) && entry.expiresAt > deps.clock();
      return isUsable ? entry.metadata : reload(trust);
    },
  };
}

/**
 * A configuration for one sign-in. Built anew each time, so that the age of the keys can be told to the library: it
 * asks again for an unknown key id only when they look a minute old, and a rotation must not wait that long.
 */
export function configurationFor(deps: Deps, trust: OidcTrust, idp: IdpMetadata): oidc.Configuration {
  const configuration = new oidc.Configuration(
    idp.server,
    trust.clientId,
    // Counted by the ID token's reader as well; here so that the library's own 30 seconds do not refuse first.
    { [oidc.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
    clientAuthentication(trust),
  );
  configuration[oidc.customFetch] = async (url, options) => {
    // The first fetch fills the cache; a later one means an unknown key id or stale keys.
    if (url === idp.server.jwks_uri && idp.keys.cache !== undefined) idp.keys.askedAgainAt = deps.clock();
    return callThrough(deps.fetcher, url, options);
  };
  configuration.timeout = CALL_TIMEOUT_SECONDS;
  if (trust.allowInsecure) oidc.allowInsecureRequests(configuration);
  oidc.enableNonRepudiationChecks(configuration);
  if (idp.keys.cache !== undefined) oidc.setJwksCache(configuration, presentedKeys(idp.keys, deps.clock()));
  return configuration;
}

/** Keeps the keys the library fetched during a sign-in for the next one. */
export function rememberKeys(configuration: oidc.Configuration, idp: IdpMetadata): void {
  const cache = oidc.getJwksCache(configuration);
  if (cache === undefined) return;
  const isNew = idp.keys.cache === undefined || cache.uat > idp.keys.cache.uat;
  if (isNew) idp.keys.cache = structuredClone(cache);
}

async function discover({ fetcher }: Deps, trust: OidcTrust): Promise<IdpMetadata> {
  const issuer = pinnedIssuer(trust);
  if (issuer === undefined) refuse('oidc.tenant');
  if (!URL.canParse(issuer)) refuse('oidc.discovery');
  const configuration = await oidc.discovery(new URL(issuer), trust.clientId, undefined, undefined, {
    [oidc.customFetch]: (url, options) => callThrough(fetcher, url, options),
    timeout: CALL_TIMEOUT_SECONDS,
    execute: trust.allowInsecure ? [oidc.allowInsecureRequests] : [],
  });
  const server = configuration.serverMetadata();
  // The library compares URLs; identities are keyed by the exact text (S70, S78).
  if (server.issuer !== issuer) refuse('oidc.discovery', { issuer: server.issuer });
  checkEndpoints(server, fetcher, issuer);
  return { server: withPinnedAlgorithms(server, trust), keys: { askedAgainAt: 0 } };
}

/** Endpoints of an https issuer are https (S78); the ones we call ourselves also pass the egress rules (S79). */
function checkEndpoints(server: oidc.ServerMetadata, fetcher: Fetcher, issuer: string): void {
  const { authorization_endpoint: authorization, token_endpoint: token, jwks_uri: keys } = server;
  if (authorization === undefined || token === undefined || keys === undefined) refuse('oidc.discovery');
  if (!URL.canParse(authorization)) refuse('oidc.discovery');
  const { protocol } = new URL(authorization);
  if (protocol !== 'https:' && protocol !== new URL(issuer).protocol) refuse('oidc.discovery');
  for (const url of [token, keys, server.userinfo_endpoint]) if (url !== undefined) fetcher.checkUrl(url);
}

/** The library accepts whatever the document lists; only the connection's own list counts (S68). */
function withPinnedAlgorithms(server: oidc.ServerMetadata, trust: OidcTrust): oidc.ServerMetadata {
  const pinned = trust.idTokenAlgs ?? DEFAULT_ALGORITHMS;
  const isSafe = (algorithm: string) => pinned.includes(algorithm);
  const algorithms = (server.id_token_signing_alg_values_supported ?? ['RS256']).filter(isSafe);
  if (algorithms.length === 0) refuse('oidc.algorithm');
  return {
    ...server,
    id_token_signing_alg_values_supported: algorithms,
    userinfo_signing_alg_values_supported: (server.userinfo_signing_alg_values_supported ?? []).filter(
      isSafe,
    ),
  };
}

function presentedKeys(keys: SigningKeys, now: number): oidc.ExportedJWKSCache {
  const cache = keys.cache ?? { jwks: { keys: [] }, uat: 0 };
  const mayAskAgain = now - keys.askedAgainAt >= KEY_REFETCH_PAUSE;
  return mayAskAgain ? { ...cache, uat: cache.uat - 60 } : cache;
}

function callThrough(fetcher: Fetcher, url: string, options: oidc.CustomFetchOptions): Promise<Response> {
  const { method, headers, body, signal } = options;
  if (body instanceof ArrayBuffer || body instanceof ReadableStream) throw new TypeError('unexpected body');
  return fetcher.fetch(url, { method, headers, body, signal });
}

function fingerprintOf(trust: OidcTrust): string {
  const { issuer, tenantId = '', idTokenAlgs = DEFAULT_ALGORITHMS, allowInsecure } = trust;
  return JSON.stringify([issuer, tenantId, idTokenAlgs, allowInsecure]);
}

function dropOldest(entries: Map<string, Entry>): void {
  const oldest = entries.keys().next().value;
  if (entries.size > MOST_ENTRIES && oldest !== undefined) entries.delete(oldest);
}
