/** Sealed values that are remembered: opened once, and still nowhere but in their place. */
import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createSealer, rememberingSealer, type Sealer } from '../../src/kernel/sealing.ts';

const place = { organizationId: 'org_a', field: 'connection.clientSecret' };

function counted(): { readonly sealer: Sealer; readonly opened: string[] } {
  const inner = createSealer(randomBytes(32));
  const opened: string[] = [];
  const open: Sealer['open'] = (sealed, where) => {
    const plain = inner.open(sealed, where);
    opened.push(plain);
    return plain;
  };
  return { sealer: rememberingSealer({ ...inner, open }, 2), opened };
}

test('what is read again is opened once, as long as it is among the last', () => {
  const { sealer, opened } = counted();
  const [one, two, three] = ['one', 'two', 'three'].map((plain) => sealer.seal(plain, place));
  if (one === undefined || two === undefined || three === undefined) throw new Error('nothing sealed');
  for (const sealed of [one, one, two, one, three, two, one]) sealer.open(sealed, place);
  expect(opened).toEqual(['one', 'two', 'three', 'one']);
});

test('what was opened in its place opens in no other one, nor changed', () => {
  const { sealer } = counted();
  const sealed = sealer.seal('secret', place);
  expect(sealer.open(sealed, place)).toBe('secret');
  for (const other of [
    { ...place, organizationId: 'org_b' },
    { ...place, field: 'connection.spKey' },
  ])
    expect(() => sealer.open(sealed, other)).toThrow('could not be opened');
  expect(() => sealer.open(`${sealed}x`, place)).toThrow('could not be opened');
});
