/** The signing keys of one identity provider: asked for again when an unknown one is met, kept while the provider is down. */
import { hours, minutes, seconds } from '../../kernel/clock.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { isRecord } from '../../protocols/oidc/claim-values.ts';
import type { PublishedKey, SignatureVerdict } from '../../protocols/oidc/token-signature.ts';

type KeySet = readonly PublishedKey[];

/** What is known of the keys. Times are epoch milliseconds. */
export interface SigningKeys {
  /** The ones seen last; absent: none so far. */
  seen?: KeySet;
  /** When they were seen, or would have been but for an outage. */
  seenAt: number;
  /** When an unknown key id, or age, last made us ask again. */
  askedAgainAt: number;
  /** When the provider itself last gave good keys; absent: never. */
  answeredAt?: number;
  /** Being asked for now. */
  asking?: Promise<KeySet> | undefined;
}

/** How to ask the provider. */
export interface KeySource {
  readonly keys: SigningKeys;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly ask: () => Promise<Response>;
}

/** So long they are not asked for again, whatever happens: a key that the provider took back is gone after that (S82). */
const TIME_TO_LIVE = minutes(5);
/** An unknown key id asks at once, and then this long not again (S80, S82). */
const REFETCH_PAUSE = seconds(60);
/** Longer than this no outage may last: a key the provider has taken back must not live on with us. */
const OUTAGE_LIMIT = hours(24);
const MOST_KEYS = 200;

export const noKeysYet = (): SigningKeys => ({ seenAt: 0, askedAgainAt: 0 });

/** Judges by the keys seen last, and once more by what the provider says now when none of them fits. Throws what `fetchKeys` throws. */
export async function judgeByKeys(
  source: KeySource,
  judge: (keys: KeySet) => SignatureVerdict,
): Promise<SignatureVerdict> {
  const { keys, now } = source;
  if (keys.seen === undefined || now - keys.seenAt >= TIME_TO_LIVE) return judge(await fetchKeys(source));
  const verdict = judge(keys.seen);
  const mayAsk = keys.asking !== undefined || now - keys.askedAgainAt >= REFETCH_PAUSE;
  return verdict.kind === 'no_key' && mayAsk ? judge(await fetchKeys(source)) : verdict;
}

/**
 * Asks the provider for its keys, once however many wait; while it is down, answers what it said last, at most 24 hours long (S80,
 * R38). Throws what `ask` throws, or `upstream_unreachable` for an answer that is no list of keys, when there is nothing to fall back on.
 */
export function fetchKeys({ keys, now, ask }: KeySource): Promise<KeySet> {
  // The first fetch fills the cache; a later one means an unknown key id or stale keys.
  if (keys.seen !== undefined) keys.askedAgainAt = now;
  keys.asking ??= replaceKeys({ keys, now, ask }).finally(() => {
    keys.asking = undefined;
  });
  return keys.asking;
}

async function replaceKeys({ keys, now, ask }: KeySource): Promise<KeySet> {
  try {
    const seen = await keySetIn(await ask());
    Object.assign(keys, { seen, seenAt: now, answeredAt: now });
    return seen;
  } catch (error) {
    const { seen, answeredAt = Number.NEGATIVE_INFINITY } = keys;
    const isForbidden = isGatehouseError(error, 'egress_refused');
    if (seen === undefined || isForbidden || now - answeredAt > OUTAGE_LIMIT) throw error;
    // As if just fetched: not every sign-in of an outage has to wait for it.
    keys.seenAt = now;
    return seen;
  }
}

async function keySetIn(response: Response): Promise<KeySet> {
  const found: unknown = response.status === 200 ? await response.json().catch(() => undefined) : undefined;
  const keys = isRecord(found) ? found.keys : undefined;
  if (Array.isArray(keys) && keys.length <= MOST_KEYS && keys.every(isRecord)) return keys;
  throw new GatehouseError('upstream_unreachable', 'The identity provider gave no usable keys.', {
    context: { status: response.status },
  });
}
