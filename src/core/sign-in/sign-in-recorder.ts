/** The recorder of sign-ins: takes attempts in memory, redacts them, stores them outside the request, and keeps a bounded number. */
import { days, seconds } from '../../kernel/clock.ts';
import { newId } from '../../kernel/ids.ts';
import { isSecretKey, redactText } from '../../kernel/redaction.ts';
import type { Deps } from '../deps.ts';
import { isStrangers, type SignInAttempt, type SignInFact } from '../entities/sign-in-attempt.ts';
import { createRecordingQueue } from '../journal/recording-queue.ts';
import type { Repositories } from '../ports/storage.ts';

/** What somebody said under one name, as it was said. */
export type ToldFact = Omit<SignInFact, 'count'> & {
  /** Of how many the values are the first; absent: they are all. */
  readonly count?: number;
};

/** An attempt as the edge saw it; facts are redacted and cut when it is stored. */
export type SeenAttempt = Omit<SignInAttempt, 'id' | 'facts'> & { readonly facts: readonly ToldFact[] };

export interface SignInRecorder {
  /** Takes an attempt; never waits, never throws. When memory is full, or a connection is flooded, it is dropped and counted. */
  add(attempt: SeenAttempt): void;
  /** Resolves when everything added before is stored, or dropped because the store would not take it. To be awaited before what is stored is read. */
  flush(): Promise<void>;
  /** Stores what waits, but an organization that is flooded only every four seconds: the most of it is pushed out before. */
  storeDue(): Promise<void>;
  /** Attempts lost since the start. */
  dropped(): number;
}

/**
 * Per organization, those since the last trim not included; neither outcome pushes the other out, and refusals that anybody can
 * bring about none that something ties to a person.
 */
const KEEP = { ok: 1000, failed: 1000, strangers: 200 };
const RETENTION_MS = days(30);

/**
 * Anybody can open a start or post nonsense: of one connection this many at once, then one a second. Refusals that nothing ties to a
 * person are counted by themselves, of a whole organization: together they never fill what waits of it.
 */
const BURST = 200;
const REFILL_MS = seconds(1);
const CONNECTIONS_REMEMBERED = 1000;

const MOST_FACTS = 60;
/** Of one name; what is told beyond is only counted. */
export const MOST_VALUES = 20;
const LONGEST_NAME = 200;
const LONGEST_VALUE = 200;

interface RecorderDeps extends Pick<Deps, 'storage'> {
  /** Told how many attempts were lost: by the error of the store, or without one to a flood. */
  readonly onLoss: (count: number, reason: unknown) => void;
}

/** Starts empty. `storeDue` is to be called by a timer of 250 ms. */
export function createSignInRecorder({ storage, onLoss }: RecorderDeps): SignInRecorder {
  const isFlood = createFloodGate();
  const queue = createRecordingQueue<SeenAttempt, SignInAttempt>({
    storage,
    bounds: { ...KEEP, newest: 0 },
    isFailed: ({ failure }) => failure !== null,
    sizeOf: () => 0,
    toKept: toAttempt,
    append: (tx, organizationId, own) => tx.signInAttempts.append(organizationId, own),
    trim: (tx, organizationId) => tx.signInAttempts.trim(organizationId, KEEP),
    onLoss,
  });
  return {
    add: (attempt) => {
      if (isFlood(attempt)) queue.lose();
      else queue.add(attempt);
    },
    flush: queue.flush,
    storeDue: queue.storeDue,
    dropped: queue.lost,
  };
}

/** Removes what is older than 30 days, of every organization; answers how many. */
export function removeOldAttempts(tx: Repositories, now: number): Promise<number> {
  return tx.signInAttempts.removeExpired(now - RETENTION_MS);
}

/** True for more attempts at one connection than a person or a test would make, those that led somebody in excepted. */
function createFloodGate(): (attempt: SeenAttempt) => boolean {
  const buckets = new Map<string, { left: number; at: number }>();
  return (attempt) => {
    const { organizationId, connectionId, outcome, at } = attempt;
    if (outcome !== null) return false;
    if (buckets.size >= CONNECTIONS_REMEMBERED) buckets.clear();
    const key = isStrangers(attempt) ? `strangers ${organizationId}` : (connectionId ?? organizationId);
    const bucket = buckets.get(key) ?? { left: BURST, at };
    const left = Math.min(BURST, bucket.left + Math.max(0, at - bucket.at) / REFILL_MS);
    buckets.set(key, { left: Math.max(0, left - 1), at });
    return left < 1;
  };
}

const toAttempt = ({ facts, ...attempt }: SeenAttempt): SignInAttempt => ({
  ...attempt,
  id: newId('rec', attempt.at),
  facts: facts.slice(0, MOST_FACTS).map(toFact),
});

function toFact({ name, values, count = values.length, isVerified }: ToldFact): SignInFact {
  const isSecret = isSecretKey(name);
  return {
    name: shown(name, LONGEST_NAME),
    values: values
      .slice(0, MOST_VALUES)
      .map((value) => (isSecret ? '[redacted]' : shown(value, LONGEST_VALUE))),
    count,
    isVerified,
  };
}

/** Without secrets, and cut; half a character at the cut goes. */
function shown(text: string, limit: number): string {
  const clean = redactText(text.slice(0, limit * 4));
  return clean.length <= limit
    ? clean
    : `${clean
        .slice(0, limit)
        .toWellFormed()
        .replace(/\ufffd$/, '')}...`;
}
