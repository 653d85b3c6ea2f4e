/** Slow, salted password hashing; bounded so that a wave of sign-ins cannot exhaust the machine (S175, S179). */

export interface PasswordHasher {
  /** Answers a PHC string. Throws `too_many_requests` when the queue is full. */
  hash(password: string): Promise<string>;
  /** False for a wrong password; takes the same time when `hash` is null (nobody there), and answers false. */
  verify(hash: string | null, password: string): Promise<boolean>;
}
