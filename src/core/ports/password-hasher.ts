/** Slow, salted, peppered password hashing; bounded so that a wave of sign-ins cannot exhaust the machine (S175, S179). */

export interface PasswordHasher {
  /** Answers a text to store. Throws `too_many_requests` (with `context.retryAfterSeconds`) when the queue is full. */
  hash(password: string): Promise<string>;
  /**
   * False for a wrong password; takes the same time when `hash` is null (nobody there), and answers false. Throws
   * `too_many_requests` as `hash` does.
   */
  verify(hash: string | null, password: string): Promise<boolean>;
  /** True when `hash` was made with less effort, or without the pepper, than `hash` would use now: hash again (S175). */
  isOutdated(hash: string): boolean;
}
