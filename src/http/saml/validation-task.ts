/** What goes to a worker thread, and where it notes when it begins: only then does the clock of the response run. */

/** One response to look at. */
export interface Task<Input> {
  readonly begin: BeginMark;
  readonly input: Input;
}

/** Shared between the threads: when the task was taken, by `process.hrtime`; 0 until then. A message would cost both sides a turn. */
type BeginMark = BigInt64Array<SharedArrayBuffer>;

/** A mark that says: not yet. */
export const newBeginMark = (): BeginMark => new BigInt64Array(new SharedArrayBuffer(8));

/** To be called in the thread before anything is looked at; answers what there is to look at. */
export function takeTask<Input>({ begin, input }: Task<Input>): Input {
  Atomics.store(begin, 0, process.hrtime.bigint());
  return input;
}

/** Milliseconds since a thread took the task; undefined when none has. */
export function msSinceTaken(begin: BeginMark): number | undefined {
  const at = Atomics.load(begin, 0);
  return at === 0n ? undefined : Number(process.hrtime.bigint() - at) / 1e6;
}
