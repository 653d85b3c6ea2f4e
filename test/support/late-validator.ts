/** A worker's module that takes three times as long to start as a verdict may take. Runs in a thread. */
import { facts } from './misbehaving-validator.ts';

const LATE_MS = 1_200;

// The start of a thread on a busy machine: nothing of it is asked or answered meanwhile.
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LATE_MS);

export { facts };
