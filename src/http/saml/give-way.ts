/** A judging thread hands its processor over between its steps. */
import { isMainThread } from 'node:worker_threads';

/** Nobody ever wakes whoever waits for this: only the time does. */
const NOBODY = new Int32Array(new SharedArrayBuffer(4));
const REST_MS = 0.01;

/**
 * Lets whoever waits for this processor have it; on the thread that answers it does nothing. Whoever runs keeps a processor for a
 * slice of some milliseconds, however nice it is (Linux since 6.6): a look-up that arrived waited for the rest of somebody's
 * signature check. A rest ends the slice.
 */
export function giveWay(): void {
  if (!isMainThread) Atomics.wait(NOBODY, 0, 0, REST_MS);
}
