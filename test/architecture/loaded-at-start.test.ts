/** What is loaded with the program: a gateway that serves SCIM alone carries no engine of the other protocols. */
import { posix } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseSource, type SourceFile } from '../../scripts/architecture/source-file.ts';
import { production } from './project.ts';

/** Loaded by the first request that needs them. Together they would be 50 MB of a process that has just started. */
const ON_DEMAND = [
  '@node-rs/argon2',
  '@node-saml/passport-saml',
  '@simplewebauthn/server',
  'jose',
  'nodemailer',
  'oidc-provider',
  'openid-client',
  'undici',
];

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Files and packages that come with `entry`, each with the file that asks for it first. */
function loadedWith(entry: string, files: readonly SourceFile[]): ReadonlyMap<string, string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const found = new Map([[entry, '']]);
  for (const path of found.keys()) {
    for (const { specifier, isTypeOnly, isDeferred } of byPath.get(path)?.imports ?? []) {
      if (isTypeOnly || isDeferred || specifier.startsWith('node:')) continue;
      const isOurs = specifier.startsWith('.');
      const target = isOurs ? posix.join(posix.dirname(path), specifier) : packageOf(specifier);
      if (!found.has(target)) found.set(target, path);
    }
  }
  return found;
}

const atStart = loadedWith('src/main.ts', production);

describe('a gateway that has served only SCIM', () => {
  test('the check saw the program', () => {
    expect(atStart.size).toBeGreaterThan(400);
    expect([...atStart.keys()]).toEqual(expect.arrayContaining(['express', 'better-sqlite3', 'zod']));
  });

  test.each(ON_DEMAND)('has not loaded %s', (name) => {
    expect(atStart.get(name)).toBeUndefined();
  });

  test('each of them is loaded by somebody', () => {
    const used = new Set(
      production.flatMap(({ imports }) => imports.map(({ specifier }) => packageOf(specifier))),
    );
    expect(ON_DEMAND.filter((name) => !used.has(name))).toEqual([]);
  });
});

test.each([
  ["import { fetch } from 'undici';", true],
  ["export { fetch } from 'undici';", true],
  ["import type { Agent } from 'undici';", false],
  ["const load = () => import('undici');", false],
])('%s loads it with the program: %s', (text, isAtStart) => {
  const files = [parseSource('src/main.ts', "import './a/b.ts';"), parseSource('src/a/b.ts', text)];
  expect(loadedWith('src/main.ts', files).has('undici')).toBe(isAtStart);
});
