/** The mark of a clean stop: a file beside the store that says in which state it was left, so that the next start need not read it all. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** How long a stop may wait for the clock of the file system to tell the mark from the last write. */
const TICK_LIMIT_MS = 100;

const markOf = (path: string): string => `${path}.closed`;

/** What changes with every write to a file; nobody can set `ctime` back. Throws when there is no such file. */
export function stateOf(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

/** The mark must be younger than the store: a write in the same tick of the file system's clock would not show otherwise. */
const isYounger = (path: string): boolean =>
  statSync(markOf(path), { bigint: true }).mtimeNs > statSync(path, { bigint: true }).ctimeNs;

/**
 * True when the store at `path` is exactly as a clean stop left it. The mark is used up: whatever the answer, the next
 * stop has to make a new one. Call with the lock held and before anything is written; false when in doubt.
 */
export function takeCleanMark(path: string): boolean {
  try {
    if (existsSync(`${path}-wal`) || !isYounger(path)) return false;
    return readFileSync(markOf(path), 'utf8') === stateOf(path);
  } catch {
    return false;
  } finally {
    rmSync(markOf(path), { force: true });
  }
}

/** Leaves the mark; call when the store is closed and the lock still held. Without it the next start checks everything, so no fault is thrown. */
export function leaveCleanMark(path: string): void {
  try {
    if (existsSync(`${path}-wal`)) return;
    const until = Date.now() + TICK_LIMIT_MS;
    // The last one is written when the time is over: a machine that is busy may have taken all of it away after the first.
    for (let isLast = false; !isLast; ) {
      isLast = Date.now() >= until;
      writeFileSync(markOf(path), stateOf(path), { mode: 0o600 });
      if (isYounger(path)) return;
    }
  } catch {
    rmSync(markOf(path), { force: true });
  }
}
