/** The command lines of the simulators and the demo: what they take, what they say, with which status they end. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { helpText, readArguments } from '../../scripts/simulate/arguments.ts';
import { simulators } from '../../scripts/simulate/simulators.ts';
import { startWrongScimServer } from './wrong-scim-server.ts';

const full = ['--idp', 'okta', '--base', 'http://localhost:3000/scim/v2/dir_1', '--token', 't'];

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function runScript(script: string, ...parameters: readonly string[]): Promise<Ended> {
  const path = join(import.meta.dirname, '..', '..', 'scripts', script);
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [path, ...parameters], (_error, stdout, stderr) =>
      resolve({ status: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describe('npm run simulate', () => {
  test('needs identity provider, base and token; the rest has defaults', () => {
    expect(readArguments(full)).toEqual({
      kind: 'run',
      wish: {
        idp: 'okta',
        base: 'http://localhost:3000/scim/v2/dir_1',
        token: 't',
        users: 25,
        groups: 6,
        seed: 1,
        domain: 'simulated.example',
      },
    });
  });

  test('the token may come from the environment, so that no process list shows it', () => {
    const command = readArguments(full.slice(0, 4), { SCIM_TOKEN: 'from-environment' });
    expect(command).toMatchObject({ kind: 'run', wish: { token: 'from-environment' } });
  });

  test.each<[string, readonly string[], string]>([
    ['an unknown identity provider', [...full, '--idp', 'keycloak'], '--idp must be one of'],
    ['a name of the prototype', [...full, '--idp', 'constructor'], '--idp must be one of'],
    ['no address', [...full, '--base', 'localhost:3000'], '--base must be an http(s) URL'],
    ['too few people', [...full, '--users', '2'], '--users'],
    ['half a group', [...full, '--groups', '3.5'], '--groups'],
    ['a seed that is no number', [...full, '--seed', 'x'], '--seed'],
    ['an option nobody knows', [...full, '--frobnicate'], '--frobnicate'],
  ])('%s is a mistake that is named', (_what, parameters, problem) => {
    const command = readArguments(parameters);
    expect(command.kind).toBe('mistake');
    expect(command.kind === 'mistake' && command.problems.join()).toContain(problem);
  });

  test('all mistakes are named at once', () => {
    expect(readArguments([])).toMatchObject({ kind: 'mistake', problems: { length: 3 } });
  });

  test('the help names every identity provider and option', () => {
    for (const word of [...Object.keys(simulators), '--base', '--token', '--users', '--groups', '--seed']) {
      expect(helpText).toContain(word);
    }
  });

  test('--help ends with 0, a mistake with 2, a red scorecard with 1', async () => {
    expect(await runScript('simulate/main.ts', '--help')).toMatchObject({
      status: 0,
      stdout: `${helpText}\n`,
    });
    const mistaken = await runScript('simulate/main.ts', '--idp', 'nobody');
    expect(mistaken).toMatchObject({ status: 2, stderr: expect.stringContaining('--help') });
    const server = await startWrongScimServer();
    const red = await runScript('simulate/main.ts', '--idp', 'okta', '--base', server.base, '--token', 't');
    await server.close();
    expect(red).toMatchObject({ status: 1, stdout: expect.stringContaining('✗ #5') });
  });
});

describe('npm run demo', () => {
  test('--help ends with 0 and starts nothing', async () => {
    const { status, stdout } = await runScript('demo/main.ts', '--help');
    expect(status).toBe(0);
    expect(stdout).toContain('--exit');
  });
});
