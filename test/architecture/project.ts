/** The project as the architecture tests see it: where it is, and all its parsed sources. */
import { fileURLToPath } from 'node:url';
import { readSourceFiles } from '../../scripts/architecture/source-file.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Every TypeScript file of the project. */
export const sources = readSourceFiles(root, ['src', 'scripts', 'test']);

/** Only what runs in production. */
export const production = sources.filter(({ path }) => path.startsWith('src/'));
