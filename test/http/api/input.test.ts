/** What a caller reads about a value that is not accepted: the field, as they spelled it, and the rule in plain words. */
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseInput } from '../../../src/http/api/input.ts';
import { isGatehouseError } from '../../../src/kernel/errors.ts';

function refusal(schema: z.ZodType, value: unknown) {
  try {
    parseInput(schema, value);
  } catch (error) {
    if (!isGatehouseError(error, 'invalid')) throw error;
    return { detail: error.detail, field: error.field };
  }
  throw new Error('it was accepted');
}

type Case = readonly [schema: z.ZodType, value: unknown, words: string];

/** Every code that the library knows: a new one does not compile without a case. */
const CASES: Readonly<Record<z.core.$ZodIssueCode, readonly Case[]>> = {
  invalid_type: [
    [z.string(), 7, 'Must be text, not a number.'],
    [z.string(), undefined, 'This is missing.'],
    [z.string(), null, 'Must be text, not null.'],
    [z.int(), 1.5, 'Must be a whole number.'],
    [z.int(), '1', 'Must be a number, not text.'],
    [z.boolean(), 'yes', 'Must be true or false, not text.'],
    [z.array(z.string()), {}, 'Must be a list, not an object.'],
    [z.strictObject({}), [], 'Must be an object, not a list.'],
    [z.never(), 1, 'Must be left out.'],
    [z.number(), Number.NaN, 'Must be a number.'],
  ],
  too_big: [
    [z.string().max(1), 'ab', 'At most 1 character.'],
    [z.string().length(1), 'ab', 'Exactly 1 character.'],
    [z.array(z.string()).max(2), ['a', 'b', 'c'], 'At most 2 entries.'],
    [z.number().max(3), 4, 'At most 3.'],
    [z.number().lt(3), 3, 'Less than 3.'],
  ],
  too_small: [
    [z.string().min(1), '', 'Must not be empty.'],
    [z.array(z.string()).min(2), ['a'], 'At least 2 entries.'],
    [z.array(z.string()).length(2), ['a'], 'Exactly 2 entries.'],
    [z.number().min(3), 2, 'At least 3.'],
    [z.number().gt(3), 3, 'More than 3.'],
  ],
  invalid_format: [
    [z.email(), 'x', 'Must be an e-mail address.'],
    [z.url(), 'x', 'Must be an address such as https://example.com/path.'],
    [z.iso.datetime(), 'x', 'Must be a time such as 2027-01-31T12:00:00Z.'],
    [z.string().startsWith('a'), 'x', 'Must begin with a.'],
    [z.string().endsWith('a'), 'x', 'Must end with a.'],
    [z.string().includes('a'), 'x', 'Must hold a.'],
    [z.string().regex(/^a$/), 'x', 'Must fit the pattern /^a$/.'],
    [z.xid(), 'x', 'Must fit the pattern /^[0-9a-vA-V]{20}$/.'],
  ],
  not_multiple_of: [[z.number().multipleOf(5), 7, 'Must be a multiple of 5.']],
  unrecognized_keys: [],
  invalid_union: [
    [z.union([z.string(), z.number()]), true, 'Must have one of the forms that the documentation names.'],
    [z.union([z.string().min(1), z.number()]), '', 'Must not be empty.'],
  ],
  invalid_key: [[z.record(z.string().max(1), z.string()), { ab: 'x' }, 'At most 1 character.']],
  invalid_element: [[z.map(z.string(), z.string().max(1)), new Map([['a', 'xy']]), 'At most 1 character.']],
  invalid_value: [
    [z.enum(['a', 'b']), 'c', 'Must be one of: a, b.'],
    [z.literal(5), 6, 'Must be 5.'],
  ],
  custom: [[z.string().refine(() => false), 'x', 'This value is not accepted.']],
};

describe('each thing a schema can find has its sentence', () => {
  test.each(
    Object.entries(CASES).flatMap(([code, cases]) =>
      cases.map((given, index) => [`${code} ${index}`, given] as const),
    ),
  )('%s', (_name, [schema, value, words]) => {
    const { detail } = refusal(z.object({ field: schema }), { field: value });
    expect(detail.slice(detail.indexOf(': ') + 2)).toEqual(words);
    expect(detail).not.toMatch(/invalid|expected|received|too (big|small)/i);
  });

  test('a schema that says its own rule is left to say it', () => {
    expect(refusal(z.object({ a: z.string().max(1, 'At most one letter.') }), { a: 'ab' }).detail).toBe(
      'a: At most one letter.',
    );
  });
});

describe('the field is named as the caller spelled it', () => {
  const inner = z.object({ role: z.enum(['member', 'admin']) });
  const schema = z.strictObject({ teams: z.array(z.union([z.string(), inner])) });
  test.each([
    [{ teams: [{ role: 'king' }] }, 'teams[0].role', 'teams[0].role: Must be one of: member, admin.'],
    [{ teams: [], rank: 1 }, 'rank', 'rank: There is no such field here.'],
    [{}, 'teams', 'teams: This is missing.'],
    [undefined, undefined, 'The request has no body.'],
    [[], undefined, 'The request: Must be an object, not a list.'],
  ])('%j', (value, field, detail) => {
    expect(refusal(schema, value)).toEqual({ detail, field });
  });
});
