/** Every code that a SCIM request can end with is explained, with a screen of every identity provider we know. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import errors from '../../../schemas/errors.json' with { type: 'json' };
import { explainFailure } from '../../../src/core/directory/scim-failures.ts';
import { DIRECTORY_KINDS } from '../../../src/core/entities/directory.ts';
import type { RecordedFailure } from '../../../src/core/entities/recorder.ts';
import type { ErrorCode } from '../../../src/kernel/errors.ts';

const root = new URL('../../../', import.meta.url);
const isCode = (text: string): text is ErrorCode => Object.hasOwn(errors, text);

const FOLDERS = ['src/protocols/scim', 'src/http/scim', 'src/storage/sqlite'];
const FILES = [
  'directory/directories',
  'directory/directory-users',
  'directory/directory-groups',
  'directory/group-members',
  'members/memberships',
  'access/role-projection',
  'access/grants',
].map((name) => `src/core/${name}.ts`);

/** The codes named anywhere in the sources a SCIM request runs through. */
function codesInSources(): readonly ErrorCode[] {
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  );
  const texts = [
    ...paths,
    ...FILES,
    'src/http/json-body.ts',
    'src/kernel/json.ts',
    'src/http/errors/error-table.ts',
  ];
  const found = texts.flatMap((path) =>
    [...readFileSync(new URL(path, root), 'utf8').matchAll(/GatehouseError\(\s*'(\w+)'/g)].map(
      (match) => match[1] ?? '',
    ),
  );
  return [...new Set(found)].filter(isCode).sort();
}

const failureOf = (code: ErrorCode, field: string | null = null): RecordedFailure => ({
  code,
  scimType: null,
  detail: 'x',
  field,
});

const explained = codesInSources();
const KNOWN = DIRECTORY_KINDS.filter((kind) => kind !== 'generic');

describe('explanations', () => {
  test('the sources were read', () => {
    expect(explained.length).toBeGreaterThanOrEqual(18);
  });

  test.each([...new Set([...explained, 'too_many_requests' as const, 'seats_exhausted' as const])])(
    '%s says what happened and what to do',
    (code) => {
      const { cause, where } = explainFailure(failureOf(code), '/Users');
      expect(cause).not.toContain('not expected');
      expect(cause).toMatch(/^[A-Z].{30,}\.$/);
      const screens = Object.keys(where);
      expect([0, KNOWN.length]).toContain(screens.length);
      if (!['internal', 'plan_lacks'].includes(code)) expect(screens.sort()).toEqual([...KNOWN].sort());
    },
  );

  test.each(Object.keys(errors).filter(isCode))('%s has at least a sentence', (code) => {
    expect(explainFailure(failureOf(code), '/Users').cause.length).toBeGreaterThan(30);
  });

  test.each([
    ['already_exists', 'userName', '/Users', /same user name/],
    ['already_exists', 'emails', '/Users', /adoption policy/],
    ['not_found', null, '/Users/du_1', /assign it again/],
    ['not_found', null, '/Groups/dg_1', /group that is not here/],
    ['not_found', null, '/scim/Users', /base URL/],
    ['not_found', null, '/Usersx', /base URL/],
    ['invalid_value', 'members', '/Groups/dg_1', /member that this directory has not pushed/],
    ['invalid_value', 'emails', '/Users', /wrong form/],
  ] as const)('%s of %s at %s is told more exactly', (code, field, path, expected) => {
    expect(explainFailure(failureOf(code, field), path).cause).toMatch(expected);
  });
});
