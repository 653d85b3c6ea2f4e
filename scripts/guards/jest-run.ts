/** Runs the tests of some lines in a scratch copy and reads what became of each. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Lane } from './lane.ts';

/** One test that ran: not one that was passed over. */
export interface TestOutcome {
  /** Path of its file from the root. */
  readonly file: string;
  /** With the titles of the groups around it. */
  readonly title: string;
  readonly isPassed: boolean;
  /** The first line of the failure; empty for a test that passed. */
  readonly failure: string;
}

export interface JestRun {
  readonly tests: readonly TestOutcome[];
  /** Files that could not start, or the whole run, each with the reason. */
  readonly broken: readonly string[];
}

export interface Wanted {
  readonly lines: readonly string[];
  readonly files: readonly string[];
}

/** A run that has not ended by then hangs. */
const LONGEST_MILLISECONDS = 300_000;

const reportShape = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullable(),
        }),
      ),
    }),
  ),
});

/** What carries one of these numbers in its title: `S4` is not in `S45`. */
export const titlePattern = (lines: readonly string[]): string => String.raw`\b(?:${lines.join('|')})\b`;

/** Runs the tests of these lines in these files, one file after the other. Never throws for what the tests do. */
export async function runTests(lane: Lane, { lines, files }: Wanted): Promise<JestRun> {
  const report = join(lane.folder, 'guards-report.json');
  rmSync(report, { force: true });
  const said = await jest(lane.folder, [
    '--runInBand',
    '--json',
    `--outputFile=${report}`,
    `--testNamePattern=${titlePattern(lines)}`,
    '--runTestsByPath',
    ...files,
  ]);
  try {
    return readReport(lane.folder, JSON.parse(readFileSync(report, 'utf8')));
  } catch {
    return { tests: [], broken: [said.trim().slice(-2000) || 'jest left no report'] };
  }
}

/** Reads the report that jest writes with `--json`; paths in it are below `folder`. */
export function readReport(folder: string, report: unknown): JestRun {
  const results = reportShape.parse(report).testResults;
  return {
    tests: results.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'passed' || status === 'failed')
        .map(({ fullName, status, failureMessages }) => ({
          file: name.slice(folder.length + 1),
          title: fullName,
          isPassed: status === 'passed',
          failure: firstLine(failureMessages?.[0] ?? ''),
        })),
    ),
    broken: results
      .filter(({ assertionResults, message }) => assertionResults.length === 0 && message !== '')
      .map(({ name, message }) => `${name.slice(folder.length + 1)}: ${plain(message).slice(0, 1000)}`),
  };
}

const plain = (text: string): string =>
  text.replace(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');
const firstLine = (text: string): string => plain(text).trim().split('\n')[0] ?? '';

function jest(folder: string, parameters: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        'node_modules/jest/bin/jest.js',
        ...parameters,
      ],
      {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: LONGEST_MILLISECONDS,
        killSignal: 'SIGKILL',
      },
    );
    const said: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString('utf8')));
    child.on('error', (error) => resolve(error.message));
    child.on('close', () => resolve(said.join('')));
  });
}
