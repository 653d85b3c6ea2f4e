/** The recorder of sign-ins: stored outside the request, without secrets, bounded, and losses are counted. */

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createSignInRecorder,
  removeOldAttempts,
  type SeenAttempt,
  type ToldFact,
} from '../../../src/core/sign-in/sign-in-recorder.ts';
import { days } from '../../../src/kernel/clock.ts';
import { GatehouseError } from '../../../src/kernel/errors.ts';
import { aSignInAttempt } from '../../support/attempt-builders.ts';
import { anOrganization, BUILT_AT, nextId } from '../../support/builders.ts';
import { type CoreWorld, openCoreWorld } from '../../support/core-world.ts';

let world: CoreWorld;
beforeEach(async () => {
  world = await openCoreWorld();
});
afterEach(() => world.close());

const organization = anOrganization();
const connectionId = nextId('con');

function anAttempt(overrides: Partial<SeenAttempt> = {}): SeenAttempt {
  const { id: _id, ...attempt } = aSignInAttempt(organization.id, { connectionId });
  return { ...attempt, facts: [], ...overrides };
}

const FAILED = { outcome: null, failure: { code: 'sign_in_refused', reason: 'saml.audience' } } as const;

async function stage() {
  const { storage } = world.deps;
  await storage.transact((tx) => tx.organizations.insert(organization.id, organization));
  const losses: (readonly [number, unknown])[] = [];
  let down = false;
  const recorder = createSignInRecorder({
    storage: {
      ...storage,
      transact: (fn) =>
        down ? Promise.reject(new GatehouseError('storage_unavailable', 'down')) : storage.transact(fn),
    },
    onLoss: (count, reason) => losses.push([count, reason]),
  });
  const add = (count: number, overrides: Partial<SeenAttempt> = {}) => {
    for (let index = 0; index < count; index += 1)
      recorder.add(anAttempt({ at: BUILT_AT + index, ...overrides }));
  };
  const stored = () => storage.signInAttempts.list(organization.id, {}, { limit: 10_000 });
  return { recorder, add, stored, losses, setDown: (is: boolean) => (down = is) };
}

describe('what is kept', () => {
  const facts: readonly (readonly [string, ToldFact, unknown])[] = [
    [
      'a plain fact',
      { name: 'NameID', values: ['ada@a.test'], isVerified: true },
      { name: 'NameID', values: ['ada@a.test'], count: 1, isVerified: true },
    ],
    [
      'S210 a fact whose name says that it is a secret',
      { name: 'api_token', values: ['canary-1'], isVerified: true },
      { name: 'api_token', values: ['[redacted]'], count: 1, isVerified: true },
    ],
    [
      'S210 a bearer value and a signed token inside a fact',
      { name: 'note', values: ['Bearer abcdef123456', 'x eyJhbGciOi.eyJzdWIi.c2ln'], isVerified: false },
      { name: 'note', values: ['Bearer [redacted]', 'x [redacted]'], count: 2, isVerified: false },
    ],
    [
      'S217 an endless value, and more values than are shown',
      { name: 'groups', values: Array.from({ length: 30 }, () => 'g'.repeat(300)), isVerified: true },
      {
        name: 'groups',
        values: Array.from({ length: 20 }, () => `${'g'.repeat(200)}...`),
        count: 30,
        isVerified: true,
      },
    ],
  ];
  test.each(facts)('%s', async (_title, told, expected) => {
    const { recorder, stored } = await stage();
    recorder.add(anAttempt({ facts: [told] }));
    await recorder.flush();
    expect((await stored())[0]?.facts).toEqual([expected]);
  });

  test('S217 a flood of failures leaves the sign-ins that went well, and the other way round', async () => {
    const { recorder, add, stored } = await stage();
    add(1100);
    for (let batch = 0; batch < 12; batch += 1) {
      // Each in its own minutes: what comes faster is not kept at all.
      add(100, { ...FAILED, at: BUILT_AT + batch * 1_000_000 });
    }
    await recorder.flush();
    const rows = await stored();
    const failed = rows.filter(({ failure }) => failure !== null).length;
    for (const kept of [rows.length - failed, failed]) {
      expect(kept).toBeGreaterThanOrEqual(1000);
      expect(kept).toBeLessThan(1100);
    }
  });

  const STRANGERS = {
    ...{ outcome: null, signInId: null },
    failure: { code: 'sign_in_refused', reason: 'saml.encoding' },
  } as const;

  test('S217 what strangers bring about, in any number, hides no refused answer and keeps none from being recorded', async () => {
    const { recorder, add, stored } = await stage();
    const reasons = async () => (await stored()).map(({ failure }) => failure?.reason);
    add(1, FAILED);
    for (let batch = 0; batch < 12; batch += 1) {
      add(100, { ...STRANGERS, at: BUILT_AT + batch * 1_000_000 });
      await recorder.flush();
    }
    const left = await reasons();
    expect(left).toContain('saml.audience');
    expect(left.length).toBeLessThan(302);
    add(1_000, { ...STRANGERS, at: BUILT_AT + 12_000_000 });
    add(1, { ...FAILED, at: BUILT_AT + 12_000_000 });
    await recorder.flush();
    expect((await reasons()).filter((reason) => reason === 'saml.audience')).toHaveLength(2);
  });

  test('attempts of an organization that is gone are dropped without harm to others', async () => {
    const { recorder, add, stored, losses } = await stage();
    recorder.add(anAttempt({ organizationId: nextId('org') }));
    add(1);
    await recorder.flush();
    expect([(await stored()).length, losses]).toEqual([1, []]);
  });

  test('S217 what is older than thirty days goes', async () => {
    const { recorder, add, stored } = await stage();
    add(2);
    await recorder.flush();
    const sweep = (now: number) => world.deps.storage.transact((tx) => removeOldAttempts(tx, now));
    expect(await sweep(BUILT_AT + days(30) - 1)).toBe(0);
    expect(await sweep(BUILT_AT + days(30))).toBe(1);
    expect(await stored()).toHaveLength(1);
  });
});

describe('what is lost is counted', () => {
  test('a flood at one connection, but nobody who came in and nobody of another one', async () => {
    const { recorder, add, stored } = await stage();
    add(300, { ...FAILED, at: BUILT_AT });
    expect(recorder.dropped()).toBe(100);
    add(1, { at: BUILT_AT });
    add(1, { ...FAILED, connectionId: nextId('con'), at: BUILT_AT });
    add(10, { ...FAILED, at: BUILT_AT + 5000 });
    expect(recorder.dropped()).toBe(105);
    await recorder.flush();
    expect(await stored()).toHaveLength(207);
  });

  test('what a store that is down would not take', async () => {
    const { recorder, add, losses, setDown } = await stage();
    setDown(true);
    add(3);
    await recorder.flush();
    expect([recorder.dropped(), losses.map(([count]) => count)]).toEqual([3, [3]]);
  });
});
