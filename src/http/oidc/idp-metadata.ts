/** Discovery documents and signing keys of identity providers, cached per connection. A cache only: losing it costs one call. */
import * as oidc from 'openid-client';
import type { Fetcher } from '../../core/ports/fetcher.ts';
import { type Clock, hours, minutes } from '../../kernel/clock.ts';
import { refuse } from '../../protocols/oidc/rejections.ts';
import { DEFAULT_ALGORITHMS, pinnedIssuer } from '../../protocols/oidc/settings.ts';
import { clientAuthentication } from './client-authentication.ts';
import { refuseForDescription } from './refusals.ts';
import { fetchKeys, noKeysYet, type SigningKeys } from './signing-keys.ts';
import type { OidcTrust } from './trust.ts';
import { keySource, verifyToken } from './verified-token.ts';

/** One identity provider as discovered, with the keys seen last. */
export interface IdpMetadata {
  readonly server: oidc.ServerMetadata;
  readonly keys: SigningKeys;
}

export interface IdpMetadataCache {
  /**
   * Answers the cached document, at most ten minutes old and asked for at `since` or later, epoch ms (absent: any); asks once
   * however many wait. Throws what discovery throws.
   */
  readonly load: (trust: OidcTrust, since?: number) => Promise<IdpMetadata>;
  /** Forgets what is cached: the provider did not answer somebody, so the next one asks it again. */
  readonly doubt: (trust: OidcTrust) => void;
  /** Asks now and replaces what is cached. */
  readonly reload: (trust: OidcTrust) => Promise<IdpMetadata>;
  /** What the provider said last, at most 24 hours ago; for a sign-in that meets it down half-way (R38). */
  readonly recall: (trust: OidcTrust) => IdpMetadata | undefined;
}

interface Deps {
  readonly fetcher: Fetcher;
  readonly clock: Clock;
}

/** The last good answer. */
interface Known {
  readonly fingerprint: string;
  readonly at: number;
  readonly metadata: IdpMetadata;
}

interface Entry {
  readonly fingerprint: string;
  readonly at: number;
  readonly metadata: Promise<IdpMetadata>;
}

const TIME_TO_LIVE = minutes(10);
const MOST_ENTRIES = 1000;
/** openid-client counts in seconds; the fetcher's own three seconds per answer come first. */
const CALL_TIMEOUT_SECONDS = 5;
const CLOCK_TOLERANCE_SECONDS = 60;
const OUTAGE_LIMIT = hours(24);

/** Builds the cache. Entries belong to one connection: what organization A's provider says never reaches B. */
export function createIdpMetadataCache(deps: Deps): IdpMetadataCache {
  const entries = new Map<string, Entry>();
  const known = new Map<string, Known>();
  const recall = (trust: OidcTrust): IdpMetadata | undefined => {
    const last = known.get(trust.connectionId);
    const isFit = last?.fingerprint === fingerprintOf(trust) && deps.clock() - last.at <= OUTAGE_LIMIT;
    return isFit ? last.metadata : undefined;
  };
  const reload = (trust: OidcTrust): Promise<IdpMetadata> => {
    const now = deps.clock();
    const fingerprint = fingerprintOf(trust);
    const metadata = discover(deps, trust, recall(trust));
    const entry = { fingerprint, at: now, metadata };
    entries.delete(trust.connectionId);
    entries.set(trust.connectionId, entry);
    dropOldest(entries);
    metadata.then(
      (found) => {
        known.delete(trust.connectionId);
        known.set(trust.connectionId, { fingerprint, at: now, metadata: found });
        dropOldest(known);
      },
      () => {
        if (entries.get(trust.connectionId) === entry) entries.delete(trust.connectionId);
      },
    );
    return metadata;
  };
  return {
    reload,
    recall,
    doubt: ({ connectionId }) => void entries.delete(connectionId),
    load(trust, since = 0) {
      const entry = entries.get(trust.connectionId);
      const isUsable =
        entry !== undefined &&
        entry.fingerprint === fingerprintOf(trust) &&
        entry.at + TIME_TO_LIVE > deps.clock() &&
        entry.at >= since;
      return isUsable ? entry.metadata : reload(trust);
    },
  };
}

/** What a configuration was made of; it serves as long as all of this is as it was. */
interface Ingredients {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly method: OidcTrust['tokenEndpointAuthMethod'];
  readonly allowInsecure: boolean;
  readonly clientKey: string | undefined;
}

const made = new WeakMap<IdpMetadata, { readonly from: Ingredients; readonly it: oidc.Configuration }>();

/**
 * The library's view of one identity provider: copying its document is done once, until the provider's document or the
 * connection's settings change. Signatures are verified by `verifyToken`, not by the library.
 */
export function configurationFor(deps: Deps, trust: OidcTrust, idp: IdpMetadata): oidc.Configuration {
  const { clientId, clientSecret, tokenEndpointAuthMethod: method, allowInsecure } = trust;
  const clientKey = trust.clientKey && `${trust.clientKey.kid} ${trust.clientKey.audience}`;
  const from: Ingredients = { clientId, clientSecret, method, allowInsecure, clientKey };
  const known = made.get(idp);
  if (known !== undefined && isSame(known.from, from)) return known.it;
  const it = makeConfiguration(deps, trust, idp);
  made.set(idp, { from, it });
  return it;
}

const isSame = (a: Ingredients, b: Ingredients): boolean =>
  a.clientId === b.clientId &&
  a.clientSecret === b.clientSecret &&
  a.method === b.method &&
  a.allowInsecure === b.allowInsecure &&
  a.clientKey === b.clientKey;

function makeConfiguration(deps: Deps, trust: OidcTrust, idp: IdpMetadata): oidc.Configuration {
  const configuration = new oidc.Configuration(
    idp.server,
    trust.clientId,
    // Counted by the ID token's reader as well; here so that the library's own 30 seconds do not refuse first.
    { [oidc.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
    clientAuthentication(trust),
  );
  configuration[oidc.customFetch] = async (url, options) => {
    const answer = await callThrough(deps.fetcher, url, options);
    // UserInfo may come as a token; it says nothing before its signature is verified.
    if (isToken(answer)) {
      const algorithms = idp.server.userinfo_signing_alg_values_supported ?? [];
      await verifyToken(deps, idp, { kind: 'userinfo', token: await answer.clone().text(), algorithms });
    }
    return answer;
  };
  // The fetcher keeps the time of each call.
  configuration.timeout = 0;
  if (trust.allowInsecure) oidc.allowInsecureRequests(configuration);
  return configuration;
}

/** As the library tells it, and a little wider. */
const isToken = ({ headers }: Response): boolean => /jwt/i.test(headers.get('content-type') ?? '');

/** Asks for the keys now and answers how many there are. Throws what fetching them throws. */
export async function countKeys(deps: Deps, { server }: IdpMetadata): Promise<number> {
  return (await fetchKeys(keySource(deps, { server, keys: noKeysYet() }))).length;
}

/** `before` is what was known until now: the same provider keeps the keys seen last. */
async function discover(
  { fetcher }: Deps,
  trust: OidcTrust,
  before: IdpMetadata | undefined,
): Promise<IdpMetadata> {
  const issuer = pinnedIssuer(trust);
  if (issuer === undefined) refuse('oidc.tenant');
  if (!URL.canParse(issuer)) refuse('oidc.discovery');
  const configuration = await oidc
    .discovery(new URL(issuer), trust.clientId, undefined, undefined, {
      [oidc.customFetch]: (url, options) => callThrough(fetcher, url, options),
      timeout: CALL_TIMEOUT_SECONDS,
      execute: trust.allowInsecure ? [oidc.allowInsecureRequests] : [],
    })
    .catch(refuseForDescription);
  const server = configuration.serverMetadata();
  // The library compares URLs; identities are keyed by the exact text (S70, S78).
  if (server.issuer !== issuer) refuse('oidc.discovery', { issuer: server.issuer });
  checkEndpoints(server, fetcher, issuer);
  const isSameAddress = before !== undefined && before.server.jwks_uri === server.jwks_uri;
  const keys = isSameAddress ? before.keys : noKeysYet();
  return { server: withPinnedAlgorithms(server, trust), keys };
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

function callThrough(fetcher: Fetcher, url: string, options: oidc.CustomFetchOptions): Promise<Response> {
  const { method, headers, body, signal } = options;
  if (body instanceof ArrayBuffer || body instanceof ReadableStream) throw new TypeError('unexpected body');
  return fetcher.fetch(url, { method, headers, body, signal });
}

function fingerprintOf(trust: OidcTrust): string {
  const { issuer, tenantId = '', idTokenAlgs = DEFAULT_ALGORITHMS, allowInsecure } = trust;
  return JSON.stringify([issuer, tenantId, idTokenAlgs, allowInsecure]);
}

function dropOldest(entries: Map<string, unknown>): void {
  const oldest = entries.keys().next().value;
  if (entries.size > MOST_ENTRIES && oldest !== undefined) entries.delete(oldest);
}
