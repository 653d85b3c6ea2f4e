/** What is wrong with the tables of `test/guards` as they stand, found without running a test; part of `npm run check`. */
import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { securityTagsIn } from '../generate/security-tags.ts';
import { type Cut, cutsOf, type Guard, testsOf } from './guard.ts';
import { textWithout } from './lane.ts';

const IMPORTED = /\bfrom '(\.[^']+)'/g;

/**
 * Each fault as a readable line: a text that is not there exactly once, a program that would not parse without it, a test
 * that is not there or says the number of the line nowhere, neither itself nor in what it imports from `test`. Paths are below `root`.
 */
export function faultsOf(guards: readonly Guard[], root: string): readonly string[] {
  const read = remembered((path) =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '',
  );
  const tags = remembered(
    (path) => new Set(reached(path, read).flatMap((file) => securityTagsIn(read(file)))),
  );
  return guards.flatMap((guard) => {
    const unheld = testsOf(guard).filter((test) => !tags(test).has(guard.line));
    const faults = [
      ...cutsOf(guard).flatMap((cut) => faultOf(cut, read)),
      ...unheld.map((test) => `no title of ${test} says ${guard.line}`),
    ];
    return faults.map((fault) => `${guard.line}: ${fault}`);
  });
}

function faultOf(cut: Cut, read: (path: string) => string): readonly string[] {
  if (read(cut.file) === '') return [`${cut.file} is not there`];
  try {
    const text = textWithout(read(cut.file), cut);
    if (cut.put === cut.without) return [`${cut.file} stays as it is`];
    if (cut.file.endsWith('.ts')) stripTypeScriptTypes(text);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** The file and everything below `test` that it imports, however far. */
function reached(path: string, read: (path: string) => string): readonly string[] {
  const found = new Set([path]);
  for (const file of found) {
    for (const [, target = ''] of read(file).matchAll(IMPORTED)) {
      const imported = normalize(join(dirname(file), target));
      if (imported.startsWith('test/')) found.add(imported);
    }
  }
  return [...found];
}

function remembered<Found>(find: (path: string) => Found): (path: string) => Found {
  const known = new Map<string, Found>();
  return (path) => {
    const found = known.get(path) ?? find(path);
    known.set(path, found);
    return found;
  };
}
