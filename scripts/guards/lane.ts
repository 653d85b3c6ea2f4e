/** Scratch copies of the project, in which guards are taken out and put back; the working tree is never written to. */
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Cut } from './guard.ts';

/** One copy: only one row is at work in it at a time. */
export interface Lane {
  readonly folder: string;
  /** The installed packages, to which `node_modules` of the copy is a link. */
  readonly packages: string;
  /** Packages of its own, made when the first row needs them. */
  readonly ownPackages: string;
}

export interface Scratch {
  readonly lanes: readonly Lane[];
  /** Removes all copies. */
  readonly close: () => void;
}

/** Left out of the copies. */
const APART = new Set(['.git', 'node_modules', 'data', 'coverage']);

/** `count` copies of the project at `root`, below the system's folder for temporary files. */
export function openScratch(root: string, count: number): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-guards-'));
  const packages = realpathSync(join(root, 'node_modules'));
  const lanes = Array.from({ length: count }, (_, index): Lane => {
    const lane = {
      folder: join(folder, `lane-${index}`),
      packages,
      ownPackages: join(folder, `of-${index}`),
    };
    cpSync(root, lane.folder, {
      recursive: true,
      filter: (source) => !APART.has(relative(root, source)),
    });
    symlinkSync(packages, join(lane.folder, 'node_modules'));
    return lane;
  });
  const close = () => {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      // What a test has left running may still write there: no verdict hangs on that.
      console.error(`${folder} is left behind: ${String(error)}`);
    }
  };
  return { lanes, close };
}

/** Does the cuts in the copy and answers how to undo them. Throws when a text is not there exactly once, and then has changed nothing. */
export function cutOut(lane: Lane, cuts: readonly Cut[]): () => void {
  const isLibrary = cuts.some(({ file }) => file.startsWith('node_modules/'));
  if (isLibrary) pointToOwnPackages(lane);
  const before = new Map<string, string>();
  const after = new Map<string, string>();
  for (const cut of cuts) {
    const path = join(lane.folder, cut.file);
    if (!before.has(path)) before.set(path, readFileSync(path, 'utf8'));
    after.set(path, textWithout(after.get(path) ?? before.get(path) ?? '', cut));
  }
  for (const [path, text] of after) rewrite(path, text);
  return () => {
    for (const [path, text] of before) rewrite(path, text);
    if (isLibrary) pointTo(lane, lane.packages);
  };
}

/** The text with the cut done. Throws unless `without` occurs exactly once. */
export function textWithout(text: string, { file, without, put }: Cut): string {
  const parts = text.split(without);
  if (without === '' || parts.length !== 2)
    throw new Error(`${file} has ${parts.length - 1} times: ${without}`);
  return parts.join(put);
}

/** A new file in the place of the old: the old one may be a second name of a package's own file. */
function rewrite(path: string, text: string): void {
  rmSync(path);
  writeFileSync(path, text);
}

function pointTo(lane: Lane, packages: string): void {
  rmSync(join(lane.folder, 'node_modules'));
  symlinkSync(packages, join(lane.folder, 'node_modules'));
}

/** A package is found by those beside it, so all of them have to be in the copy: as second names of the same files. */
function pointToOwnPackages(lane: Lane): void {
  const target = join(lane.ownPackages, 'node_modules');
  if (!existsSync(target)) {
    mkdirSync(lane.ownPackages);
    try {
      linkTree(lane.packages, target);
    } catch (error) {
      // Another disk: there are no second names across disks.
      if (Object(error).code !== 'EXDEV') throw error;
      cpSync(lane.packages, target, { recursive: true, verbatimSymlinks: true });
    }
  }
  pointTo(lane, target);
}

function linkTree(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else linkSync(source, target);
  }
}
