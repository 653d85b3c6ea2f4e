/** Who may import whom. The one table behind the import test, the lint rules of `biome.json`, and ARCHITECTURE.md. */

export interface Ring {
  /** Path prefix of its files; the longest prefix that fits a file decides. */
  readonly folder: string;
  /** Path prefixes it may import from besides itself. */
  readonly mayImport: readonly string[];
  /** Path prefixes from which it may import types only. */
  readonly mayImportTypes?: readonly string[];
  /** npm packages it may import, or `any`. */
  readonly packages: readonly string[] | 'any';
  /** Node's own modules it may import, or `any`. */
  readonly builtins: readonly string[] | 'any';
  /** True for code that gets time, chance, settings and the network as parameters. */
  readonly isPure: boolean;
  /** Why, where the row is not self-evident. */
  readonly because?: string;
}

/** Computing, not reaching out: what pure code may take from Node. */
const COMPUTING = ['node:buffer', 'node:crypto', 'node:net', 'node:url', 'node:util'];

export const importTable: readonly Ring[] = [
  {
    folder: 'src/kernel/',
    mayImport: [],
    packages: ['pino'],
    builtins: 'any',
    isPure: false,
    because: 'log.ts wraps pino, so that nothing else needs to know the log library',
  },
  {
    folder: 'src/protocols/scim/',
    mayImport: ['src/kernel/', 'schemas/scim/'],
    packages: ['zod'],
    builtins: COMPUTING,
    isPure: true,
    because: 'the published SCIM schema documents drive the engine',
  },
  {
    folder: 'src/protocols/saml/',
    mayImport: ['src/kernel/'],
    packages: ['saxes', 'zod'],
    builtins: [...COMPUTING, 'node:zlib'],
    isPure: true,
    because: 'the redirect binding deflates its messages',
  },
  {
    folder: 'src/protocols/oidc/',
    mayImport: ['src/kernel/'],
    packages: ['jose', 'zod'],
    builtins: COMPUTING,
    isPure: true,
  },
  {
    folder: 'src/core/',
    mayImport: ['src/kernel/'],
    packages: [],
    builtins: COMPUTING,
    isPure: true,
    because: 'no Express, no SQL, no XML, no mongoose, no process, no clock of its own',
  },
  {
    folder: 'src/storage/sqlite/',
    mayImport: ['src/kernel/', 'src/core/entities/'],
    mayImportTypes: ['src/core/'],
    packages: ['better-sqlite3'],
    builtins: 'any',
    isPure: false,
  },
  {
    folder: 'src/storage/',
    mayImport: ['src/kernel/'],
    mayImportTypes: ['src/core/'],
    packages: [],
    builtins: COMPUTING,
    isPure: true,
    because: 'decorators wrap the port and know no engine',
  },
  {
    folder: 'src/outbound/',
    mayImport: ['src/kernel/'],
    mayImportTypes: ['src/core/'],
    packages: ['@node-rs/argon2', '@simplewebauthn/server', 'ipaddr.js', 'nodemailer', 'otpauth', 'undici'],
    builtins: 'any',
    isPure: false,
  },
  {
    folder: 'src/http/',
    mayImport: ['src/kernel/', 'src/core/', 'src/protocols/', 'schemas/'],
    packages: [
      '@node-saml/passport-saml',
      'csv-parse',
      'express',
      'helmet',
      'jose',
      'oidc-provider',
      'openid-client',
      'passport',
      'passport-local',
      'piscina',
      'uqr',
      'zod',
    ],
    builtins: 'any',
    isPure: false,
    because: 'never storage or outbound: those arrive as ports',
  },
  {
    folder: 'src/jobs/',
    mayImport: ['src/kernel/', 'src/core/'],
    packages: [],
    builtins: COMPUTING,
    isPure: true,
  },
  {
    folder: 'src/config',
    mayImport: ['src/kernel/', 'config/'],
    mayImportTypes: ['src/core/'],
    packages: ['zod'],
    builtins: 'any',
    isPure: false,
    because: 'config.ts is the only file that knows environment variables',
  },
  { folder: 'src/app.ts', mayImport: ['src/'], packages: 'any', builtins: 'any', isPure: false },
  {
    folder: 'src/main.ts',
    mayImport: ['src/', 'package.json'],
    packages: 'any',
    builtins: 'any',
    isPure: false,
  },
  {
    folder: 'scripts/',
    mayImport: ['src/', 'test/support/', 'test/guards/', 'schemas/', 'config/'],
    packages: 'any',
    builtins: 'any',
    isPure: false,
    because:
      'the demo runs the bundled identity providers of test/support; test/guards are the tables of test:guards',
  },
  {
    folder: 'test/',
    mayImport: ['src/', 'scripts/', 'schemas/', 'config/', 'package.json', 'biome.json'],
    packages: 'any',
    builtins: 'any',
    isPure: false,
    because: 'nothing in src imports test',
  },
];

/** Files that wire everything, and who may import them although others may not. */
export const compositionRoots: readonly { file: string; importers: readonly string[] }[] = [
  { file: 'src/main.ts', importers: [] },
  { file: 'src/app.ts', importers: ['src/main.ts', 'test/', 'scripts/'] },
  { file: 'src/config.ts', importers: ['src/main.ts', 'src/app.ts', 'test/', 'scripts/'] },
];

/** The table as Markdown, for ARCHITECTURE.md. */
export function importTableAsMarkdown(): string {
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');
  const rows = importTable.map((ring) => {
    const types = ring.mayImportTypes === undefined ? '' : `; types of ${code(ring.mayImportTypes)}`;
    const own = ring.mayImport.length === 0 ? 'nothing of ours' : code(ring.mayImport);
    const packages = ring.packages === 'any' ? 'any' : code(ring.packages) || 'none';
    const builtins = ring.builtins === 'any' ? 'any' : code(ring.builtins);
    const notes = [ring.isPure ? 'pure' : '', ring.because ?? ''].filter((note) => note !== '').join('; ');
    return `| \`${ring.folder}\` | ${own}${types} | ${packages} | ${builtins} | ${notes} |`;
  });
  return [
    '| folder | may import | npm packages | Node modules | notes |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
