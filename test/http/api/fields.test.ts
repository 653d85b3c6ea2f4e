/** The kinds of value that requests carry: one address, one line, one duration. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalEmail,
  durationField,
  messageField,
  nameField,
  timeField,
} from '../../../src/http/api/fields.ts';
import { days, hours } from '../../../src/kernel/clock.ts';

describe('e-mail addresses (S172)', () => {
  test.each([
    ['ada@example.com', 'ada@example.com'],
    ['Ada.Lovelace+work@EXAMPLE.com', 'Ada.Lovelace+work@example.com'],
    ["o'neil@example.co.uk", "o'neil@example.co.uk"],
    ['a@münchen.example', 'a@xn--mnchen-3ya.example'],
    ['a@xn--mnchen-3ya.example', 'a@xn--mnchen-3ya.example'],
    ['a@example。com', 'a@example.com'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('%s becomes %s', (text, email) => {
    expect(canonicalEmail(text)).toBe(email);
  });

  test.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@localhost',
    'ada@example',
    'ada@example.com.',
    'ada@.example.com',
    'ada@exa_mple.com',
    'ada@-example.com',
    'ada@[127.0.0.1]',
    'ada@127.0.0.1',
    'a,b@example.com',
    'a@example.com,b@example.com',
    'a;b@example.com',
    'a@b@example.com',
    'a b@example.com',
    '"a b"@example.com',
    'a"@example.com',
    'Ada <ada@example.com>',
    'friends:a@example.com;',
    'a(comment)@example.com',
    'a@example.com\n',
    'a\r\nBcc: b@example.com',
    'a\0@example.com',
    'ädä@example.com',
    '.a@example.com',
    'a.@example.com',
    'a..b@example.com',
    'a\u200b@example.com',
    'a@exam\u0000ple.com',
    'a@exa mple.com',
    'a@example.com/..',
    'a@example.com?x',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(63)}.com`,
  ])('%j is refused', (text) => {
    expect(canonicalEmail(text)).toBeUndefined();
  });

  test('whatever comes out is plain, and comes out of itself', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('a', '@', 'example.com', ',', '"', '\r\n', 'ß', '。', ':'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const email = canonicalEmail(pieces.join(''));
        if (email === undefined) return;
        expect(email).toMatch(/^[!-~]+@[a-z0-9.-]+$/);
        expect(email).not.toMatch(/[\s,;:"<>()[\]\\]/);
        expect(canonicalEmail(email)).toBe(email);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('other fields', () => {
  test.each(['1h', '24h', '30d', '720h', '7d'])('%s is a duration', (text) => {
    const ms = durationField.parse(text);
    expect(ms).toBeGreaterThanOrEqual(hours(1));
    expect(ms).toBeLessThanOrEqual(days(30));
  });

  test.each(['', '0h', '1', 'h', '1m', '31d', '721h', '01h', '1.5h', '-1h', '1H', ' 1h', '1h\n', '9999h'])(
    '%j is no duration',
    (text) => {
      expect(durationField.safeParse(text).success).toBe(false);
    },
  );

  test('a name is one trimmed line without control or direction characters', () => {
    expect(nameField.parse('  Ada 愛 👩‍👩‍👧 ')).toBe('Ada 愛 👩‍👩‍👧');
    for (const text of [
      '',
      ' ',
      'a\nb',
      'a\u0000',
      'a\u0085',
      'a\u2028b',
      'a\u202eb',
      'a\u2066b',
      'x'.repeat(201),
    ])
      expect(nameField.safeParse(text).success).toBe(false);
  });

  test('a message keeps its lines', () => {
    expect(messageField.parse('a\r\nb\rc\n\td ')).toBe('a\nb\nc\n\td');
    for (const text of ['a\u001b[0m', 'a\u0000', 'a\u202e'])
      expect(messageField.safeParse(text).success).toBe(false);
  });

  test('a time needs its offset', () => {
    expect(timeField.parse('2027-01-01T02:00:00+02:00')).toBe(Date.UTC(2027, 0, 1));
    for (const text of ['2027-01-01', '2027-01-01T00:00:00', '2027-13-01T00:00:00Z', 'tomorrow'])
      expect(timeField.safeParse(text).success).toBe(false);
  });
});
