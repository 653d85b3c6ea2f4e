/** Runs the tests of some lines in a scratch copy and reads what became of each. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { innermost, isAssertion } from './assertion.ts';

/** One test that ran: not one that was passed over. */
export interface TestOutcome {
  /** Path of its file from the root. */
  readonly file: string;
  /** With the titles of the groups around it. */
  readonly title: string;
  readonly isPassed: boolean;
  /** The first line of the failure, of its cause where it has one; empty for a test that passed. */
  readonly failure: string;
  /** It failed on an assertion of its own. */
  readonly isNotice: boolean;
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

/** A run that has not ended by then hangs: longer than jest allows a single test, so that a slow machine is not taken for one. */
const LONGEST_MILLISECONDS = 1_800_000;

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

/** What may say one of these lines in its title, and every range: which lines a range has, `judge` sees. `S4` is not in `S45`. */
export const titlePattern = (lines: readonly string[]): string =>
  String.raw`\b(?:${lines.join('|')}|S\d+-S\d+)\b`;

/** Runs tests in one scratch copy, one run at a time. */
export interface Runner {
  /** The tests of these lines in these files, one file after the other. Never throws for what the tests do. */
  readonly run: (wanted: Wanted) => Promise<JestRun>;
  /** Ends the process; the next run begins with a new one, which has read nothing yet. */
  readonly forget: () => void;
  /** The same, and waits until the process is gone: until then it may write into its folder. */
  readonly close: () => Promise<void>;
}

/** Tests leave memory behind; then a new process is quicker. */
const RUNS_OF_A_PROCESS = 15;

export function openRunner(folder: string): Runner {
  let child: ChildProcess | undefined;
  let runs = 0;
  const forget = () => {
    child?.kill('SIGKILL');
    child = undefined;
    runs = 0;
  };
  const run = async ({ lines, files }: Wanted): Promise<JestRun> => {
    if (child?.connected !== true || runs >= RUNS_OF_A_PROCESS) forget();
    child ??= startJest(folder);
    runs += 1;
    const report = join(folder, 'guards-report.json');
    rmSync(report, { force: true });
    const said = await tell(child, [
      ...['--runInBand', '--json', `--outputFile=${report}`],
      ...[`--testNamePattern=${titlePattern(lines)}`, '--runTestsByPath', ...files],
    ]);
    try {
      return readReport(folder, JSON.parse(readFileSync(report, 'utf8')));
    } catch {
      forget();
      return { tests: [], broken: [plain(said).trim().slice(-2000) || 'jest left no report'] };
    }
  };
  const close = async (): Promise<void> => {
    const last = child;
    forget();
    if (last?.exitCode === null && last.signalCode === null) await once(last, 'exit');
  };
  return { run, forget, close };
}

/** Reads the report that jest writes with `--json`; paths in it are below `folder`. */
export function readReport(folder: string, report: unknown): JestRun {
  const results = reportShape.parse(report).testResults;
  return {
    tests: results.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'passed' || status === 'failed')
        .map(({ fullName, status, failureMessages }) => {
          const message = plain(failureMessages?.[0] ?? '').trim();
          return {
            file: name.slice(folder.length + 1),
            title: fullName,
            isPassed: status === 'passed',
            failure: innermost(message).split('\n')[0] ?? '',
            isNotice: isAssertion(message, join(folder, 'test')),
          };
        }),
    ),
    broken: results
      .filter(({ assertionResults, message }) => assertionResults.length === 0 && message !== '')
      .map(({ name, message }) => `${name.slice(folder.length + 1)}: ${plain(message).slice(0, 1000)}`),
  };
}

const plain = (text: string): string =>
  text.replace(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');

function startJest(folder: string): ChildProcess {
  const { GATEHOUSE_TESTS: _part, ...env } = process.env;
  return fork(join(folder, 'scripts/guards/jest-process.ts'), [], {
    ...{ cwd: folder, env },
    execArgv: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** Hands over one run and waits for its end, or for that of the process. Answers what was written meanwhile. */
function tell(child: ChildProcess, parameters: readonly string[]): Promise<string> {
  const said: string[] = [];
  const hear = (chunk: Buffer) => said.push(chunk.toString('utf8'));
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_MILLISECONDS);
  return new Promise<string>((resolve) => {
    const end = () => resolve(said.join(''));
    child.stderr?.on('data', hear);
    child.once('message', end).once('exit', end);
    child.send([...parameters], (error) => error && end());
  }).finally(() => {
    clearTimeout(timer);
    child.stderr?.off('data', hear);
    child.removeAllListeners('message').removeAllListeners('exit');
  });
}
