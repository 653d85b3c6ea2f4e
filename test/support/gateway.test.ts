/** The gateway of tests does nothing by the clock of the machine, as far as tests lean on it. */
import { expect, jest, test } from '@jest/globals';
import { startGateway } from './gateway.ts';

test('no job runs by itself, however long a test takes, but the one that stores what was recorded', async () => {
  const intervals = jest.spyOn(globalThis, 'setInterval');
  const gateway = await startGateway();
  const everyMs = intervals.mock.calls.map(([, delay]) => delay);
  intervals.mockRestore();
  await gateway.close();
  expect(everyMs).toEqual([250]);
});
