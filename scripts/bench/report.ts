/** What the bench prints: ratios first, then rates, then the verdict on every target. */
import type { Result } from './runner.ts';
import type { StageResult } from './stages/stage.ts';
import { ratio } from './statistics.ts';
import type { Verdict } from './targets.ts';

/** The tables of one stage as text. Every subject is set beside the first one; a faulty one gets no figure. */
export function stageReport({ name, results, facts }: StageResult): string {
  const subjects = [...new Set(results.map(({ subject }) => subject))];
  const scenarios = [...new Set(results.map(({ scenario }) => scenario))];
  const rowsOf = (cells: (scenario: string) => string[]) =>
    scenarios.map((scenario) => [scenario, ...cells(scenario)]);
  const find = (scenario: string, subject: string | undefined) =>
    results.find((result) => result.scenario === scenario && result.subject === subject);
  const main = subjects.includes('gatehouse') ? 'gatehouse' : (subjects.at(-1) ?? '');
  const others = subjects.filter((subject) => subject !== main);
  const ratios = table(
    [`${main} beside`, ...others.flatMap((other) => [`${other}: rate`, 'CPU'])],
    rowsOf((scenario) => others.flatMap((other) => ratioCells(find(scenario, main), find(scenario, other)))),
  );
  const figures = table(
    [
      'good in this run only',
      ...subjects.flatMap((subject) => [`${subject}: /s`, 'CPU ms', 'p50 ms', 'p99 ms']),
    ],
    rowsOf((scenario) => subjects.flatMap((subject) => figureCells(find(scenario, subject)))),
  );
  const notes = results.flatMap(noteLines);
  const factLines = Object.entries(facts).map(([fact, value]) => `${fact}: ${short(value)}`);
  const parts = results.length === 0 ? [] : others.length === 0 ? [figures] : [ratios, figures];
  return [`== ${name}`, ...parts, ...notes, ...factLines].join('\n\n');
}

/** Rate as a multiple of the other one's, CPU as a multiple of the other one's. */
function ratioCells(of: Result | undefined, to: Result | undefined): string[] {
  const rate = ratio(of?.figures?.rate ?? Number.NaN, to?.figures?.rate ?? Number.NaN);
  const cpu = ratio(of?.figures?.cpuMs ?? Number.NaN, to?.figures?.cpuMs ?? Number.NaN);
  return [rate, cpu].map((value) => (Number.isNaN(value) ? '-' : `${short(value)}x`));
}

function figureCells(result: Result | undefined): string[] {
  const { figures, unitsPerOperation = 1, faults = [], skipped } = result ?? {};
  if (figures === undefined)
    return [faults.length > 0 ? 'FAULTY' : skipped === undefined ? '-' : 'skipped', '-', '-', '-'];
  return [figures.rate * unitsPerOperation, figures.cpuMs, figures.p50Ms, figures.p99Ms].map(short);
}

function noteLines({ subject, scenario, faults, skipped }: Result): string[] {
  return [
    ...faults.map((fault) => `FAULT ${subject}, ${scenario}: ${fault}`),
    ...(skipped === undefined ? [] : [`skipped ${subject}, ${scenario}: ${skipped}`]),
  ];
}

/** The verdicts as a table. */
export function targetReport(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ number, promise, bound, value, verdict }) => [
    number === 0 ? '-' : String(number),
    promise,
    bound,
    Number.isNaN(value) ? '-' : short(value),
    verdict,
  ]);
  return table(['target', 'promise', 'bound', 'found', 'verdict'], rows);
}

/** Three figures are all that such a measurement carries. */
function short(value: number): string {
  if (Number.isNaN(value)) return '-';
  return Math.abs(value) >= 100
    ? value.toFixed(0)
    : Math.abs(value) >= 10
      ? value.toFixed(1)
      : value.toFixed(2);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        /^[\d.-]+x?$/.test(cell) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}
