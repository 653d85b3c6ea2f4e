/** Every gate of `npm run check` passes a clean project and fails on each violation it exists for. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type Gate, type GateResult, gates, report, runGate, runGates } from '../../scripts/check.ts';
import { root } from './project.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

type Files = Readonly<Record<string, string>>;

/** The smallest project that every gate accepts. It has our settings and our installed packages. */
const CLEAN: Files = {
  '.gitignore': 'node_modules\n',
  'package.json': `${JSON.stringify(
    { name: 'small', private: true, type: 'module', dependencies: { zod: '^4.0.0' } },
    undefined,
    2,
  )}\n`,
  'src/main.ts':
    "/** Runs. */\nimport { z } from 'zod';\nimport { one } from './kernel/one.ts';\n\nz.int().parse(one());\n",
  'src/kernel/one.ts': '/** One. */\n\nexport const one = (): number => 1;\n',
  'scripts/two.ts':
    "/** Two. */\nimport { one } from '../src/kernel/one.ts';\n\nconsole.log(one() + one());\n",
  'test/one.test.ts':
    "/** Tests one. */\nimport { one } from '../src/kernel/one.ts';\n\nif (one() !== 1) throw new Error('one');\n",
};

const read = (path: string) => readFileSync(join(root, path), 'utf8');

function project(planted: Files = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-gates-'));
  folders.push(folder);
  const settings = ['biome.json', 'tsconfig.json', 'knip.json'].map((path): [string, string] => [
    path,
    read(path),
  ]);
  for (const [path, text] of [...Object.entries({ ...CLEAN, ...planted }), ...settings]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** The gate as `npm run check` runs it. */
function gate(name: string): Gate {
  const found = gates.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`there is no gate ${name}`);
  return found;
}

/** What a gate wrote if it failed, so that an unexpected failure shows itself. */
const complaint = ({ isOk, output }: GateResult) => (isOk ? '' : output || 'failed without a word');

const run = (name: string, planted: Files = {}) => runGate(gate(name), project(planted));

describe('a clean project', () => {
  test.each(['format and lint', 'types', 'dead code', 'dead code in production'])(
    'passes %s',
    async (name) => {
      expect(complaint(await run(name))).toBe('');
    },
  );
});

/** One rule each: the file, its text, and the rule that must name it. */
const lint: [rule: string, path: string, text: string][] = [
  ['noExplicitAny', 'src/a1.ts', 'export const a = (b: any): void => b();\n'],
  ['noNonNullAssertion', 'src/a2.ts', 'export const a = (b: string | undefined) => b!.at(0);\n'],
  ['noDefaultExport', 'src/a3.ts', 'export default 1;\n'],
  ['noFloatingPromises', 'src/a4.ts', 'const a = async () => 1;\na();\n'],
  ['noImportCycles', 'src/a5.ts', "import { b } from './b5.ts';\nexport const a = () => b;\n"],
  ['noImportCycles', 'src/b5.ts', "import { a } from './a5.ts';\nexport const b = () => a;\n"],
  ['noBarrelFile', 'src/a6.ts', "export { one } from './kernel/one.ts';\n"],
  ['noProcessEnv', 'src/a7.ts', 'export const a = process.env.HOME;\n'],
  ['noConsole', 'src/a8.ts', "console.log('a');\n"],
  ['noEnum', 'src/a9.ts', 'export enum A {\n  B = 1,\n}\n'],
  ['useImportType', 'src/a10.ts', "import { Gate } from '../scripts/two.ts';\nexport type A = Gate;\n"],
  ['noUnusedImports', 'src/a11.ts', "import { one } from './kernel/one.ts';\n"],
  ['noFocusedTests', 'test/a12.test.ts', "test.only('a', () => {});\n"],
  ['noSkippedTests', 'test/a13.test.ts', "test.skip('a', () => {});\n"],
  ['noRestrictedImports', 'src/kernel/a14.ts', "import { a } from '../core/a.ts';\nexport const b = a;\n"],
  ['noRestrictedImports', 'src/core/a15.ts', "import type { A } from '../http/a.ts';\nexport type B = A;\n"],
  ['noRestrictedImports', 'src/core/a16.ts', "import express from 'express';\nexport const b = express;\n"],
  [
    'noRestrictedImports',
    'src/protocols/scim/a17.ts',
    "import { a } from '../../core/a.ts';\nexport const b = a;\n",
  ],
  [
    'noRestrictedImports',
    'src/storage/sqlite/a18.ts',
    "import { a } from '../../http/a.ts';\nexport const b = a;\n",
  ],
  [
    'noRestrictedImports',
    'src/http/api/a19.ts',
    "import { a } from '../../outbound/a.ts';\nexport const b = a;\n",
  ],
  [
    'noRestrictedImports',
    'src/jobs/a20.ts',
    "import { a } from '../storage/sqlite/a.ts';\nexport const b = a;\n",
  ],
  ['noExcessiveCognitiveComplexity', 'src/a21.ts', nested(7)],
  ['format', 'src/a22.ts', 'export   const a = "b"\n'],
];

function nested(depth: number): string {
  const indent = (level: number) => '  '.repeat(level + 1);
  const open = Array.from({ length: depth }, (_, level) => `${indent(level)}if (a > ${level}) {\n`).join('');
  const close = Array.from({ length: depth }, (_, level) => `${indent(depth - 1 - level)}}\n`).join('');
  return `export function f(a: number): number {\n${open}${indent(depth)}return a;\n${close}  return 0;\n}\n`;
}

describe('format and lint', () => {
  let result: Promise<GateResult> | undefined;
  const all = () => {
    const { name, command } = gate('format and lint');
    const planted = Object.fromEntries(lint.map(([, path, text]) => [path, text]));
    result ??= runGate({ name, command: [...command, '--max-diagnostics=200'] }, project(planted));
    return result;
  };

  test.each(lint)('%s is refused in %s', async (rule, path) => {
    const { isOk, output } = await all();
    expect(isOk).toBe(false);
    const headings = output.split('\n').filter((line) => line.startsWith(path));
    expect(headings.join('\n')).toMatch(new RegExp(`(/|\\s)${rule}\\b`));
  });
});

const types: [what: string, path: string, text: string][] = [
  ['an implicit any', 'src/a1.ts', 'export const a = (b) => b;\n'],
  ['a missing null check', 'src/a2.ts', 'export const a = (b: string | undefined): number => b.length;\n'],
  ['an unchecked index', 'src/a3.ts', 'export const a = (b: string[]): string => b[0];\n'],
  ['undefined for an absent key', 'src/a4.ts', 'export const a: { b?: string } = { b: undefined };\n'],
  ['syntax that Node cannot strip', 'src/a5.ts', 'export enum A {\n  B = 1,\n}\n'],
  ['an unknown module', 'test/a6.ts', "import { a } from './nowhere.ts';\nexport const b = a;\n"],
  ['a wrong argument in scripts', 'scripts/a7.ts', "Math.abs('1');\n"],
];

describe('types', () => {
  let result: Promise<GateResult> | undefined;

  test.each(types)('%s is refused', async (_what, path) => {
    result ??= run('types', Object.fromEntries(types.map(([, file, text]) => [file, text])));
    const { isOk, output } = await result;
    expect(isOk).toBe(false);
    expect(output).toContain(`${path}(`);
  });
});

describe('dead code', () => {
  test.each<[what: string, gateName: string, planted: Files, named: string]>([
    [
      'a file nobody imports',
      'dead code',
      { 'src/kernel/lost.ts': 'export const a = 1;\n' },
      'src/kernel/lost.ts',
    ],
    [
      'an export nobody uses',
      'dead code',
      { 'src/kernel/one.ts': `${CLEAN['src/kernel/one.ts']}export const lost = 1;\n` },
      'lost',
    ],
    [
      'a package that is not listed',
      'dead code',
      { 'scripts/two.ts': "import pino from 'pino';\n\npino();\n" },
      'pino',
    ],
    ['a package nobody imports', 'dead code', { 'src/main.ts': 'export {};\n' }, 'zod'],
    [
      'production code that only a test uses',
      'dead code in production',
      {
        'src/kernel/one.ts': `${CLEAN['src/kernel/one.ts']}export const onlyTested = 1;\n`,
        'test/one.test.ts':
          "import { onlyTested } from '../src/kernel/one.ts';\n\nif (onlyTested !== 1) throw Error();\n",
      },
      'onlyTested',
    ],
  ])('%s is refused', async (_what, gateName, planted, named) => {
    const { isOk, output } = await run(gateName, planted);
    expect(isOk).toBe(false);
    expect(output).toContain(named);
  });
});

/** The real project without its tests, so that a violation can be planted beside real code. */
function copy(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-copy-'));
  folders.push(folder);
  const parts = ['src', 'scripts', 'schemas', 'config', 'docs', 'test', 'package.json', 'jest.config.mjs'];
  for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

describe('generated files', () => {
  test('pass as they are committed', async () => {
    expect(complaint(await runGate(gate('generated files'), copy()))).toBe('');
  });

  test.each(['schemas/config.schema.json', 'docs/configuration.md', 'docs/errors.md'])(
    'a hand edit of %s is refused',
    async (path) => {
      const folder = copy();
      writeFileSync(join(folder, path), `${read(path)}\n`);
      const { isOk, output } = await runGate(gate('generated files'), folder);
      expect(isOk).toBe(false);
      expect(output).toContain(path);
    },
  );

  test('a setting that changed in the source alone is refused', async () => {
    const folder = copy();
    const changed = read('src/config-schema.ts').replace('Port to listen on.', 'Port.');
    writeFileSync(join(folder, 'src/config-schema.ts'), changed);
    const { isOk, output } = await runGate(gate('generated files'), folder);
    expect(isOk).toBe(false);
    expect(output).toMatch(/config\.schema\.json[\s\S]*configuration\.md/);
  });
});

describe('architecture', () => {
  test('a forbidden import, a long function and a drawer in real code are refused', async () => {
    const folder = copy();
    const long = Array.from({ length: 41 }, (_, index) => `  work(${index});`).join('\n');
    writeFileSync(join(folder, 'src/core/planted-import.ts'), "/** A. */\nimport '../http/server.ts';\n");
    writeFileSync(join(folder, 'src/core/planted-size.ts'), `/** A. */\nfunction long() {\n${long}\n}\n`);
    writeFileSync(join(folder, 'src/core/planted-utils.ts'), '/** A. */\n');
    const { isOk, output } = await runGate(gate('architecture'), folder);
    expect(isOk).toBe(false);
    for (const named of ['planted-import.ts', 'planted-size.ts#long', 'planted-utils.ts']) {
      expect(output).toContain(named);
    }
  });
});

describe('npm run check', () => {
  const quick = (name: string, status: number): Gate => ({
    name,
    command: [process.execPath, '-e', `console.log('output of ${name}'); process.exit(${status})`],
  });

  test('runs every gate although an earlier one failed, and names each', async () => {
    const missing: Gate = { name: 'missing', command: ['/nowhere/at/all'] };
    const results = await runGates([quick('first', 1), missing, quick('last', 0)], root);
    expect(results.map(({ isOk }) => isOk)).toEqual([false, false, true]);
    const text = report(results);
    expect(text).toMatch(/FAILED {2}first\nFAILED {2}missing\nok {6}last$/);
    expect(text).toContain('output of first');
    expect(text).not.toContain('output of last');
  });

  test('reads no colours, also where its surroundings force them', async () => {
    const before = process.env.FORCE_COLOR;
    process.env.FORCE_COLOR = '1';
    try {
      const { output } = await run('types', { 'src/a1.ts': 'export const a = (b) => b;\n' });
      expect(output).toContain('src/a1.ts(1,19): error');
    } finally {
      if (before === undefined) delete process.env.FORCE_COLOR;
      else process.env.FORCE_COLOR = before;
    }
  });

  test('holds the six gates', () => {
    expect(gates).toHaveLength(6);
  });
});
