/** Promises of folding: which texts share a key, which do not, and that folding is stable. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { foldKey, foldText } from '../../src/kernel/text.ts';

describe('S134 one key for texts that look alike', () => {
  test.each([
    ['Alice@X.com', 'alice@x.com'],
    ['  alice@x.com ', 'alice@x.com'],
    ['\u00a0alice@x.com\u3000', 'alice@x.com'],
    ['ali\u200bce@x.com', 'alice@x.com'],
    ['\ufeffalice@x.com', 'alice@x.com'],
    ['ali\u00adce@x.com', 'alice@x.com'],
    ['\u200d alice@x.com', 'alice@x.com'],
    ['\uff21lice@x.com', 'alice@x.com'],
    ['caf\u0065\u0301', 'caf\u00e9'],
    ['caf\u0065\u200b\u0301', 'caf\u00e9'],
    ['\u212aelvin', 'kelvin'],
    ['\ufb01sh', 'fish'],
    ['\u0395\u03a5', '\u03b5\u03c5'],
  ])('%j has the key %j', (text, key) => {
    expect(foldKey(text)).toBe(key);
  });

  test.each([
    ['alice@x.com', 'alice@x.com.'],
    ['a lice', 'alice'],
    ['\u0430lice', 'alice'],
    ['stra\u00dfe', 'strasse'],
  ])('%j and %j stay apart', (left, right) => {
    expect(foldKey(left)).not.toBe(foldKey(right));
  });
});

describe('folding', () => {
  test('keeps outer blanks where only the text is folded', () => {
    expect(foldText(' Bob ')).toBe(' bob ');
  });

  test('twice is once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(foldText(foldText(text))).toBe(foldText(text));
        expect(foldKey(foldKey(text))).toBe(foldKey(text));
      }),
      { numRuns: 2000 },
    );
  });
});
