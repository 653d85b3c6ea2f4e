/** The mark of a clean stop on a file system whose clock ticks coarsely, as those of older kernels do (R7). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';

const fs = await import('node:fs');
/** The tick of the file system, and in which one each file was written. */
let tick: bigint;
let writtenAt: Map<string, bigint>;
jest.unstable_mockModule('node:fs', () => ({
  ...fs,
  writeFileSync: (path: string, text: string) => {
    fs.writeFileSync(path, text);
    writtenAt.set(path, tick);
  },
  statSync: (path: string, options: { readonly bigint: true }) => {
    const at = writtenAt.get(path) ?? 0n;
    return Object.assign(fs.statSync(path, options), { mtimeNs: at, ctimeNs: at });
  },
}));
const { leaveCleanMark, takeCleanMark } = await import('../../../src/storage/sqlite/clean-stop.ts');

let folder: string;
let path: string;
beforeEach(() => {
  [tick, writtenAt] = [0n, new Map()];
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-clean-stop-'));
  path = join(folder, 'gatehouse.db');
  fs.writeFileSync(path, 'written to in the first tick');
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** The clock of the process: each look at it tells what `passes` has made of it since the first. */
function clockThat(passes: () => number): void {
  let ms = 0;
  jest
    .spyOn(Date, 'now')
    .mockReturnValueOnce(0)
    .mockImplementation(() => {
      ms += passes();
      return ms;
    });
}

test('it is written again until it is younger than the store', () => {
  clockThat(() => {
    tick += 1n;
    return 4;
  });
  leaveCleanMark(path);
  expect(takeCleanMark(path)).toBe(true);
});

test('it is left also when the machine takes away all the time that a stop may wait', () => {
  clockThat(() => {
    tick += 15n;
    return 60_000;
  });
  leaveCleanMark(path);
  expect(takeCleanMark(path)).toBe(true);
});

test('a clock that stands still holds up no stop, and the next start reads the whole file', () => {
  clockThat(() => 30);
  leaveCleanMark(path);
  expect(takeCleanMark(path)).toBe(false);
});
