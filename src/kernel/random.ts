/** Random bytes in small portions: asking the system for each of them would cost more than what they are for. */
import { randomBytes } from 'node:crypto';

const POOL_BYTES = 8_192;
let pool = Buffer.alloc(0);
let taken = 0;

/** Bytes of the system's generator that nobody else gets; at most 8,192 at a time. To be read at once, not kept. */
export function takeRandom(count: number): Buffer {
  const start = reserve(count);
  return pool.subarray(start, start + count);
}

/** The same bytes as one character each, chosen by the low five bits; `alphabet` has 32. */
export function takeRandomText(alphabet: string, length: number): string {
  const start = reserve(length);
  let text = '';
  for (let index = start; index < start + length; index += 1)
    text += alphabet.charAt((pool[index] ?? 0) & 31);
  return text;
}

/** Where so many bytes begin that are nobody's yet. */
function reserve(count: number): number {
  if (pool.length - taken < count) {
    pool = randomBytes(POOL_BYTES);
    taken = 0;
  }
  const start = taken;
  taken += count;
  return start;
}
