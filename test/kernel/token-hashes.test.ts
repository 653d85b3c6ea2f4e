/** A hash that is remembered is the hash, and nothing grows without end. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createTokenHasher, newToken, rememberingHasher } from '../../src/kernel/tokens.ts';

const hashToken = createTokenHasher(Buffer.alloc(32, 7));

test('whatever was asked before, the answer is the hash of this value', () => {
  const remembering = rememberingHasher(hashToken, 3);
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'x'.repeat(200))), (values) => {
      expect(values.map(remembering)).toEqual(values.map(hashToken));
    }),
  );
});

test('the last ones are remembered, but nothing that is longer than a token of ours', () => {
  const asked: string[] = [];
  const remembering = rememberingHasher((value) => {
    asked.push(value);
    return hashToken(value);
  }, 2);
  const [first, second, third, long] = [newToken('ghd'), newToken('ghd'), newToken('ghd'), 'x'.repeat(200)];
  for (const value of [first, first, second, first, third, third, first, long, long]) remembering(value);
  expect(asked).toEqual([first, second, third, first, long, long]);
});
