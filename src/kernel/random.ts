/** Random bytes in small portions: asking the system for each of them would cost more than what they are for. */
import { randomBytes } from 'node:crypto';

const POOL_BYTES = 8_192;
let pool = Buffer.alloc(0);

/** Bytes of the system's generator that nobody else gets; at most 8,192 at a time. To be read at once, not kept. */
export function takeRandom(count: number): Buffer {
  if (pool.length < count) pool = randomBytes(POOL_BYTES);
  const taken = pool.subarray(0, count);
  pool = pool.subarray(count);
  return taken;
}
