/** Which rows a call of `npm run test:guards` asks for. */
import { parseArgs } from 'node:util';
import { cutsOf, type NamedGuard } from './guard.ts';

export interface Asked {
  /** Lines (`S45`) and names of tables; empty: all. */
  readonly only: readonly string[];
  /** Files that a row cuts; empty: all. */
  readonly files: readonly string[];
  /** Only lines whose number ends so: a tenth of all, the same each time (docs/decisions/0054). Undefined: all. */
  readonly ending: string | undefined;
}

/** Reads the arguments; throws for one that is not known. */
export function readArguments(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      file: { type: 'string', multiple: true },
      ending: { type: 'string' },
    },
  });
  const only = (values.only ?? []).flatMap((value) => value.split(','));
  return { only, files: values.file ?? [], ending: values.ending };
}

/** The rows asked for. Throws when something asked for has none: a slip of the pen would pass. */
export function select(guards: readonly NamedGuard[], asked: Asked): readonly NamedGuard[] {
  const { only, files, ending = '' } = asked;
  const unknown = [
    ...only.filter((name) => !guards.some(({ line, table }) => line === name || table === name)),
    ...files.filter((file) => !guards.some((guard) => cutsOf(guard).some((cut) => cut.file === file))),
  ];
  if (!/^\d*$/.test(ending)) unknown.push(`an ending of ${ending}`);
  if (unknown.length > 0) throw new Error(`no row for ${unknown.join(', ')}`);
  return guards.filter(
    (guard) =>
      guard.line.endsWith(ending) &&
      (only.length === 0 || only.includes(guard.line) || only.includes(guard.table)) &&
      (files.length === 0 || cutsOf(guard).some(({ file }) => files.includes(file))),
  );
}
