/** Ports for programs that are told theirs before they listen. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the range from which systems give ports away: what listens at port 0, or calls out, gets none of these in between. */
const FIRST = 20_000;
/** A part for each of the runner's workers, so that two of them never think of the same one. */
const PART = 180;
const PARTS = 64;

const worker = Number(process.env.JEST_WORKER_ID ?? randomInt(1, PARTS + 1));
const first = FIRST + ((worker - 1) % PARTS) * PART;
let next = randomInt(PART);

/** A port at which nothing listens, and which is answered to nobody else before all others of the part have been. */
export async function findFreePort(): Promise<number> {
  for (let tried = 0; tried < PART; tried += 1) {
    const port = first + (next % PART);
    next += 1;
    if (await isFree(port)) return port;
  }
  throw new Error(`nothing is free from ${first} to ${first + PART}`);
}

/** Of every address, as the gateway listens where nothing else is said. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, () => probe.close(() => resolve(true)));
  });
}
