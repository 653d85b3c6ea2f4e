/**
 * `npm run check`: every gate of the project, one line each. All of them run, also after one has failed, so that one
 * round shows everything there is to mend; the exit status is 1 if any failed.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Gate {
  readonly name: string;
  /** What to run, in the root of the project: an executable and its arguments. */
  readonly command: readonly [string, ...string[]];
}

const bin = (name: string) => join('node_modules', '.bin', name);
const node = (...parameters: string[]): Gate['command'] => [process.execPath, ...parameters];
const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];

export const gates: readonly Gate[] = [
  { name: 'format and lint', command: [bin('biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: [bin('tsc'), '--noEmit'] },
  { name: 'dead code', command: [bin('knip')] },
  { name: 'dead code in production', command: [bin('knip'), '--production'] },
  { name: 'generated files', command: node('scripts/generate.ts', '--check') },
  {
    name: 'architecture',
    command: node(
      ...JEST,
      '--silent',
      String.raw`--testPathIgnorePatterns=/test/architecture/gates\.test`,
      '--',
      'test/architecture',
    ),
  },
];

export interface GateResult {
  readonly name: string;
  readonly isOk: boolean;
  /** Everything the gate wrote, both streams in the order of arrival. */
  readonly output: string;
}

/** Whoever runs gates may force colours, as jest does in a terminal: what they write is read, and has none. */
function withoutColours(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _forced, ...surroundings } = process.env;
  return { ...surroundings, NO_COLOR: '1' };
}

/** Runs one gate in a folder. A gate that cannot be started has failed. */
export function runGate(
  { name, command: [executable, ...parameters] }: Gate,
  root: string,
): Promise<GateResult> {
  return new Promise((resolve) => {
    const output: string[] = [];
    const child = spawn(executable, parameters, {
      ...{ cwd: root, env: withoutColours() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString('utf8')));
    child.on('error', (error) => resolve({ name, isOk: false, output: error.message }));
    child.on('close', (status) => resolve({ name, isOk: status === 0, output: output.join('') }));
  });
}

/** Runs all gates side by side and answers the results in the order of the list. */
export function runGates(list: readonly Gate[], root: string): Promise<GateResult[]> {
  return Promise.all(list.map((gate) => runGate(gate, root)));
}

/** What is printed: the output of the failed gates first, then one line per gate. */
export function report(results: readonly GateResult[]): string {
  const failed = results.filter(({ isOk }) => !isOk);
  const outputs = failed.map(({ name, output }) => `--- ${name}\n${output.trim()}\n`);
  const lines = results.map(({ name, isOk }) => `${isOk ? 'ok    ' : 'FAILED'}  ${name}`);
  return [...outputs, ...lines].join('\n');
}

async function main(): Promise<void> {
  const results = await runGates(gates, join(import.meta.dirname, '..'));
  console.log(report(results));
  if (results.some(({ isOk }) => !isOk)) process.exitCode = 1;
}

if (import.meta.main) await main();
