/**
 * Limits on guessing (S178): failed tries are counted by address and network, by network, by address over all networks, by
 * the address's domain and over everything. A device that its person has signed in from before is counted by itself, so that
 * strangers who guess cannot shut anybody out of it. It knows nobody: known and unknown addresses are counted alike (S177).
 */
import { createHash } from 'node:crypto';
import { networkPrefix } from '../kernel/addresses.ts';
import { minutes } from '../kernel/clock.ts';
import type { ErrorCode } from '../kernel/errors.ts';
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import { mailboxKey } from '../kernel/text.ts';

/** Of a kind with this limit nothing is counted. */
const UNLIMITED = Number.POSITIVE_INFINITY;

export interface AttemptLimits {
  /** Failed tries within the window: of one address from one network, or from one known device. */
  readonly perAddressAndNetwork: number;
  readonly perNetwork: number;
  /** Of one address from anywhere. */
  readonly perAddress: number;
  /** Of all addresses of one domain, which stands for the organization: whose members they are must not show (S177). */
  readonly perDomain: number;
  /** Of everybody: what a distributed wave may cost. */
  readonly overall: number;
  readonly windowMs: number;
  /** Of each kind, so many are remembered; the one that failed longest ago is forgotten first. */
  readonly keysKept: number;
}

/** Room for a person's typing errors and for an office behind one address; hopeless against a password of 15 characters. */
export const DEFAULT_ATTEMPT_LIMITS: AttemptLimits = {
  perAddressAndNetwork: 10,
  perNetwork: 100,
  perAddress: 200,
  perDomain: 1_000,
  overall: 5_000,
  windowMs: minutes(15),
  keysKept: 10_000,
};

/** A code has six digits: with the step's own count, guessing one takes years. */
export const SECOND_STEP_LIMITS: AttemptLimits = { ...DEFAULT_ATTEMPT_LIMITS, perAddress: 20 };

/** Mails that anybody may make us send (S171). Each request counts, whether or not it led to one. */
export const MAIL_REQUEST_LIMITS: AttemptLimits = {
  ...DEFAULT_ATTEMPT_LIMITS,
  perAddressAndNetwork: 5,
  perNetwork: 50,
  perAddress: 10,
  windowMs: minutes(60),
};

/** For mails on the way in through a link: a whole office may join on one morning, through one network address. */
export const JOINING_MAIL_LIMITS: AttemptLimits = { ...MAIL_REQUEST_LIMITS, perNetwork: 500 };

/**
 * For secrets of clients, which nobody types and nobody guesses: a broken program is slowed down where it runs, and no
 * stranger elsewhere can lock a client out.
 */
export const CLIENT_ATTEMPT_LIMITS: AttemptLimits = {
  perAddressAndNetwork: 20,
  perNetwork: 400,
  perAddress: UNLIMITED,
  perDomain: UNLIMITED,
  overall: UNLIMITED,
  windowMs: minutes(5),
  keysKept: 10_000,
};

/**
 * For keys that are typed on a page of ours, the operator's and emergency codes: one network is slowed down as at the password,
 * and nobody elsewhere is, because there is no account to count by and nobody may shut its holder out.
 */
export const KEY_ATTEMPT_LIMITS: AttemptLimits = {
  ...DEFAULT_ATTEMPT_LIMITS,
  perAddress: UNLIMITED,
  perDomain: UNLIMITED,
  overall: UNLIMITED,
};

/** Who tries: the folded e-mail address as it was stated, and the caller's network address; absent: one unknown network. */
export interface Tryer {
  readonly emailKey: string;
  readonly ip: string | undefined;
  /** What `knownDevice` read from this browser; absent: no device this person is known to use. */
  readonly device?: string | undefined;
}

/** One try under way. At most one of the two is called, once; a try of which neither is called has failed. */
export interface Attempt {
  /** The password was right: forgets the failures of this address from this network or device, and this try everywhere. */
  succeed(): void;
  /** Nothing was learned about the password: forgets this try alone. */
  withdraw(): void;
}

export interface AttemptLimiter {
  /**
   * Counts a try before its outcome is known, so that parallel tries cannot outrun the count. Throws `too_many_requests`
   * with `context.retryAfterSeconds` (at least 1); a refused try is not counted.
   */
  begin(tryer: Tryer): Attempt;
}

/**
 * Starts with nobody having failed. The state is this process's own: each of several nodes enforces the limits by itself,
 * and a restart forgets.
 */
export function createAttemptLimiter(limits: AttemptLimits, clock: () => number): AttemptLimiter {
  const counters = {
    device: createCounter(limits.perAddressAndNetwork, limits),
    both: createCounter(limits.perAddressAndNetwork, limits),
    network: createCounter(limits.perNetwork, limits),
    address: createCounter(limits.perAddress, limits),
    domain: createCounter(limits.perDomain, limits),
    overall: createCounter(limits.overall, limits),
  };
  return {
    begin: (tryer) => {
      const now = clock();
      const counted = keysOf(tryer).flatMap(({ kind, key }) => {
        const counter = counters[kind];
        return counter === undefined ? [] : [{ counter, key }];
      });
      const wait = Math.max(...counted.map(({ counter, key }) => counter.waitMs(key, now)));
      if (wait > 0) throw tooMany(wait);
      for (const { counter, key } of counted) counter.add(key, now);
      const [narrowest, ...shared] = counted;
      const forget = (some: typeof counted): void => {
        for (const { counter, key } of some) counter.remove(key, now);
      };
      return {
        succeed: () => {
          narrowest?.counter.clear(narrowest.key);
          forget(shared);
        },
        withdraw: () => forget(counted),
      };
    },
  };
}

/**
 * The same for mails that anybody may make us send (S171): counted is the mailbox, which all plus tags of an address share, so
 * that nobody fills it by inventing tags.
 */
export function createMailRequestLimiter(limits: AttemptLimits, clock: () => number): AttemptLimiter {
  const limiter = createAttemptLimiter(limits, clock);
  return { begin: (tryer) => limiter.begin({ ...tryer, emailKey: mailboxKey(tryer.emailKey) }) };
}

type Kind = 'device' | 'both' | 'network' | 'address' | 'domain' | 'overall';

/** What a try is counted by, the narrowest first. */
function keysOf({ emailKey, ip, device }: Tryer): readonly { readonly kind: Kind; readonly key: string }[] {
  if (device !== undefined) return [{ kind: 'device', key: keyOf(device) }];
  const network = keyOf(networkPrefix(ip ?? ''));
  const address = keyOf(emailKey);
  return [
    { kind: 'both', key: `${address} ${network}` },
    { kind: 'network', key: network },
    { kind: 'address', key: address },
    { kind: 'domain', key: keyOf(emailKey.slice(emailKey.indexOf('@') + 1)) },
    { kind: 'overall', key: '' },
  ];
}

/**
 * Runs one try of a password: it has failed when `work` throws an error of the code `refusal`, succeeded when it answers;
 * any other error says nothing about the password. No limiter: no limit. Throws `too_many_requests`, and what `work` throws.
 */
export async function limitAttempt<Result>(
  limiter: AttemptLimiter | undefined,
  attempted: Tryer & { readonly refusal: ErrorCode },
  work: () => Promise<Result>,
): Promise<Result> {
  const attempt = limiter?.begin(attempted);
  try {
    const result = await work();
    attempt?.succeed();
    return result;
  } catch (error) {
    if (!isGatehouseError(error, attempted.refusal)) attempt?.withdraw();
    throw error;
  }
}

/** One text for all limits: which of them was met is nobody's business. Says Retry-After in whole seconds, at least 1. */
export function tooMany(waitMs: number): GatehouseError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new GatehouseError('too_many_requests', `Too many tries. Wait ${retryAfterSeconds} s.`, {
    context: { retryAfterSeconds },
  });
}

export interface Counter {
  /** Milliseconds until one more try is allowed; 0: now. */
  waitMs(key: string, now: number): number;
  add(key: string, at: number): void;
  remove(key: string, at: number): void;
  clear(key: string): void;
}

/** The times of the failures of the last window, by key; the keys in the order of their last failure. Undefined for no limit. */
function createCounter(
  limit: number,
  { windowMs, keysKept }: Pick<AttemptLimits, 'windowMs' | 'keysKept'>,
): Counter | undefined {
  if (limit === UNLIMITED) return undefined;
  const failures = new Map<string, readonly number[]>();
  const put = (key: string, times: readonly number[]): void => {
    failures.delete(key);
    if (times.length > 0) failures.set(key, times);
  };
  // A time that lies ahead is of a clock that was set back since: counting on would shut the door for longer than promised.
  const recent = (key: string, now: number): readonly number[] =>
    (failures.get(key) ?? []).filter((at) => at <= now && now - at < windowMs);
  return {
    waitMs: (key, now) => {
      const times = recent(key, now);
      const leaving = times.at(-limit);
      return times.length < limit || leaving === undefined ? 0 : leaving + windowMs - now;
    },
    add: (key, at) => {
      put(key, [...recent(key, at), at]);
      const oldest = failures.keys().next();
      if (failures.size > keysKept && oldest.done !== true) failures.delete(oldest.value);
    },
    remove: (key, at) => {
      const times = failures.get(key);
      const place = times?.lastIndexOf(at) ?? -1;
      if (times === undefined || place < 0) return;
      const left = times.toSpliced(place, 1);
      // In its old place: taking a try back is no failure.
      if (left.length === 0) failures.delete(key);
      else failures.set(key, left);
    },
    clear: (key) => {
      failures.delete(key);
    },
  };
}

/** As short as any other, however long a text was stated: the bound on keys is one on memory only so. */
const keyOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('base64url');
