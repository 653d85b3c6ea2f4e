/** Work that goes on after an answer: begun when the answer has had time to leave, waited for by a stop. */
import { expect, test } from '@jest/globals';
import { createAfterwards } from '../../src/jobs/afterwards.ts';

test('S155 work begins after the pause in which the answer leaves, and a stop waits for it', async () => {
  let open = (): void => undefined;
  const pause = () =>
    new Promise<void>((resolve) => {
      open = resolve;
    });
  const done: string[] = [];
  const { run, settled } = createAfterwards({ error: () => undefined }, pause);
  await run(async () => void done.push('work'));
  expect(done).toEqual([]);
  open();
  await settled();
  expect(done).toEqual(['work']);
});

test('a failure is logged and nobody’s answer', async () => {
  const logged: string[] = [];
  const { run, settled } = createAfterwards(
    { error: (message) => void logged.push(message) },
    async () => {},
  );
  await run(() => Promise.reject(new Error('planted')));
  await settled();
  expect(logged).toEqual(['work after an answer failed']);
});
