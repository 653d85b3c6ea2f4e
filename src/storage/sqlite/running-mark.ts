/**
 * The mark of a store in use: a file beside it that says what its files were when this process last wrote to them. A process
 * that is killed leaves it, and the next start knows from it that nobody else has written since.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { stateOf } from './clean-stop.ts';

const markOf = (path: string): string => `${path}.running`;

/** Names this start of the operating system; absent where the system does not say, and then nothing is vouched for. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * What a killed process leaves as it was: the store, which only checkpoints write to; the WAL, which is another file once
 * somebody removed or restored it; and the running system, which holds everything written until it is on the disk.
 */
function marking(path: string, bootIdFile: string): string {
  const bootId = readFileSync(bootIdFile, 'utf8').trim();
  const wal = statSync(`${path}-wal`, { bigint: true });
  return [bootId, stateOf(path), wal.dev, wal.ino].join(' ');
}

/**
 * True when the process that used the store at `path` was killed, nothing else happened to it since, and the system has not
 * been started anew. Call with the lock held and before anything is written; false when in doubt. The mark stays, and
 * fits no longer once a checkpoint has begun.
 */
export function isLeftByKill(path: string, bootIdFile = BOOT_ID): boolean {
  try {
    return readFileSync(markOf(path), 'utf8') === marking(path, bootIdFile);
  } catch {
    return false;
  }
}

export interface RunningMark {
  /** To be called when the store was opened, and after each checkpoint. */
  renew(): void;
  /** Nothing is vouched for any more: the next start reads the whole file. */
  drop(): void;
}

/** The mark of the store at `path`, not yet made. Without it the next start checks everything, so no fault is thrown. */
export function createRunningMark(path: string, bootIdFile = BOOT_ID): RunningMark {
  let isDropped = false;
  const remove = (): void => {
    try {
      rmSync(markOf(path), { force: true });
    } catch {
      // A folder that cannot be written to: what stands there fits no more after the next checkpoint.
    }
  };
  return {
    drop() {
      isDropped = true;
      remove();
    },
    renew() {
      if (isDropped) return;
      try {
        writeFileSync(markOf(path), marking(path, bootIdFile), { mode: 0o600 });
      } catch {
        remove();
      }
    },
  };
}
