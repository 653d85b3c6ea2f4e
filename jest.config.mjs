// Jest in ES-module mode; swc strips the types (TypeScript 7 has no compiler API for ts-jest).

/**
 * Long histories, crash tests, whole processes, the gates' own tests, and the whole surfaces of management API and sign-in:
 * `npm run test:long`. The rest is `npm test`, quick enough for every change. CI runs all. Naming a path runs it,
 * whichever of the two it belongs to.
 */
const LONG = [
  '/test/architecture/',
  '/test/process/',
  '/test/scripts/',
  '/test/contract/',
  '/test/core/(?:members/counters|directory/identity-histories|races/)',
  '/test/http/(?:credential-changes|password-limits|password-crowd)',
  '/test/http/(?:api|saml|oidc|provider|policy|sessions)/',
  '/test/http/scim/(?:fuzz|model|bulk-references|large-answers)',
  '/test/protocols/saml/(?:attacks|mutations)',
  '/test/protocols/scim/patch-fuzz',
];

/** These need programs of Debian, which `.ci/run` installs: `npm run test:counterparts`. */
const COUNTERPARTS = '/test/counterparts/';
/** These need a Chromium: `npm run test:browser`. */
const BROWSER = '/test/browser/';
/**
 * Again with every transaction run twice, the first time in vain (docs/decisions/0041): `npm run test:twice`. Without those that
 * mostly read, or do the same hundreds of times; test/core runs so at all times.
 */
const ALIKE =
  'audit-chain|authorization|bulk|csv|cursors|doors|fuzz|large-answers|metadata|model|openapi|query|quick-text|recorder|reprojections|sorting';
const TWICE = `/test/http/(?:api|scim)/(?!.*(?:${ALIKE}))`;

/** Below this folder, whatever the folders above it are called. */
const ROOT = import.meta.dirname.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
const below = (path) => `^${ROOT}${path}`;

const isPathNamed = process.argv.slice(2).some((argument) => argument.startsWith('test/'));
const part = isPathNamed ? 'all' : (process.env.GATEHOUSE_TESTS ?? 'all');

export default {
  testEnvironment: 'node',
  // Jest leaves one core idle by default, which on two cores is half of them.
  maxWorkers: '100%',
  // A slow machine is not a failing test: the limit only ends what hangs. No test has one of its own that is shorter.
  testTimeout: 1_200_000,
  ...testsOf(part),
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2024',
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};

function testsOf(wanted) {
  if (wanted === 'long') return { testRegex: LONG.map((path) => below(`${path}.*\\.test\\.ts$`)) };
  if (wanted === 'twice') return { testRegex: [below(`${TWICE}.*\\.test\\.ts$`)] };
  if (wanted === 'browser') return { testRegex: [below(`${BROWSER}.*\\.test\\.ts$`)] };
  if (wanted === 'counterparts') return { testRegex: [below(`${COUNTERPARTS}.*\\.test\\.ts$`)] };
  const left = wanted === 'quick' ? [...LONG, COUNTERPARTS, BROWSER].map(below) : [];
  return { testMatch: ['<rootDir>/test/**/*.test.ts'], testPathIgnorePatterns: left };
}
