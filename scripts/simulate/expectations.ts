/** The scorecard: named expectations, each checked any number of times, the first failure kept with request and answer. */
import type { Exchange } from './client.ts';

/** The number of the habit in the SCIM dossier, and what a server that gets on with it promises. */
export type Expectation = readonly [line: number, promise: string];

export interface ScoreRow {
  readonly line: number;
  readonly promise: string;
  readonly checks: number;
  readonly failures: number;
  /** Absent while all checks passed. */
  readonly firstFailure?: { readonly problems: readonly string[]; readonly exchange: Exchange | undefined };
}

export interface Scorecard {
  /** Counts one check: passed when there are no problems. Answers whether it passed. */
  check(exchange: Exchange | undefined, expectation: Expectation, problems: readonly string[]): boolean;
  /** By number, then in the order of first use. */
  rows(): readonly ScoreRow[];
}

/** An empty scorecard. */
export function createScorecard(): Scorecard {
  const rows = new Map<string, ScoreRow>();
  return {
    check(exchange, [line, promise], problems) {
      const key = `${line} ${promise}`;
      const row = rows.get(key) ?? { line, promise, checks: 0, failures: 0 };
      const isPassed = problems.length === 0;
      rows.set(key, {
        ...row,
        checks: row.checks + 1,
        failures: row.failures + (isPassed ? 0 : 1),
        ...(isPassed || row.firstFailure !== undefined ? {} : { firstFailure: { problems, exchange } }),
      });
      return isPassed;
    },
    rows: () => [...rows.values()].sort((a, b) => a.line - b.line),
  };
}

/** True when there was something to check and nothing failed. */
export function isGreen(rows: readonly ScoreRow[]): boolean {
  return rows.length > 0 && rows.every(({ failures }) => failures === 0);
}

/** The scorecard as text: one line for each expectation, below each red one its first request and answer. */
export function printScorecard(title: string, rows: readonly ScoreRow[]): string {
  const passed = rows.filter(({ failures }) => failures === 0).length;
  const verdict = isGreen(rows) ? 'all held' : `${rows.length - passed} did not hold`;
  return [
    `Scorecard: ${title}`,
    ...rows.map(printRow),
    `${passed} of ${rows.length} expectations, ${sum(rows)} checks: ${verdict}.`,
  ].join('\n');
}

const sum = (rows: readonly ScoreRow[]) => rows.reduce((total, { checks }) => total + checks, 0);

function printRow({ line, promise, checks, failures, firstFailure }: ScoreRow): string {
  const count = failures === 0 ? `${checks}` : `${failures} of ${checks} failed`;
  const head = `  ${failures === 0 ? '✓' : '✗'} ${`#${line}`.padEnd(4)} ${promise} (${count})`;
  if (firstFailure === undefined) return head;
  const { problems, exchange } = firstFailure;
  const told = exchange === undefined ? [] : printExchange(exchange).split('\n');
  return [
    head,
    ...problems.map((problem) => `       ${problem}`),
    ...told.map((text) => `       ${text}`),
  ].join('\n');
}

const LONGEST_BODY = 2000;

/** A request and its answer as text. The authorization is left out, long bodies are cut. */
export function printExchange(exchange: Exchange): string {
  const headers = Object.entries(exchange.requestHeaders).map(
    ([name, value]) => `> ${name}: ${name === 'authorization' ? '(left out)' : value}`,
  );
  const body = exchange.requestBody === undefined ? [] : [`> ${cut(JSON.stringify(exchange.requestBody))}`];
  const type = exchange.headers['content-type'];
  return [
    `> ${exchange.method} ${exchange.url}`,
    ...headers,
    ...body,
    `< ${exchange.status === 0 ? 'nothing' : exchange.status}${type === undefined ? '' : ` ${type}`} after ${Math.round(exchange.ms)} ms`,
    ...(exchange.text === '' ? [] : [`< ${cut(exchange.text)}`]),
  ].join('\n');
}

const cut = (text: string) => (text.length > LONGEST_BODY ? `${text.slice(0, LONGEST_BODY)}…` : text);
