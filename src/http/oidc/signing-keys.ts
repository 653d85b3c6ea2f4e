/** The signing keys of one identity provider: asked for again when an unknown one is met, kept while the provider is down. */
import * as oidc from 'openid-client';
import { hours, seconds, systemClock } from '../../kernel/clock.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';

/** What is known of the keys. Times are epoch milliseconds. */
export interface SigningKeys {
  /** The ones seen last, as the library wants them. */
  cache?: oidc.ExportedJWKSCache;
  /** When an unknown key id, or age, last made us ask again. */
  askedAgainAt: number;
  /** When the provider itself last gave good keys; absent: never. */
  answeredAt?: number;
}

/** An unknown key id asks at once, and then this long not again (S80, S82). */
const REFETCH_PAUSE = seconds(60);
/** Longer than this no outage may last: a key the provider has taken back must not live on with us. */
const OUTAGE_LIMIT = hours(24);
const MOST_KEYS = 200;

export const noKeysYet = (): SigningKeys => ({ askedAgainAt: 0 });

/** The keys seen last, and whether an unknown key id may ask for others now. */
export interface PresentedKeys {
  readonly cache: oidc.ExportedJWKSCache | undefined;
  readonly mayAskAgain: boolean;
}

export const presentableKeys = ({ cache, askedAgainAt }: SigningKeys, now: number): PresentedKeys => ({
  cache,
  mayAskAgain: now - askedAgainAt >= REFETCH_PAUSE,
});

/**
 * Gives the library the keys seen last. It asks again for an unknown key id only when they look a minute old, and a
 * rotation must not wait that long: so their age is told as the pause allows.
 */
export function presentKeys(configuration: oidc.Configuration, { cache, mayAskAgain }: PresentedKeys): void {
  if (cache === undefined) return;
  oidc.setJwksCache(configuration, mayAskAgain ? { ...cache, uat: cache.uat - 60 } : cache);
}

/**
 * Asks the provider for its keys; while it is down, answers what it said last, at most 24 hours long (S80, R38). Throws
 * what `ask` throws, or `upstream_unreachable` for an answer that is no list of keys, when there is nothing to fall back on.
 */
export async function fetchKeys(
  keys: SigningKeys,
  now: number,
  ask: () => Promise<Response>,
): Promise<Response> {
  // The first fetch fills the cache; a later one means an unknown key id or stale keys.
  if (keys.cache !== undefined) keys.askedAgainAt = now;
  try {
    keys.cache = { jwks: await keySetIn(await ask()), uat: libraryTime() };
    keys.answeredAt = now;
  } catch (error) {
    const { cache, answeredAt = Number.NEGATIVE_INFINITY } = keys;
    const isForbidden = isGatehouseError(error, 'egress_refused');
    if (cache === undefined || isForbidden || now - answeredAt > OUTAGE_LIMIT) throw error;
    // As if just fetched: not every sign-in of an outage has to wait for it.
    keys.cache = { ...cache, uat: libraryTime() };
  }
  return Response.json(keys.cache.jwks);
}

async function keySetIn(response: Response): Promise<oidc.JWKS> {
  const found = response.status === 200 ? await response.json().catch(() => undefined) : undefined;
  if (isKeySet(found)) return found;
  throw new GatehouseError('upstream_unreachable', 'The identity provider gave no usable keys.', {
    context: { status: response.status },
  });
}

function isKeySet(found: unknown): found is oidc.JWKS {
  if (typeof found !== 'object' || found === null || !('keys' in found)) return false;
  const { keys } = found;
  if (!Array.isArray(keys) || keys.length > MOST_KEYS) return false;
  return keys.every((key) => typeof key === 'object' && key !== null);
}

/** The library counts in seconds of the machine's own clock. */
const libraryTime = (): number => Math.floor(systemClock() / 1000);
