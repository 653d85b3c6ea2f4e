/** Which passwords are taken, and in which one form: the rules as tables (S175, S176, S183). */
import { describe, expect, test } from '@jest/globals';
import { acceptablePassword, statedPassword } from '../../../src/core/credentials/password-rules.ts';

describe('which passwords are acceptable', () => {
  const rows: [title: string, password: string, isAcceptable: boolean][] = [
    ['S176 fifteen characters', 'abcdefghijklmno', true],
    ['S176 fourteen characters', 'abcdefghijklmn', false],
    ['S176 fifteen characters beyond the basic plane', '😀😁😂😃😄😅😆😇😈😉😊😋😌😍😎', true],
    ['S176 eight of those, though sixteen units long', '😀😁😂😃😄😅😆😇', false],
    ['S176 no composition rules', 'all lower case words', true],
    ['one character again and again', 'aaaaaaaaaaaaaaaaaaaa', false],
    ['four characters again and again', 'abcdabcdabcdabcdabcd', false],
    ['S183 512 characters', 'abcdefgi'.repeat(64), true],
    [
      'S183 512 characters after composing, 1,024 as typed',
      'é'.normalize('NFD').repeat(2).concat('abcdefgi'.repeat(63), 'abcdef'),
      true,
    ],
    ['S183 a megabyte', 'abcdefgi'.repeat(131_072), false],
    ['S183 a NUL inside', 'a sentence\u0000 nobody guesses', false],
    ['S183 half a surrogate pair', 'a sentence nobody guesses \ud83d', false],
    ['S176 the most common word, twice', 'passwordPassword', false],
    ['S176 a common word with digits and signs around it', '!!Password-2026-!!', false],
    ['S176 digits alone', '3141592653589793', false],
    ['S176 a keyboard row', 'qwertyuiop1234567', false],
    ['S176 a common word in a sentence', 'my password is a long one', true],
    ['S183 513 characters', `${'abcdefgi'.repeat(64)}i`, false],
  ];
  test.each(rows)('%s', (_title, password, isAcceptable) => {
    const judge = () => acceptablePassword(password);
    if (isAcceptable) expect(judge()).toBe(password.normalize('NFC'));
    else expect(judge).toThrow(expect.objectContaining({ code: 'invalid', field: 'password' }));
  });

  test('S183 what is hashed is the composed form', () => {
    expect(acceptablePassword('cafe\u0301 at the corner')).toBe('café at the corner');
  });

  test.each([
    ['adalovelace-2026', ['Ada Lovelace'], false],
    ['acme.acme.acme.acme', ['Acme'], false],
    ['ada@acme.example!!', ['ada@acme.example'], false],
    ['ada-works-at-acme', ['Ada', 'Acme'], true],
    ['a sentence nobody guesses', [null, '', 'A', 'Nobody'], true],
  ])('S176 %s of somebody known as %j: %s', (password, knownWords, isAcceptable) => {
    const judge = () => acceptablePassword(password, { knownWords });
    if (isAcceptable) expect(judge()).toBe(password);
    else expect(judge).toThrow(expect.objectContaining({ code: 'invalid', field: 'password' }));
  });

  test('S176 eight characters are enough beside a second factor, seven are not', () => {
    const owner = { hasSecondFactor: true };
    expect(acceptablePassword('tWelve78', owner)).toBe('tWelve78');
    expect(() => acceptablePassword('tWelve7', owner)).toThrow('at least 8 characters');
  });
});

describe('the form in which a password is compared', () => {
  test.each([
    ['composed and decomposed are one', 'cafe\u0301 at the corner', 'café at the corner'],
    ['case and outer spaces count', ' Some Words ', ' Some Words '],
    ['512 characters typed decomposed', 'e\u0301'.repeat(512), 'é'.repeat(512)],
    ['S175 513 characters are nobody’s, not the first 512', 'é'.repeat(513), undefined],
    ['a megabyte is nobody’s', 'a'.repeat(1_048_576), undefined],
    ['half a surrogate pair is nobody’s', 'a sentence \ud83d', undefined],
  ])('S183 %s', (_title, typed, compared) => {
    expect(statedPassword(typed)).toBe(compared);
  });
});
