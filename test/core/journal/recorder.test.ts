/** The recorder: batches outside the request, a bounded memory, a bounded store, and losses that are counted. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createRecorder,
  type RecordedExchange,
  removeOldEntries,
} from '../../../src/core/journal/recorder.ts';
import {
  excerptOf,
  excerptOfAnswer,
  redactBody,
  redactNote,
  redactPath,
} from '../../../src/core/journal/recorder-redaction.ts';
import { days } from '../../../src/kernel/clock.ts';
import { GatehouseError } from '../../../src/kernel/errors.ts';
import { aDirectory, anOrganization, BUILT_AT } from '../../support/builders.ts';
import { type CoreWorld, openCoreWorld } from '../../support/core-world.ts';

let world: CoreWorld;
beforeEach(async () => {
  world = await openCoreWorld();
});
afterEach(() => world.close());

const organization = anOrganization();
const directory = aDirectory(organization.id);

const anExchange = (overrides: Partial<RecordedExchange> = {}): RecordedExchange => ({
  organizationId: organization.id,
  directoryId: directory.id,
  tokenName: 'push',
  replayOf: null,
  at: BUILT_AT,
  ms: 1,
  requestId: 'req-1',
  method: 'GET',
  path: '/Users',
  status: 200,
  request: null,
  response: excerptOf('{}', 100),
  tolerances: [],
  unknownAttributes: [],
  change: null,
  failure: null,
  ...overrides,
});

const failure = { code: 'too_many_requests', scimType: null, detail: 'Wait.', field: null } as const;

async function stage() {
  const losses: (readonly [number, unknown])[] = [];
  await world.deps.storage.transact((tx) => tx.organizations.insert(organization.id, organization));
  let down = false;
  const storage: typeof world.deps.storage = {
    ...world.deps.storage,
    transact: (fn) =>
      down
        ? Promise.reject(new GatehouseError('storage_unavailable', 'down'))
        : world.deps.storage.transact(fn),
  };
  const recorder = createRecorder({ storage, onLoss: (count, reason) => losses.push([count, reason]) });
  const add = (count: number, overrides: Partial<RecordedExchange> = {}) => {
    for (let index = 0; index < count; index += 1)
      recorder.add(anExchange({ at: BUILT_AT + index, ...overrides }));
  };
  const stored = () => world.deps.storage.recorderEntries.list(organization.id, {}, { limit: 10_000 });
  return { recorder, add, stored, losses, setDown: (is: boolean) => (down = is) };
}

describe('batches', () => {
  test('nothing is stored by adding, everything by flushing, once', async () => {
    const { recorder, add, stored } = await stage();
    add(7);
    expect(await stored()).toEqual([]);
    await Promise.all([recorder.flush(), recorder.flush()]);
    await recorder.flush();
    expect((await stored()).map(({ at }) => at - BUILT_AT)).toEqual([6, 5, 4, 3, 2, 1, 0]);
  });

  test('what is added while a batch is being stored is stored by the same flush or the next', async () => {
    const { recorder, add, stored } = await stage();
    add(3);
    const first = recorder.flush();
    add(4, { path: '/Groups' });
    await first;
    await recorder.flush();
    expect(await stored()).toHaveLength(7);
  });

  test('a failure is kept through a flood of what went well, also while none of it is stored', async () => {
    const { recorder, add, stored } = await stage();
    add(1, { failure: { ...failure, code: 'invalid_value' }, status: 400 });
    add(9000, { at: BUILT_AT + 1 });
    await recorder.flush();
    const left = await stored();
    expect([left.length, left.filter((entry) => entry.failure !== null).length]).toEqual([1401, 1]);
    expect(recorder.dropped()).toBe(0);
  });
});

describe('bounds', () => {
  test('2,000 entries of an organization are kept at most, the oldest going first, failures a while longer', async () => {
    const { recorder, add, stored } = await stage();
    add(700, { failure: { ...failure, code: 'invalid_value' }, status: 400 });
    for (let round = 1; round <= 25; round += 1) {
      add(100, { at: BUILT_AT + round * 1000 });
      await recorder.flush();
      expect((await stored()).length).toBeLessThanOrEqual(2000);
    }
    const left = await stored();
    expect(left.filter((entry) => entry.failure !== null)).toHaveLength(500);
    expect(left.filter((entry) => entry.failure === null).every(({ at }) => at >= BUILT_AT + 10_000)).toBe(
      true,
    );
  });

  test('S217: entries of 30 days go', async () => {
    const { recorder, add, stored } = await stage();
    add(2);
    await recorder.flush();
    const sweep = (now: number) => world.deps.storage.transact((tx) => removeOldEntries(tx, now));
    await sweep(BUILT_AT + days(30) - 1);
    expect(await stored()).toHaveLength(2);
    await sweep(BUILT_AT + days(30));
    expect(await stored()).toHaveLength(1);
  });

  test('beyond 5,000 waiting exchanges, or 32 MB of them, new ones are dropped, counted and told', async () => {
    for (const [size, count] of [
      [10, 5300],
      [16_384, 2500],
    ] as const) {
      const { recorder, losses, setDown } = await stage();
      setDown(true);
      const response = excerptOf('x'.repeat(size), size);
      // Of several organizations: what one floods us with pushes out its own.
      const owners = [organization.id, ...Array.from({ length: 3 }, () => anOrganization().id)];
      for (let index = 0; index < count; index += 1)
        recorder.add(anExchange({ response, organizationId: owners[index % 4] ?? organization.id }));
      const atOnce = recorder.dropped();
      expect(atOnce).toBeGreaterThan(0);
      expect(atOnce).toBeLessThan(count);
      await recorder.flush();
      expect(recorder.dropped()).toBe(count);
      expect(losses.reduce((sum, [lost]) => sum + lost, 0)).toBe(count);
      await world.deps.storage.transact((tx) => tx.organizations.remove(organization.id));
    }
  });

  test('a store that is down costs the batch, not the recorder', async () => {
    const { recorder, add, stored, losses, setDown } = await stage();
    setDown(true);
    add(3);
    await recorder.flush();
    expect([recorder.dropped(), losses]).toEqual([3, [[3, expect.any(GatehouseError)]]]);
    setDown(false);
    add(2);
    await recorder.flush();
    expect(await stored()).toHaveLength(2);
  });

  test('an organization that is gone takes nobody else’s entries with it', async () => {
    const { recorder, add, stored } = await stage();
    add(1, { organizationId: anOrganization().id });
    add(1);
    await recorder.flush();
    expect([(await stored()).length, recorder.dropped()]).toEqual([1, 0]);
  });

  test('refusals at the door are kept once in ten seconds of each kind and directory', async () => {
    const { recorder, add, stored } = await stage();
    const refused = { failure, status: 429 };
    add(50, { ...refused, at: BUILT_AT });
    add(1, { ...refused, at: BUILT_AT, directoryId: aDirectory(organization.id).id });
    add(1, { ...refused, at: BUILT_AT, failure: { ...failure, code: 'unauthenticated' } });
    add(1, { ...refused, at: BUILT_AT + 10_000 });
    add(5, { at: BUILT_AT });
    await recorder.flush();
    expect(await stored()).toHaveLength(9);
  });
});

describe('redaction', () => {
  test.each([
    ['what cannot hold a secret is not touched', '{ "a" : [1,  "b"] }', '{ "a" : [1,  "b"] }', true],
    [
      'a word that only looks like one is read and given back',
      '{"title":"Compass"}',
      '{"title":"Compass"}',
      true,
    ],
    [
      'a password leaves the request whole',
      '{"password":"x1234","a":1}',
      '{"password":"[redacted]","a":1}',
      true,
    ],
    ['an empty password is worth seeing', '{"password":"","a":null}', '{"password":"","a":null}', true],
    ['another secret does not', '{"apiToken":"x1234"}', '{"apiToken":"[redacted]"}', false],
    ['a bearer value in a text', '{"a":"Bearer abcdefgh"}', '{"a":"Bearer [redacted]"}', false],
    [
      'a reserved name is data',
      '{"__proto__":{"password":"x"}}',
      '{"__proto__":{"password":"[redacted]"}}',
      true,
    ],
  ])('%s', (_title, text, expected, isWhole) => {
    expect(redactBody(excerptOf(text, 1000))).toMatchObject({ text: expected, isWhole });
    expect(redactBody(excerptOf(Buffer.from(text), 1000))).toMatchObject({ text: expected, isWhole });
  });

  test('a cut goes between characters and says how much there was', () => {
    expect(redactBody(excerptOfAnswer(Buffer.from('ééé'), 2)).text).toBe('éé [cut: 3 in all]');
    const long = redactBody(excerptOfAnswer(Buffer.from('é'.repeat(20)), 2));
    expect(long).toEqual({ text: 'éé [cut: 40 in all]', isWhole: false, secrets: [] });
    const secret = Buffer.from(`{"a":"é","password":"x"}${' '.repeat(99)}`);
    expect(redactBody(excerptOfAnswer(secret, 10)).text).toContain('[not kept');
    expect(redactBody(excerptOf('ééé', 2)).text).toBe('éé [cut: 3 in all]');
    expect(redactBody(excerptOf(Buffer.from('ééé'), 3)).text).toBe('é [cut: 6 in all]');
    expect(redactBody(excerptOf('a😀b', 2)).text).toBe('a [cut: 4 in all]');
  });

  test('a path keeps its query unless something in it could be a secret', () => {
    expect(redactPath('/Users?filter=userName%20eq%20%22a%22&count=1')).toBe(
      '/Users?filter=userName%20eq%20%22a%22&count=1',
    );
    expect(redactPath('/Users?filter=x&access_token=y')).toBe(
      '/Users?filter=[redacted]&access_token=[redacted]',
    );
    expect(redactPath('/Users?filter=%zz')).toBe('/Users?filter=[redacted]');
    expect(redactPath(`/Users?filter=${'x'.repeat(5000)}`)).toHaveLength(2003);
  });

  test('a note loses what it quotes only when it speaks of a secret', () => {
    expect(redactNote('"Ada" is taken')).toBe('"Ada" is taken');
    expect(redactNote('password "Ada\\"x" is odd')).toBe('password "[redacted]" is odd');
    expect(redactNote('value hunter22 is odd', ['hunter22'])).toBe('value [redacted] is odd');
  });
});
