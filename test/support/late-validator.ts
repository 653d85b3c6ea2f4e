/** A worker's module whose start is over when the test says so. Runs in a thread. */
import { once } from 'node:events';
import { BroadcastChannel } from 'node:worker_threads';
import { facts } from './misbehaving-validator.ts';

const channel = new BroadcastChannel('late-validator');
const told = once(channel, 'message');
channel.postMessage('starting');
// Of all that comes, only the test's own word ends the start.
await told;
channel.close();

export { facts };
