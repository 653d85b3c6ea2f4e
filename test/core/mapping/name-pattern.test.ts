/** Patterns over group names: what fits, and that no pattern takes long. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitsPattern, namesSomething } from '../../../src/core/mapping/name-pattern.ts';

describe('patterns', () => {
  test.each([
    ['eng-*', 'ENG-Berlin', true],
    ['eng-*', 'eng-', true],
    ['eng-*', 'my eng-berlin', false],
    ['*-admins', 'eu-admins', true],
    ['*-admins', 'eu-admins-old', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['team ?', 'Team 7', true],
    ['team ?', 'team 77', false],
    ['a.c', 'abc', false],
    ['(a+)+$', '(a+)+$', true],
    ['plain', 'Plain', true],
  ])('%s and %s: %s', (pattern, name, fits) => expect(fitsPattern(pattern, name)).toBe(fits));

  test.each(['*', '??', ' * '])('%j names nothing', (text) => expect(namesSomething(text)).toBe(false));

  test('every name fits itself, and itself with any piece of it replaced by *', () => {
    const names = fc.string({ unit: fc.constantFrom('a', 'b', '-', 'é'), minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(names, fc.nat(20), fc.nat(20), (name, from, length) => {
        const start = Math.min(from, name.length);
        expect(fitsPattern(name, name)).toBe(true);
        expect(fitsPattern(`${name.slice(0, start)}*${name.slice(start + length)}`, name)).toBe(true);
      }),
    );
  });

  test('many stars against a long name that nearly fits', () => {
    expect(fitsPattern(`${'a*'.repeat(100)}b`, 'a'.repeat(1_000))).toBe(false);
  });
});
