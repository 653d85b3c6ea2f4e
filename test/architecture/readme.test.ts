/** Every folder of the source says in a few lines what it is for, and names no file that is not there. */
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { listSourcePaths } from '../../scripts/architecture/source-file.ts';
import { root } from './project.ts';

const LIMIT = 25;

/** Folders that hold TypeScript files, with `src` itself left out. */
function sourceFolders(base: string): string[] {
  const folders = listSourcePaths(base, ['src']).map((path) => path.slice(0, path.lastIndexOf('/')));
  return [...new Set(folders)].filter((folder) => folder !== 'src').sort();
}

function readmeProblems(base: string): string[] {
  return sourceFolders(base).flatMap((folder) => {
    const path = join(base, folder, 'README.md');
    if (!existsSync(path)) return [`${folder} has no README.md`];
    const text = readFileSync(path, 'utf8');
    const lines = text.trimEnd().split('\n').length;
    return [
      ...(lines < 3 || lines >= LIMIT ? [`${folder}/README.md has ${lines} lines`] : []),
      ...missingFiles(text, join(base, folder)).map((name) => `${folder}/README.md names ${name}`),
    ];
  });
}

/** Of `a.ts`, `a-*.ts` and `../a.ts` in the text, those that fit no file. */
function missingFiles(text: string, folder: string): string[] {
  const named = [...text.matchAll(/`((?:\.\.\/)?[^`/\s]+\.ts)`/g)].map(([, name = '']) => name);
  return named.filter((name) => globSync(name, { cwd: folder }).length === 0);
}

describe('folder READMEs', () => {
  test('the check saw the folders', () => {
    expect(sourceFolders(root).length).toBeGreaterThan(7);
  });

  test('each folder has one of 3 to 24 lines', () => {
    expect(readmeProblems(root)).toEqual([]);
  });

  test('a missing, an empty and a long one would be seen, and a file or pattern that is not there', () => {
    const base = mkdtempSync(join(tmpdir(), 'gatehouse-readme-'));
    for (const [folder, readme] of Object.entries({
      none: undefined,
      empty: '',
      long: 'x\n'.repeat(LIMIT),
      stale: 'a\n\n`a.ts`, `b.ts`, `b*.ts`',
      good: 'a\n\n`a.ts`, `*.ts`, `../good/a.ts`',
    })) {
      mkdirSync(join(base, 'src', folder), { recursive: true });
      writeFileSync(join(base, 'src', folder, 'a.ts'), '');
      if (readme !== undefined) writeFileSync(join(base, 'src', folder, 'README.md'), readme);
    }
    expect(readmeProblems(base)).toEqual([
      'src/empty/README.md has 1 lines',
      'src/long/README.md has 25 lines',
      'src/none has no README.md',
      'src/stale/README.md names b.ts',
      'src/stale/README.md names b*.ts',
    ]);
    rmSync(base, { recursive: true });
  });
});
