/**
 * `npm run test:guards`: takes each guard of `test/guards` out of a scratch copy of the project, runs the tests of its line, and
 * demands that one of them fails. `--only S45`, `--only saml-document`, `--file src/...` narrow it down; `--ending 5` takes the lines
 * whose number ends so.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cutsOf, type NamedGuard, testsOf } from './guard.ts';
import { type JestRun, openRunner, type Runner } from './jest-run.ts';
import { cutOut, type Lane, openScratch } from './lane.ts';
import { readArguments, select } from './selection.ts';
import { allGuards } from './tables.ts';
import { judge, type Verdict } from './verdict.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** A copy, and what runs tests in it. */
interface Bench {
  readonly lane: Lane;
  readonly runner: Runner;
}

/** Gives each item to the next bench that is free. */
async function onBenches<T>(
  benches: readonly Bench[],
  items: readonly T[],
  work: (bench: Bench, item: T) => Promise<void>,
) {
  const waiting = [...items];
  const drain = async (bench: Bench) => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(bench, item);
  };
  await Promise.all(benches.map(drain));
}

/** Every test file once, with all the lines that are asked of it, nothing taken out. */
async function runUntouched(benches: readonly Bench[], rows: readonly NamedGuard[]): Promise<JestRun> {
  const runs: JestRun[] = [];
  const files = [...new Set(rows.flatMap(testsOf))];
  await onBenches(benches, files, async ({ runner }, file) => {
    const lines = [...new Set(rows.filter((row) => testsOf(row).includes(file)).map(({ line }) => line))];
    runs.push(await runner.run({ lines, files: [file] }));
  });
  return { tests: runs.flatMap(({ tests }) => tests), broken: runs.flatMap(({ broken }) => broken) };
}

async function runWithout({ lane, runner }: Bench, row: NamedGuard, before: JestRun): Promise<Verdict> {
  const cuts = cutsOf(row);
  // What a process has read of a package, and where, it does not read again.
  const isOfLibrary = cuts.some(({ file }) => file.startsWith('node_modules/'));
  if (isOfLibrary) runner.forget();
  const undo = cutOut(lane, cuts);
  try {
    return judge(row.line, before, await runner.run({ lines: [row.line], files: testsOf(row) }));
  } finally {
    undo();
    if (isOfLibrary) runner.forget();
  }
}

/** `noticed      S45  src/core/x.ts  2 of 3 tests: title`. */
const shown = (row: NamedGuard, { kind, detail, noticed, ran }: Verdict): string =>
  `${kind.padEnd(12)} ${row.line.padEnd(5)} ${row.file}  ${kind === 'noticed' ? `${noticed} of ${ran}: ` : ''}${detail}`;

async function run(benches: readonly Bench[], rows: readonly NamedGuard[]): Promise<boolean> {
  const startedAt = performance.now();
  const before = await runUntouched(benches, rows);
  const red = [
    ...before.broken,
    ...before.tests.filter(({ isPassed }) => !isPassed).map(({ title }) => title),
  ];
  if (red.length > 0) {
    console.error(`red with every guard in place:\n${red.join('\n')}`);
    return false;
  }
  const missed: string[] = [];
  await onBenches(benches, rows, async (bench, row) => {
    const verdict = await runWithout(bench, row, before);
    console.log(shown(row, verdict));
    if (verdict.kind !== 'noticed') missed.push(`${shown(row, verdict)}\n  without: ${row.without}`);
  });
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const lines = new Set(rows.map(({ line }) => line)).size;
  for (const line of missed) console.error(line);
  console.log(
    `${rows.length} guards of ${lines} lines: ${rows.length - missed.length} noticed, ${missed.length} not, ${seconds} s`,
  );
  return missed.length === 0;
}

/** Each takes a copy of the project and the memory of a jest. */
const MOST_BENCHES = 8;

async function main(): Promise<void> {
  const rows = select(allGuards, readArguments(process.argv.slice(2)));
  const scratch = openScratch(ROOT, Math.min(availableParallelism(), MOST_BENCHES, rows.length));
  const benches = scratch.lanes.map((lane) => ({ lane, runner: openRunner(lane.folder) }));
  const close = () => {
    for (const { runner } of benches) runner.forget();
    scratch.close();
  };
  process.on('exit', close);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
  if (!(await run(benches, rows))) process.exitCode = 1;
  await Promise.all(benches.map(({ runner }) => runner.close()));
  close();
}

await main();
