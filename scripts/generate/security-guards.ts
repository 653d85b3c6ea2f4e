/** What an entry of `security-guards.json` says: a file whose guard was taken out, or one to which what a line forbids was added. */

/** `file` is below `src/`, or begins with `node_modules/`. */
export interface SeenGuard {
  readonly added: boolean;
  readonly file: string;
  /** What was added; empty for a guard that was taken out. */
  readonly what: string;
}

const ADDED = /^added to (\S+): (.+)$/;

/** Reads one entry. */
export function readGuard(entry: string): SeenGuard {
  const [, file, what = ''] = ADDED.exec(entry) ?? [];
  return file === undefined ? { added: false, file: entry, what } : { added: true, file, what };
}
