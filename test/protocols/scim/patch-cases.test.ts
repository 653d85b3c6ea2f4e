/** The 80 experiments of the SCIM dossier, each with the behaviour that is right; those on members have a file of their own. */
import { describe, expect, test } from '@jest/globals';
import { applyPatch, parsePatch } from '../../../src/protocols/scim/patch.ts';
import type { ScimObject } from '../../../src/protocols/scim/schema.ts';
import { add, PATCH_OP, patch, remove, replace, user, userType, withChanges } from './patch-documents.ts';
import { experiments } from './patch-experiments.ts';

describe('PATCH experiments on a user', () => {
  test.each(experiments)('$title', ({ stored, operations, gives, tolerates }) => {
    const before = withChanges(user, stored ?? {}) as ScimObject;
    const result = patch(before, operations);
    expect(result.resource).toEqual(withChanges(before, gives));
    expect(result.changed).toBe(Object.keys(gives).length > 0);
    if (tolerates !== undefined) {
      expect([...result.tolerances].sort()).toEqual([...tolerates].sort());
    }
  });
});

const refusals: readonly (readonly [string, string, unknown])[] = [
  ['P53 remove the required userName', 'invalid_value', remove('userName')],
  ['P54 replace the read-only id', 'mutability', replace('id', 'x')],
  ['P57 remove without a path', 'no_target', { op: 'remove' }],
  ['P58 Remove without a path', 'no_target', { op: 'Remove', value: 'x' }],
  ['P59 add without a value', 'invalid_value', { op: 'add', path: 'title' }],
  ['P60 replace without a value', 'invalid_value', { op: 'replace', path: 'title' }],
  ['P69 a prototype as path', 'invalid_path', add('__proto__.polluted', 'yes')],
  [
    'P70 a prototype as key',
    'invalid_path',
    { op: 'add', value: { 'constructor.prototype.polluted': 'yes' } },
  ],
  ['P73 a text for a name', 'invalid_value', add('name', 'Anna')],
  ['P74 a text for a list of objects', 'invalid_value', replace('emails', 'x')],
  ['P75 a path that does not end', 'invalid_path', remove('emails[type eq')],
];

describe('PATCH experiments that are refused', () => {
  test.each(refusals)('%s', (_title, code, operation) => {
    const before = structuredClone(user);
    // P71, P72: the first operation is fine; when the second fails, nothing of the caller's has changed.
    const act = () => patch(user, [replace('title', 'CTO'), operation]);
    expect(act).toThrow(expect.objectContaining({ code }));
    expect(user).toEqual(before);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('P71 a failing second operation discards the first', () => {
    expect(() => patch(user, [replace('title', 'CTO'), replace('active', 'maybe')])).toThrow(
      expect.objectContaining({ code: 'invalid_value', field: 'Operations[1].active' }),
    );
    expect(user.title).toBe('Engineer');
  });

  test('P72 the resource passed in is never the one returned', () => {
    const before = structuredClone(user);
    const { resource } = patch(user, [replace('emails[type eq "work"].value', 'n@x.com')]);
    expect(resource).not.toBe(user);
    expect(user).toEqual(before);
  });
});

describe('PATCH experiments on the envelope', () => {
  test.each([
    ['P77 schemas absent', { Operations: [replace('title', 'CTO')] }, 'schemas_missing'],
    [
      'P77 schemas of something else',
      { schemas: ['urn:a'], Operations: [replace('title', 'CTO')] },
      'schemas_missing',
    ],
    [
      'P78 operations in lower case',
      { schemas: [PATCH_OP], operations: [replace('title', 'CTO')] },
      'attribute_case',
    ],
  ])('%s is tolerated and reported', (_title, body, tolerance) => {
    const result = applyPatch(user, parsePatch(body), userType);
    expect(result.resource).toEqual({ ...user, title: 'CTO' });
    expect(result.tolerances).toContain(tolerance);
  });
});
