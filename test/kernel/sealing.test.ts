/** Sealed values that are remembered: opened once or never, and still nowhere but in their place. */
import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createSealer, rememberingSealer, type Sealer } from '../../src/kernel/sealing.ts';

const place = { organizationId: 'org_a', field: 'connection.clientSecret' };

/** `elsewhere` is another process with the same key. */
function counted(): { readonly sealer: Sealer; readonly elsewhere: Sealer; readonly opened: string[] } {
  const inner = createSealer(randomBytes(32));
  const opened: string[] = [];
  const open: Sealer['open'] = (sealed, where) => {
    const plain = inner.open(sealed, where);
    opened.push(plain);
    return plain;
  };
  return { sealer: rememberingSealer({ ...inner, open }, 2), elsewhere: inner, opened };
}

test('what is read again is opened once, as long as it is among the last', () => {
  const { sealer, elsewhere, opened } = counted();
  const [one, two, three] = ['one', 'two', 'three'].map((plain) => elsewhere.seal(plain, place));
  if (one === undefined || two === undefined || three === undefined) throw new Error('nothing sealed');
  for (const sealed of [one, one, two, one, three, two, one]) sealer.open(sealed, place);
  expect(opened).toEqual(['one', 'two', 'three', 'one']);
});

test('what was sealed here is read back without being opened, as long as it is among the last', () => {
  const { sealer, opened } = counted();
  const sealed = ['one', 'two', 'three'].map((plain) => sealer.seal(plain, place));
  expect(sealed.toReversed().map((value) => sealer.open(value, place))).toEqual(['three', 'two', 'one']);
  expect(opened).toEqual(['one']);
});

test.each(['here', 'elsewhere'])('what was sealed %s opens in no other place, nor changed', (where) => {
  const { sealer, elsewhere } = counted();
  const sealed = (where === 'here' ? sealer : elsewhere).seal('secret', place);
  expect(sealer.open(sealed, place)).toBe('secret');
  for (const other of [
    { ...place, organizationId: 'org_b' },
    { ...place, field: 'connection.spKey' },
  ])
    expect(() => sealer.open(sealed, other)).toThrow('could not be opened');
  expect(() => sealer.open(`${sealed}x`, place)).toThrow('could not be opened');
});
