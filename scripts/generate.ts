/**
 * `npm run generate` writes every file that has another source; with `--check` it writes nothing and fails when one
 * of them is not what it would write.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { importTableAsMarkdown } from './architecture/import-table.ts';
import { configSchemaDocument, configurationPage } from './generate/configuration.ts';
import { errorsPage } from './generate/errors.ts';
import { openApiText } from './generate/openapi.ts';
import { builtInRolesAsMarkdown } from './generate/roles.ts';
import { securityPage } from './generate/security.ts';

export interface GeneratedFile {
  /** Relative to the root of the project. */
  readonly path: string;
  /** The whole file, or what stands between the marks when `section` is given. */
  readonly content: () => string;
  /** Only the part between `<!-- generated: section -->` and `<!-- end -->` is generated; the file is written by hand. */
  readonly section?: string;
}

/** Everything that is generated. A new one is one line here. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'schemas/config.schema.json', content: configSchemaDocument },
  { path: 'docs/configuration.md', content: configurationPage },
  { path: 'docs/errors.md', content: errorsPage },
  { path: 'docs/security.md', content: securityPage },
  { path: 'schemas/console-api.openapi.json', content: openApiText },
  { path: 'docs/roles.md', section: 'built-in roles', content: builtInRolesAsMarkdown },
  { path: 'ARCHITECTURE.md', section: 'imports', content: importTableAsMarkdown },
];

/** The files that differ from what would be generated, as readable lines. */
export function findDrift(root: string, files: readonly GeneratedFile[]): string[] {
  return files.flatMap((file) => {
    const wanted = wholeFile(root, file);
    if (wanted === undefined) return [];
    const isSame =
      existsSync(join(root, file.path)) && readFileSync(join(root, file.path), 'utf8') === wanted;
    return isSame ? [] : [`${file.path} is not what "npm run generate" writes`];
  });
}

/** Writes those that differ and answers their paths. */
export function writeGenerated(root: string, files: readonly GeneratedFile[]): string[] {
  const written = files.filter((file) => findDrift(root, [file]).length > 0);
  for (const file of written) {
    mkdirSync(dirname(join(root, file.path)), { recursive: true });
    writeFileSync(join(root, file.path), wholeFile(root, file) ?? '');
  }
  return written.map(({ path }) => path);
}

/** Undefined when a hand-written page is not there yet: nothing to keep up to date. Throws when its marks are gone. */
function wholeFile(root: string, { path, content, section }: GeneratedFile): string | undefined {
  const generated = content();
  if (section === undefined) return `${generated.trimEnd()}\n`;
  if (!existsSync(join(root, path))) return undefined;
  const [start, end] = [`<!-- generated: ${section} -->`, '<!-- end -->'];
  const page = readFileSync(join(root, path), 'utf8');
  const from = page.indexOf(start);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`${path} lost its marks ${start} ... ${end}`);
  return `${page.slice(0, from + start.length)}\n\n${generated.trimEnd()}\n\n${page.slice(to)}`;
}

function main(): void {
  const root = join(import.meta.dirname, '..');
  if (!process.argv.includes('--check')) {
    for (const path of writeGenerated(root, generatedFiles)) console.log(`wrote ${path}`);
    return;
  }
  const drift = findDrift(root, generatedFiles);
  for (const line of drift) console.error(line);
  if (drift.length > 0) process.exitCode = 1;
}

if (import.meta.main) main();
