/** What goes to a worker thread, and the word it gives when it begins: only then does the clock of the response run. */
import { parentPort } from 'node:worker_threads';

/** One response to look at. */
export interface Task<Input> {
  /** Names it in `Taken`. */
  readonly id: number;
  readonly input: Input;
}

/** Posted by the thread that takes a task. */
export interface Taken {
  readonly taken: number;
}

/** To be called in the thread before anything is looked at; answers what there is to look at. */
export function takeTask<Input>({ id, input }: Task<Input>): Input {
  const word: Taken = { taken: id };
  parentPort?.postMessage(word);
  return input;
}
