/** Generated files and generated parts of hand-written pages are kept equal to their source. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findDrift, type GeneratedFile, generatedFiles, writeGenerated } from '../../scripts/generate.ts';
import { root } from './project.ts';

const whole: GeneratedFile = { path: 'docs/a.md', content: () => 'new\n\n' };
const part: GeneratedFile = { path: 'PAGE.md', section: 'table', content: () => 'new' };
const page = (inner: string) =>
  `# By hand\n\n<!-- generated: table -->\n\n${inner}\n\n<!-- end -->\n\nBy hand too.\n`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-generate-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('generated files', () => {
  test('those of this project are up to date', () => {
    expect(generatedFiles.length).toBeGreaterThan(3);
    expect(findDrift(root, generatedFiles)).toEqual([]);
  });

  test('a missing file is drift, is written once, and then is none', () => {
    expect(findDrift(folder, [whole])).toHaveLength(1);
    expect(writeGenerated(folder, [whole])).toEqual(['docs/a.md']);
    expect(readFileSync(join(folder, 'docs/a.md'), 'utf8')).toBe('new\n');
    expect(writeGenerated(folder, [whole])).toEqual([]);
  });

  test('only the marked part of a page is replaced', () => {
    writeFileSync(join(folder, 'PAGE.md'), page('old'));
    expect(writeGenerated(folder, [part])).toEqual(['PAGE.md']);
    expect(readFileSync(join(folder, 'PAGE.md'), 'utf8')).toBe(page('new'));
    expect(findDrift(folder, [part])).toEqual([]);
  });

  test('a page that lost its marks is an error, not a page without drift', () => {
    writeFileSync(join(folder, 'PAGE.md'), '# By hand\n');
    expect(() => findDrift(folder, [part])).toThrow('lost its marks');
  });
});
