/**
 * Runs jest again and again in one process, so that jest itself is loaded once and what was compiled is kept: told the
 * arguments of each run by its parent, in the folder of a scratch copy. What is left behind by tests goes with the process.
 */
import { run } from 'jest';
import { z } from 'zod';

const argumentsShape = z.array(z.string());

process.on('message', async (message) => {
  await run(argumentsShape.parse(message));
  process.send?.('ended');
});
process.on('disconnect', () => process.exit());
