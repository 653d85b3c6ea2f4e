/** Which rows a call of `npm run test:guards` asks for. */
import { parseArgs } from 'node:util';
import { cutsOf, type NamedGuard } from './guard.ts';

export interface Asked {
  /** Lines (`S45`) and names of tables; empty: all. */
  readonly only: readonly string[];
  /** Files that a row cuts; empty: all. */
  readonly files: readonly string[];
}

/** Reads the arguments; throws for one that is not known. */
export function readArguments(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string', multiple: true }, file: { type: 'string', multiple: true } },
  });
  return { only: (values.only ?? []).flatMap((value) => value.split(',')), files: values.file ?? [] };
}

/** The rows asked for. Throws when something asked for has none: a slip of the pen would pass. */
export function select(guards: readonly NamedGuard[], { only, files }: Asked): readonly NamedGuard[] {
  const unknown = [
    ...only.filter((name) => !guards.some(({ line, table }) => line === name || table === name)),
    ...files.filter((file) => !guards.some((guard) => cutsOf(guard).some((cut) => cut.file === file))),
  ];
  if (unknown.length > 0) throw new Error(`no row for ${unknown.join(', ')}`);
  return guards.filter(
    (guard) =>
      (only.length === 0 || only.includes(guard.line) || only.includes(guard.table)) &&
      (files.length === 0 || cutsOf(guard).some(({ file }) => files.includes(file))),
  );
}
