/** The architecture rules: each takes parsed files and answers the violations as readable lines. */
import { posix } from 'node:path';
import { compositionRoots, importTable, type Ring } from './import-table.ts';
import type { ImportedModule, SourceFile } from './source-file.ts';

/** Who imports whom against the table. A file outside every ring is a violation too: it would escape all rules. */
export function importViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const ring = ringOf(file.path);
    if (ring === undefined) return [`${file.path} belongs to no row of the import table`];
    return file.imports
      .filter((imported) => !isAllowed(file.path, ring, imported))
      .map(({ specifier }) => `${file.path} may not import ${specifier}`);
  });
}

function ringOf(path: string): Ring | undefined {
  return importTable
    .filter((ring) => path.startsWith(ring.folder))
    .reduce<Ring | undefined>(
      (best, ring) => (best === undefined || ring.folder.length > best.folder.length ? ring : best),
      undefined,
    );
}

function isAllowed(path: string, ring: Ring, { specifier, isTypeOnly }: ImportedModule): boolean {
  if (specifier.startsWith('.'))
    return isAllowedFile({ path, ring, target: targetOf(path, specifier), isTypeOnly });
  if (specifier.startsWith('node:')) return ring.builtins === 'any' || ring.builtins.includes(specifier);
  if (specifier === '(computed)') return ring.packages === 'any';
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return ring.packages === 'any' || ring.packages.includes(name);
}

interface FileImport {
  readonly path: string;
  readonly ring: Ring;
  readonly target: string;
  readonly isTypeOnly: boolean;
}

function isAllowedFile({ path, ring, target, isTypeOnly }: FileImport): boolean {
  const root = compositionRoots.find(({ file }) => file === target);
  if (root !== undefined && !isTypeOnly) return root.importers.some((importer) => path.startsWith(importer));
  const folders = [ring.folder, ...ring.mayImport, ...(isTypeOnly ? (ring.mayImportTypes ?? []) : [])];
  return folders.some((folder) => target.startsWith(folder));
}

const targetOf = (path: string, specifier: string) => posix.join(posix.dirname(path), specifier);

/** What pure code takes from its surroundings instead of receiving it as a parameter. */
export function purityViolations(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => ringOf(file.path)?.isPure === true)
    .flatMap((file) => file.surroundings.map((used) => `${file.path} is pure and may not use ${used}`));
}

/** Import cycles, type-only ones included; each as the path round. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const edges = new Map(
    files.map((file) => [
      file.path,
      file.imports
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map((to) => targetOf(file.path, to.specifier)),
    ]),
  );
  const finished = new Set<string>();
  const cycles: string[] = [];
  const follow = (path: string, trail: readonly string[]) => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) cycles.push([...trail.slice(seenAt), path].join(' -> '));
    if (seenAt >= 0 || finished.has(path)) return;
    for (const next of edges.get(path) ?? []) follow(next, [...trail, path]);
    finished.add(path);
  };
  for (const path of edges.keys()) follow(path, []);
  return cycles;
}

const LIMITS = {
  functionLines: 40,
  wholeFunctionLines: 100,
  parameters: 3,
  fileLines: 300,
  testFileLines: 500,
};

export interface SizeException {
  /** As the violation names it: `path` or `path#function`. */
  readonly where: string;
  readonly reason: string;
}

/**
 * Files, functions and parameter lists beyond the limits of style. A function written inside another counts for itself,
 * so a factory may hold several; the whole of it stays below 100 lines, a
 * suite of tests excepted. Bodies of `describe` are lists, not functions.
 */
export function sizeViolations(files: readonly SourceFile[], exceptions: readonly SizeException[]): string[] {
  const excepted = new Set(exceptions.map(({ where }) => where));
  const found = files.flatMap((file) => [...fileSize(file), ...functionSizes(file)]);
  const stale = exceptions
    .filter(({ where }) => !found.some((violation) => violation.where === where))
    .map(({ where }) => `${where} no longer needs its exception: remove it`);
  return [
    ...found.filter(({ where }) => !excepted.has(where)).map(({ where, text }) => `${where} ${text}`),
    ...stale,
  ];
}

interface Violation {
  readonly where: string;
  readonly text: string;
}

function fileSize(file: SourceFile): Violation[] {
  const lines = file.text.trimEnd().split('\n').length;
  const limit = file.path.startsWith('test/') ? LIMITS.testFileLines : LIMITS.fileLines;
  return lines > limit ? [{ where: file.path, text: `has ${lines} lines, more than ${limit}` }] : [];
}

function functionSizes(file: SourceFile): Violation[] {
  return file.functions.flatMap(({ name, line, lines, ownLines, parameters }) => {
    const where = `${file.path}#${name}`;
    const isTest = file.path.startsWith('test/');
    const isList = isTest && name === 'describe';
    const isLong = ownLines > LIMITS.functionLines || (!isTest && lines > LIMITS.wholeFunctionLines);
    return [
      ...(isLong && !isList
        ? [{ where, text: `(line ${line}) has ${ownLines} lines of its own and ${lines} in all` }]
        : []),
      ...(parameters > LIMITS.parameters
        ? [{ where, text: `(line ${line}) takes ${parameters} parameters` }]
        : []),
    ];
  });
}

const DRAWERS = ['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager', 'impl'];

/** Words with two or three meanings here: see the glossary. As part of a longer name they are fine. */
const AMBIGUOUS = ['client', 'provider', 'serviceprovider', 'account', 'tenant', 'profile', 'token', 'state'];

/** File names that say nothing or are not kebab-case, and exports that are one ambiguous word. */
export function nameViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, exports }) => {
    const segments = path
      .split('/')
      .flatMap((part) => part.replace(/(\.property)?(\.test|\.contract)?\.ts$/, '').split('-'));
    const drawer = segments.find((segment) => DRAWERS.includes(segment));
    const isKebab = path
      .split('/')
      .every((part) => /^[a-z0-9]+(-[a-z0-9]+)*(\.property)?(\.test|\.contract)?(\.ts)?$/.test(part));
    const ambiguous = exports.filter((name) => AMBIGUOUS.includes(name.toLowerCase()));
    const prefixed = exports.filter((name) => /^I[A-Z][a-z]/.test(name));
    return [
      ...(drawer === undefined ? [] : [`${path} has "${drawer}" in its name, which says nothing`]),
      ...(isKebab ? [] : [`${path} is not named in kebab-case`]),
      ...ambiguous.map((name) => `${path} exports the bare word ${name}`),
      ...prefixed.map((name) => `${path} exports ${name} with an I in front`),
    ];
  });
}

/** Files that do not open with a comment on what they are for. */
export function headerViolations(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ text }) => !/^(#!.*\n)?(\/\*\*? ?\S*[\s\S]|\/\/ \S)/.test(text))
    .map(({ path }) => `${path} does not open with what it is for`);
}

/** Files with accessors in object literals: V8 keeps those of each such object in a hidden class of its own, with all they see. */
export function accessorViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, accessors }) =>
    Array<string>(accessors).fill(`${path}: an accessor in an object literal`),
  );
}
