/** The real hasher at its lowest cost: what it tells apart, what a stolen hash is worth, and what happens in a crowd. */

import { describe, expect, jest, test } from '@jest/globals';
import * as argon2 from '@node-rs/argon2';
import { isGatehouseError } from '../../src/kernel/errors.ts';
import { createArgon2Passwords } from '../../src/outbound/argon2-passwords.ts';

const pepper = Buffer.alloc(32, 1);
const passwords = createArgon2Passwords({ pepper, cost: 'floor' });

describe('hashing passwords', () => {
  test.each([
    ['64 characters, distinct in the last', `${'a'.repeat(63)}b`, `${'a'.repeat(63)}c`],
    ['100 bytes, distinct behind the 72nd', `${'a'.repeat(99)}b`, `${'a'.repeat(99)}c`],
    ['four-byte characters, distinct in the last', `${'😀'.repeat(63)}😁`, `${'😀'.repeat(63)}😂`],
    ['distinct behind a NUL', 'before\u0000after', 'before\u0000other'],
  ])('S175 %s', async (_title, right, wrong) => {
    const stored = await passwords.hash(right);
    expect(await passwords.verify(stored, right)).toBe(true);
    expect(await passwords.verify(stored, wrong)).toBe(false);
  });

  test('S175 Argon2id at the floor or above, another salt each time', async () => {
    const [first, second] = [await passwords.hash('x'), await passwords.hash('x')];
    expect(first).toMatch(/^p1\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(first).not.toBe(second);
  });

  test('S175 a stolen hash cannot be tried without the pepper', async () => {
    const stored = await passwords.hash('a sentence nobody guesses');
    const thief = createArgon2Passwords({ pepper: Buffer.alloc(32, 2), cost: 'floor' });
    expect(await thief.verify(stored, 'a sentence nobody guesses')).toBe(false);
    expect(await thief.verify(stored.slice(2), 'a sentence nobody guesses')).toBe(false);
  });

  test('S175 a hash of an earlier release, without pepper, still fits and counts as outdated', async () => {
    const old = await argon2.hash('x', { memoryCost: 65_536, timeCost: 3, parallelism: 1 });
    expect(await passwords.verify(old, 'x')).toBe(true);
    expect(passwords.isOutdated(old)).toBe(true);
  });

  test('S175 a hash is outdated once the cost has risen, not when it has fallen', async () => {
    const weak = await passwords.hash('x');
    const normal = createArgon2Passwords({ pepper });
    expect([passwords.isOutdated(weak), normal.isOutdated(weak)]).toEqual([false, true]);
    expect(passwords.isOutdated(weak.replace('m=19456,t=2', 'm=65536,t=3'))).toBe(false);
  });

  test('S177 nobody there: false, after the one verification that a wrong password takes, at the same cost', async () => {
    const verify = jest.fn(argon2.verify);
    jest.unstable_mockModule('@node-rs/argon2', () => ({ ...argon2, verify }));
    const stored = (await passwords.hash('x')).slice('p1'.length);
    expect(await passwords.verify(`p1${stored}`, 'a password that nobody has')).toBe(false);
    expect(await passwords.verify(null, 'a password that nobody has')).toBe(false);
    const cost = stored.split('$').slice(0, 4);
    expect(verify.mock.calls.map(([phc]) => String(phc).split('$').slice(0, 4))).toEqual([cost, cost]);
    expect(verify.mock.calls.map(([, , options]) => options)).toEqual([
      { secret: pepper },
      { secret: pepper },
    ]);
  });

  test('S179 of 500 at once, as many wait as may, and the rest is told when to come back', async () => {
    const crowded = createArgon2Passwords({ pepper, cost: 'floor', concurrency: 2, queue: 8 });
    const outcomes = await Promise.allSettled(Array.from({ length: 500 }, () => crowded.verify(null, 'x')));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(outcomes.length - refused.length).toBe(10);
    for (const { reason } of refused) {
      expect(isGatehouseError(reason, 'too_many_requests')).toBe(true);
      expect(reason).toMatchObject({ context: { retryAfterSeconds: expect.any(Number) } });
    }
    // The places are free again.
    expect(await crowded.verify(null, 'x')).toBe(false);
  });
});
