/** Random bearer values and the keyed hashes under which they are stored (law 7: nothing at rest is usable as it is). */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { takeRandom } from './random.ts';

/** A keyed hash of a bearer value, base64url; the only form in which storage sees it. */
export type TokenHash = string;

/** Hashes bearer values with a pepper from the master key: a stolen database cannot even be tested against guesses. */
export type HashToken = (value: string) => TokenHash;

/** A new bearer value: `prefix_` for secret scanners, then random bits in base64url; 256 unless told, never fewer than 128. */
export function newToken(prefix: string, bits: 128 | 256 = 256): string {
  return `${prefix}_${takeRandom(bits / 8).toString('base64url')}`;
}

/** Builds the hash function from a 32-byte key. Same value, same key, same hash: look-ups go by hash. */
export function createTokenHasher(key: Buffer): HashToken {
  // A key object is prepared once; a buffer costs four times as much at every look-up.
  const secret = createSecretKey(key);
  return (value) => createHmac('sha256', secret).update(value, 'utf8').digest('base64url');
}

/** Longer values are hashed each time: they are nothing of ours. */
const REMEMBERED_LENGTH = 128;

/**
 * The same function, remembering what the last `kept` values came to: hashing costs more than finding the row. It only
 * spares the hashing. Whether a value opens anything is asked of storage each time, so that what is revoked is refused at once.
 */
export function rememberingHasher(hashToken: HashToken, kept: number): HashToken {
  const known = new Map<string, TokenHash>();
  return (value) => {
    const remembered = known.get(value);
    if (remembered !== undefined) return remembered;
    const hash = hashToken(value);
    if (value.length > REMEMBERED_LENGTH) return hash;
    for (const oldest of known.keys()) {
      if (known.size < kept) break;
      known.delete(oldest);
    }
    known.set(value, hash);
    return hash;
  };
}

/** Compares two strings in time that depends on their length only. */
export function constantTimeEqual(left: string, right: string): boolean {
  const a = Buffer.from(left, 'utf8');
  const b = Buffer.from(right, 'utf8');
  return a.length === b.length && timingSafeEqual(a, b);
}
