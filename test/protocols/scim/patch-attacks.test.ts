/** Attacks on the PATCH and body engines: prototype pollution by every door, and input made to be slow. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { parsePatch } from '../../../src/protocols/scim/patch.ts';
import { readResource } from '../../../src/protocols/scim/resource-input.ts';
import type { ScimObject } from '../../../src/protocols/scim/schema.ts';
import { add, CUSTOM, ENT, group, groupType, patch, user, userType } from './patch-documents.ts';

const names = ['__proto__', 'constructor', 'prototype', '__PROTO__'];

/** Every place in a PATCH operation where a client writes a name. */
const doors: readonly (readonly [string, (name: string) => unknown])[] = [
  ['path', (name) => add(`${name}.polluted`, 'yes')],
  ['path alone', (name) => add(name, { polluted: 'yes' })],
  ['path constructor.prototype', (name) => add(`${name}.prototype`, { polluted: 'yes' })],
  ['sub-attribute of a path', (name) => add(`name.${name}`, { polluted: 'yes' })],
  ['sub-attribute behind a filter', (name) => add(`emails[type eq "work"].${name}`, 'yes')],
  ['attribute of a filter', (name) => add(`emails[${name} eq "x"].value`, 'yes')],
  ['path below an extension', (name) => add(`${ENT}:${name}.polluted`, 'yes')],
  ['path below an unknown URN', (name) => add(`urn:x:${name}:polluted`, 'yes')],
  ['key', (name) => ({ op: 'add', value: JSON.parse(`{"${name}": {"polluted": "yes"}}`) })],
  ['dotted key', (name) => ({ op: 'add', value: { [`${name}.polluted`]: 'yes' } })],
  [
    'key of an extension',
    (name) => ({ op: 'add', value: { [ENT]: JSON.parse(`{"${name}": {"polluted": "yes"}}`) } }),
  ],
  ['key of a complex value', (name) => add('name', JSON.parse(`{"${name}": {"polluted": "yes"}}`))],
  [
    'key of an element',
    (name) => add('emails', [JSON.parse(`{"value": "x", "${name}": {"polluted": "yes"}}`)]),
  ],
  [
    'key of an unknown attribute',
    (name) => add('shoeSize', JSON.parse(`{"a": [{"${name}": {"polluted": "yes"}}]}`)),
  ],
  [
    'key of the operation',
    (name) => JSON.parse(`{"op": "add", "path": "title", "value": "x", "${name}": {"polluted": "yes"}}`),
  ],
];

describe('S120 no name reaches a prototype', () => {
  afterEach(() => {
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(Reflect.get([], 'polluted')).toBeUndefined();
    expect(Reflect.get(Object, 'polluted')).toBeUndefined();
  });

  test.each(doors.flatMap(([door, operation]) => names.map((name) => [door, name, operation] as const)))(
    '%s: %s',
    (_door, name, operation) => {
      expect(() => patch(user, [operation(name)])).toThrow(expect.objectContaining({ code: 'invalid_path' }));
    },
  );

  test('the key of an envelope', () => {
    const body: unknown = JSON.parse(
      '{"Operations": [{"op": "remove", "path": "title"}], "__proto__": {"polluted": "yes"}}',
    );
    expect(() => parsePatch(body)).toThrow(expect.objectContaining({ code: 'invalid_path' }));
  });

  test('a member of a group', () => {
    const member: unknown = JSON.parse('{"value": "1", "__proto__": {"type": "Group"}}');
    expect(() => patch(group, [add('members', [member])], groupType)).toThrow(
      expect.objectContaining({ code: 'invalid_path' }),
    );
  });

  test('such a word as a value is only text', () => {
    const operations = [add('title', '__proto__'), add('emails[type eq "constructor"].value', 'prototype')];
    const { resource } = patch(user, operations);
    expect(resource.title).toBe('__proto__');
    expect(resource.emails).toContainEqual({ type: 'constructor', value: 'prototype' });
  });

  test('names of Object.prototype are no attributes', () => {
    const operations = ['toString', 'hasOwnProperty', 'valueOf', 'name.toString'].map((name) =>
      add(name, 'x'),
    );
    expect(patch(user, operations).changed).toBe(false);
    expect(
      readResource({ userName: 'a', toString: 'x', name: { valueOf: 1 } }, userType, { mode: 'create' })
        .resource,
    ).toEqual({
      userName: 'a',
    });
  });

  test('results have no prototype either, all the way down', () => {
    const plain = JSON.parse(JSON.stringify(user)) as ScimObject;
    const { resource } = patch(plain, [add(`${CUSTOM}:level`, 1)]);
    for (const value of [
      resource,
      resource.name,
      resource[ENT],
      resource[CUSTOM],
      ...[resource.emails].flat(),
    ]) {
      expect('toString' in Object(value)).toBe(false);
    }
  });
});

describe('bounds of a PATCH', () => {
  const operations = (count: number) => Array.from({ length: count }, () => add('title', 'x'));

  test.each([
    ['no object', [], 'invalid_syntax'],
    ['a text', 'x', 'invalid_syntax'],
    ['nothing', undefined, 'invalid_syntax'],
    ['no operations', {}, 'invalid_syntax'],
    ['operations as object', { Operations: {} }, 'invalid_syntax'],
    ['an empty list', { Operations: [] }, 'invalid_syntax'],
    ['an operation that is null', { Operations: [null] }, 'invalid_syntax'],
    ['an operation that is a list', { Operations: [[]] }, 'invalid_syntax'],
    ['no op', { Operations: [{ path: 'title', value: 'x' }] }, 'invalid_syntax'],
    ['op move', { Operations: [{ op: 'move', path: 'title' }] }, 'invalid_syntax'],
    ['op as number', { Operations: [{ op: 1 }] }, 'invalid_syntax'],
    ['schemas as text', { schemas: 'x', Operations: operations(1) }, 'invalid_syntax'],
    ['schemas of numbers', { schemas: [1], Operations: operations(1) }, 'invalid_syntax'],
    ['1 001 operations', { Operations: operations(1001) }, 'too_many'],
    ['20 001 members', { Operations: [add('members', Array(20_001).fill({ value: 'x' }))] }, 'invalid_value'],
    ['a text of 70 kB', { Operations: [add('title', 'x'.repeat(70_000))] }, 'invalid_value'],
  ])('%s', (_title, body, code) => {
    expect(() => parsePatch(body)).toThrow(expect.objectContaining({ name: 'GatehouseError', code }));
  });

  test('1 000 operations are taken', () => {
    expect(parsePatch({ Operations: operations(1000) })).toHaveLength(1000);
  });

  test('a list grows to 1 000 values and no further, step by step', () => {
    const roles = Array.from({ length: 1000 }, (_, index) => ({ value: `r${index}` }));
    const { resource } = patch(user, [add('roles', roles)]);
    expect(resource.roles).toHaveLength(1000);
    expect(() => patch(resource, [add('roles', { value: 'one more' })])).toThrow(
      expect.objectContaining({ code: 'invalid_value' }),
    );
    expect(() => patch(resource, [add('roles[value eq "one more"].type', 'x')])).toThrow(
      expect.objectContaining({ code: 'invalid_value' }),
    );
  });

  test.each([
    ['adds', () => add('roles', { value: 'x' })],
    ['filters', (index: number) => add(`roles[value eq "r${index}"].display`, 'd')],
    ['long filters', () => add(`roles[${'not (value co "zz") and '.repeat(90)}value pr].display`, 'd')],
  ])('S127 1 000 %s over a list of 900 are too much for one request', (_name, operation) => {
    const roles = Array.from({ length: 900 }, (_, index) => ({ value: `r${index}` }));
    const { resource } = patch(user, [add('roles', roles)]);
    const many = Array.from({ length: 1000 }, (_, index) => operation(index));
    expect(() => patch(resource, many)).toThrow(expect.objectContaining({ code: 'too_many' }));
    expect(() => patch(resource, many.slice(0, 1))).not.toThrow();
  });
});
