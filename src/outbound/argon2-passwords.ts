/** Argon2id behind the password port, peppered, with a bounded queue so that hashing never starves the rest (S175, S179). */
import { randomBytes } from 'node:crypto';
import type { Options } from '@node-rs/argon2';
import type { PasswordHasher } from '../core/ports/password-hasher.ts';
import { GatehouseError } from '../kernel/errors.ts';

/** OWASP's comfortable setting; `floor` is its minimum, for tests and small machines. */
const COSTS = {
  normal: { memoryCost: 65_536, timeCost: 3, parallelism: 1 },
  floor: { memoryCost: 19_456, timeCost: 2, parallelism: 1 },
} as const;

/** Loaded with the first password: native code that a gateway nobody signs in to with one does without. */
const library = () => import('@node-rs/argon2');

/** Stands before hashes that took the pepper; those of earlier releases have none and are hashed again at the next sign-in. */
const PEPPERED = 'p1';

interface Argon2Options {
  /** 32 bytes that are not in the store: a stolen store alone cannot be searched for passwords. */
  readonly pepper: Buffer;
  readonly cost?: keyof typeof COSTS;
  /** How many hashes run at once, and how many may wait. */
  readonly concurrency?: number;
  readonly queue?: number;
}

/** Builds the hasher. The algorithm is Argon2id, the library's default; the result is `p1` and a PHC string. */
export function createArgon2Passwords({
  pepper,
  cost = 'normal',
  concurrency = 2,
  queue = 64,
}: Argon2Options): PasswordHasher {
  const limited = createLimiter(concurrency, queue);
  const options = { ...COSTS[cost], secret: pepper };
  const hashed = async (password: string): Promise<string> => {
    const { hash } = await library();
    return `${PEPPERED}${await hash(password, options)}`;
  };
  // Verified against when nobody is there, so that an unknown address takes as long as a wrong password (S177).
  const decoy = decoyOf(COSTS[cost]);
  return {
    hash: (password) => limited(() => hashed(password)),
    verify: (stored, password) =>
      limited(async () => {
        const { verify } = await library();
        const { phc, secret } = readStored(stored ?? decoy, pepper);
        const isRight = await verify(phc, password, secret);
        return stored !== null && isRight;
      }),
    isOutdated: (stored) => !stored.startsWith(PEPPERED) || isWeaker(stored.slice(PEPPERED.length), options),
  };
}

function readStored(stored: string, pepper: Buffer): { readonly phc: string; readonly secret?: Options } {
  return stored.startsWith(PEPPERED)
    ? { phc: stored.slice(PEPPERED.length), secret: { secret: pepper } }
    : { phc: stored };
}

type Cost = (typeof COSTS)[keyof typeof COSTS];

/** A hash of the same cost that no password was hashed to: salt and result are chance. */
function decoyOf({ memoryCost, timeCost, parallelism }: Cost): string {
  const chance = (bytes: number): string => randomBytes(bytes).toString('base64').replace(/=+$/, '');
  return `${PEPPERED}$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${chance(16)}$${chance(32)}`;
}

/** A text without costs is as weak as can be. */
function isWeaker(phc: string, wanted: Cost): boolean {
  const [, memoryCost = 0, timeCost = 0] = /\$m=(\d+),t=(\d+)/.exec(phc) ?? [];
  return Number(memoryCost) < wanted.memoryCost || Number(timeCost) < wanted.timeCost;
}

/** Longer than a full queue takes to drain on one slow core. */
const RETRY_AFTER_SECONDS = 10;

function createLimiter(concurrency: number, queue: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= concurrency) {
      if (waiting.length >= queue) {
        throw new GatehouseError(
          'too_many_requests',
          'Too many sign-ins at this moment. Try again in a few seconds.',
          { context: { retryAfterSeconds: RETRY_AFTER_SECONDS } },
        );
      }
      // Whoever leaves hands its place to the next in line: the count does not move, and nobody who comes in between takes it.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
