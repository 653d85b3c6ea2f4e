/** Today, standing still: for files whose live identity providers stamp what a gateway with a clock of its own reads. */
import { jest } from '@jest/globals';

/**
 * Holds `Date` at this moment until the test file is over and answers it, epoch ms; timers, sockets and threads go on. However
 * long a test takes, what was stamped beside the gateway is then neither from its future nor out of date.
 */
export function holdDate(): number {
  const now = Date.now();
  jest.useFakeTimers({ now, doNotFake: [...TIMERS] });
  return now;
}

const TIMERS = [
  ...([
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
    'setImmediate',
    'clearImmediate',
  ] as const),
  ...(['nextTick', 'queueMicrotask', 'hrtime', 'performance'] as const),
];
