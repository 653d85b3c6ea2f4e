/** A worker's module that does what no validation should: what it is told in place of a response. Runs in a thread. */
import { type Task, takeTask } from '../../src/http/saml/validation-task.ts';

/** `die` ends the thread, `hang` never answers, `hog` fills the memory; anything else is answered with itself as the subject. */
export async function facts(task: Task<{ readonly samlResponse: unknown }>): Promise<unknown> {
  const { samlResponse } = takeTask(task);
  if (samlResponse === 'die') process.exit(3);
  if (samlResponse === 'throw') throw new Error('a fault of ours');
  if (samlResponse === 'hang') for (;;);
  if (samlResponse === 'hog') {
    const kept: unknown[] = [];
    for (;;) kept.push(Array.from({ length: 100_000 }, (_, index) => ({ index })));
  }
  return { facts: { nameId: samlResponse } };
}

/** As `facts`, for what is refused. */
export const hints = facts;
