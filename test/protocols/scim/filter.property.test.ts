/** Filters made at random: printed, parsed and matched they agree with a plain evaluation; nonsense is only refused. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import { matches, parseFilter } from '../../../src/protocols/scim/filter.ts';
import type { ScimObject } from '../../../src/protocols/scim/schema.ts';
import { enterprise, userType } from './filter-resources.ts';

/** A filter as the test understands it: how it is written, and a plain function that says what it means. */
interface Model {
  readonly text: string;
  /** How strongly the text binds: 0 or, 1 and, 2 anything that needs no parentheses. */
  readonly strength: number;
  readonly holds: (person: Person) => boolean;
}

interface Mail {
  readonly type?: string | undefined;
  readonly value?: string | undefined;
}

interface Person {
  readonly userName: string;
  readonly title: string | undefined;
  readonly externalId: string | undefined;
  readonly active: boolean | undefined;
  readonly loginCount: number | undefined;
  readonly department: string | undefined;
  readonly emails: readonly Mail[];
}

type TextField = 'userName' | 'title' | 'externalId' | 'department';

const words = ['', 'a', 'A', 'b', 'ab', 'Ab', 'b"a', 'a\\', '\u00e9', 'a]b', 'x y'];
const word = fc.constantFrom(...words);
const maybeWord = fc.option(word, { nil: undefined });
const person: fc.Arbitrary<Person> = fc.record({
  userName: word,
  title: maybeWord,
  externalId: maybeWord,
  active: fc.option(fc.boolean(), { nil: undefined }),
  loginCount: fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined }),
  department: maybeWord,
  emails: fc.array(fc.record({ type: maybeWord, value: maybeWord }), { maxLength: 3 }),
});

const compare = {
  eq: (left: string, right: string) => left === right,
  ne: (left: string, right: string) => left !== right,
  co: (left: string, right: string) => left.includes(right),
  sw: (left: string, right: string) => left.startsWith(right),
  ew: (left: string, right: string) => left.endsWith(right),
  gt: (left: string, right: string) => left > right,
  ge: (left: string, right: string) => left >= right,
  lt: (left: string, right: string) => left < right,
  le: (left: string, right: string) => left <= right,
};
const operators = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
const operator = fc.constantFrom(...operators);
const spelling: fc.Arbitrary<(text: string) => string> = fc.constantFrom(
  (text: string) => text,
  (text: string) => text.toUpperCase(),
  (text: string) => text.toLowerCase(),
);

function textHolds(
  values: readonly (string | undefined)[],
  [op, literal]: readonly [(typeof operators)[number], string],
  isExact = false,
): boolean {
  const stored = values.filter((value) => value !== undefined);
  const fold = (text: string) => (isExact ? text : text.toLowerCase());
  return stored.length === 0 ? op === 'ne' : stored.some((value) => compare[op](fold(value), fold(literal)));
}

const textTerm: fc.Arbitrary<Model> = fc
  .tuple(
    fc.constantFrom<TextField>('userName', 'title', 'externalId', 'department'),
    operator,
    word,
    spelling,
  )
  .map(([field, op, literal, spell]) => ({
    text: `${spell(field === 'department' ? `${enterprise}:department` : field)} ${spell(op)} ${JSON.stringify(literal)}`,
    strength: 2,
    holds: (who) => textHolds([who[field]], [op, literal], field === 'externalId'),
  }));

const presentTerm: fc.Arbitrary<Model> = fc
  .tuple(fc.constantFrom('userName', 'title', 'active', 'loginCount', 'emails'), spelling)
  .map(([field, spell]) => ({
    text: `${spell(field)} ${spell('pr')}`,
    strength: 2,
    holds: (who) => {
      if (field === 'emails') return who.emails.some((mail) => Boolean(mail.type) || Boolean(mail.value));
      const value = {
        userName: who.userName,
        title: who.title,
        active: who.active,
        loginCount: who.loginCount,
      };
      return !['', undefined].some((empty) =>
        Object.entries(value).some(([k, v]) => k === field && v === empty),
      );
    },
  }));

const booleanTerm: fc.Arbitrary<Model> = fc
  .tuple(fc.constantFrom<'eq' | 'ne'>('eq', 'ne'), fc.boolean(), fc.constantFrom('', '"'))
  .map(([op, literal, quote]) => ({
    text: `active ${op} ${quote}${literal}${quote}`,
    strength: 2,
    holds: (who) => (op === 'eq' ? who.active === literal : who.active !== literal),
  }));

const numberTerm: fc.Arbitrary<Model> = fc
  .tuple(fc.constantFrom<'gt' | 'le' | 'eq'>('gt', 'le', 'eq'), fc.integer({ min: -3, max: 3 }))
  .map(([op, literal]) => ({
    text: `loginCount ${op} ${literal}`,
    strength: 2,
    holds: ({ loginCount }) => {
      if (loginCount === undefined) return false;
      return op === 'eq'
        ? loginCount === literal
        : op === 'gt'
          ? loginCount > literal
          : loginCount <= literal;
    },
  }));

const dottedTerm: fc.Arbitrary<Model> = fc
  .tuple(fc.constantFrom<'type' | 'value'>('type', 'value'), operator, word, fc.boolean())
  .map(([sub, op, literal, isShort]) => ({
    text: `emails${sub === 'value' && isShort ? '' : `.${sub}`} ${op} ${JSON.stringify(literal)}`,
    strength: 2,
    holds: (who) => {
      const values = who.emails.map((mail) => mail[sub]);
      return textHolds(values, [op, literal]);
    },
  }));

const elementTerm: fc.Arbitrary<Model> = fc
  .record({
    left: fc.tuple(operator, word),
    right: fc.tuple(operator, word),
    joint: fc.constantFrom<'and' | 'or' | 'tail'>('and', 'or', 'tail'),
    isNegated: fc.boolean(),
  })
  .map(({ left, right, joint, isNegated }) => {
    const type = `type ${left[0]} ${JSON.stringify(left[1])}`;
    const first = isNegated ? `not (${type})` : type;
    const second = `value ${right[0]} ${JSON.stringify(right[1])}`;
    return {
      text: joint === 'tail' ? `emails[${first}].${second}` : `emails[${first} ${joint} ${second}]`,
      strength: 2,
      holds: (who: Person) =>
        who.emails.some((mail) => {
          const one = textHolds([mail.type], left) !== isNegated;
          const two = textHolds([mail.value], right);
          return joint === 'or' ? one || two : one && two;
        }),
    };
  });

const term = fc.oneof(textTerm, presentTerm, booleanTerm, numberTerm, dottedTerm, elementTerm);

const { model } = fc.letrec<{ model: Model }>((tie) => {
  const operands = fc.array(tie('model'), { minLength: 2, maxLength: 3 });
  const wrap = ({ text, strength }: Model, above: number) => (strength > above ? text : `( ${text} )`);
  return {
    model: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'filter' },
      term,
      operands.map((list) => ({
        text: list.map((one) => wrap(one, 0)).join(' and '),
        strength: 1,
        holds: (who: Person) => list.every((one) => one.holds(who)),
      })),
      operands.map((list) => ({
        text: list.map((one) => wrap(one, -1)).join(' OR '),
        strength: 0,
        holds: (who: Person) => list.some((one) => one.holds(who)),
      })),
      tie('model').map((one) => ({
        text: `not (${one.text})`,
        strength: 2,
        holds: (who: Person) => !one.holds(who),
      })),
    ),
  };
});

/** The person as a stored resource: absent fields have no key. */
function toResource(who: Person): ScimObject {
  const resource: ScimObject = { userName: who.userName };
  if (who.title !== undefined) resource.title = who.title;
  if (who.externalId !== undefined) resource.externalId = who.externalId;
  if (who.active !== undefined) resource.active = who.active;
  if (who.loginCount !== undefined) resource.loginCount = who.loginCount;
  if (who.department !== undefined) resource[enterprise] = { department: who.department };
  resource.emails = who.emails.map(({ type, value }) => {
    const element: ScimObject = {};
    if (type !== undefined) element.type = type;
    if (value !== undefined) element.value = value;
    return element;
  });
  return resource;
}

/** Parses or is refused as a filter; anything else thrown fails the test. */
function parsesOrRefuses(text: string): void {
  try {
    parseFilter(text, userType);
  } catch (error) {
    if (!isGatehouseError(error, 'invalid_filter')) throw error;
  }
}

describe('random filters', () => {
  test('find exactly whom their meaning finds', () => {
    fc.assert(
      fc.property(model, fc.array(person, { minLength: 1, maxLength: 4 }), ({ text, holds }, people) => {
        fc.pre(text.length <= 4096);
        const filter = parseFilter(text, userType);
        for (const who of people)
          expect([text, matches(filter, toResource(who))]).toEqual([text, holds(who)]);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('random text', () => {
  test('of any characters is parsed or refused, never an outage', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), parsesOrRefuses), { numRuns: 3000 });
  });

  test('made of filter pieces is parsed or refused, never an outage', () => {
    const pieces = ['userName', 'emails', '.value', '[', ']', '(', ')', 'not', 'and', 'or', 'eq', 'pr', 'gt'];
    const more = [
      '"x"',
      '"',
      '\\',
      'true',
      'null',
      '7',
      ' ',
      ' ',
      ' ',
      `${enterprise}:`,
      'manager',
      'meta.created',
    ];
    const soup = fc
      .array(fc.constantFrom(...pieces, ...more), { maxLength: 30 })
      .map((list) => list.join(''));
    const spaced = fc
      .array(fc.constantFrom(...pieces, ...more), { maxLength: 30 })
      .map((list) => list.join(' '));
    fc.assert(fc.property(fc.oneof(soup, spaced), parsesOrRefuses), { numRuns: 5000 });
  });

  test('cut off anywhere is parsed or refused, never an outage', () => {
    const cut = fc.tuple(model, fc.nat()).map(([{ text }, at]) => text.slice(0, at % (text.length + 1)));
    fc.assert(fc.property(cut, parsesOrRefuses), { numRuns: 2000 });
  });
});
