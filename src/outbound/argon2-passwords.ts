/** Argon2id behind the password port, with a bounded queue so that hashing never starves the rest (S175, S179). */
import { hash, verify } from '@node-rs/argon2';
import type { PasswordHasher } from '../core/ports/password-hasher.ts';
import { GatehouseError } from '../kernel/errors.ts';

/** OWASP's comfortable setting; `floor` is its minimum, for tests and small machines. */
const COSTS = {
  normal: { memoryCost: 65_536, timeCost: 3, parallelism: 1 },
  floor: { memoryCost: 19_456, timeCost: 2, parallelism: 1 },
} as const;

interface Argon2Options {
  readonly cost?: keyof typeof COSTS;
  /** How many hashes run at once, and how many may wait. */
  readonly concurrency?: number;
  readonly queue?: number;
}

/** Builds the hasher. The algorithm is Argon2id, the library's default; the result is a PHC string. */
export function createArgon2Passwords({
  cost = 'normal',
  concurrency = 2,
  queue = 64,
}: Argon2Options = {}): PasswordHasher {
  const limited = createLimiter(concurrency, queue);
  const options = COSTS[cost];
  // Verified against when nobody is there, so that an unknown address takes as long as a wrong password (S177).
  const decoy = hash('a password that nobody has', options);
  return {
    hash: (password) => limited(() => hash(password, options)),
    verify: (stored, password) =>
      limited(async () => {
        const isRight = await verify(stored ?? (await decoy), password);
        return stored !== null && isRight;
      }),
  };
}

function createLimiter(concurrency: number, queue: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= concurrency) {
      if (waiting.length >= queue) {
        throw new GatehouseError(
          'too_many_requests',
          'Too many sign-ins at this moment. Try again in a few seconds.',
        );
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
