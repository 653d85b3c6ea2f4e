/** Random bearer values and the keyed hashes under which they are stored (law 7: nothing at rest is usable as it is). */
import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';

/** A keyed hash of a bearer value, base64url; the only form in which storage sees it. */
export type TokenHash = string;

/** Hashes bearer values with a pepper from the master key: a stolen database cannot even be tested against guesses. */
export type HashToken = (value: string) => TokenHash;

/** A new bearer value: `prefix_` for secret scanners, then random bits in base64url; 256 unless told, never fewer than 128. */
export function newToken(prefix: string, bits: 128 | 256 = 256): string {
  return `${prefix}_${randomBytes(bits / 8).toString('base64url')}`;
}

/** Builds the hash function from a 32-byte key. Same value, same key, same hash: look-ups go by hash. */
export function createTokenHasher(key: Buffer): HashToken {
  // A key object is prepared once; a buffer costs four times as much at every look-up.
  const secret = createSecretKey(key);
  return (value) => createHmac('sha256', secret).update(value, 'utf8').digest('base64url');
}

/** Compares two strings in time that depends on their length only. */
export function constantTimeEqual(left: string, right: string): boolean {
  const a = Buffer.from(left, 'utf8');
  const b = Buffer.from(right, 'utf8');
  return a.length === b.length && timingSafeEqual(a, b);
}
