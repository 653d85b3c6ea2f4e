/** Limits on guessing passwords, on a clock of their own: what is counted, what is forgotten, and how long a refusal lasts. */
import { describe, expect, test } from '@jest/globals';
import {
  type AttemptLimits,
  CLIENT_ATTEMPT_LIMITS,
  createAttemptLimiter,
  DEFAULT_ATTEMPT_LIMITS,
  KEY_ATTEMPT_LIMITS,
  limitAttempt,
} from '../../src/core/attempt-limit.ts';
import { minutes } from '../../src/kernel/clock.ts';
import { GatehouseError, isGatehouseError } from '../../src/kernel/errors.ts';

const HERE = '192.0.2.1';

/** A limiter and its clock; `fail` answers undefined for a try that was let in, else the seconds to wait. */
function stage(limits: Partial<AttemptLimits> = {}) {
  const time = { now: 1_000_000_000 };
  const limiter = createAttemptLimiter({ ...DEFAULT_ATTEMPT_LIMITS, ...limits }, () => time.now);
  const fail = (emailKey: string, ip: string | undefined = HERE): unknown => {
    try {
      limiter.begin({ emailKey, ip });
      return undefined;
    } catch (error) {
      if (!isGatehouseError(error, 'too_many_requests')) throw error;
      return error.context.retryAfterSeconds;
    }
  };
  const failTimes = (count: number, of: (index: number) => readonly [email: string, ip: string]) =>
    Array.from({ length: count }, (_, index) => fail(...of(index))).filter((wait) => wait !== undefined);
  return { time, limiter, fail, failTimes };
}

const nth = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

describe('S178 the limits', () => {
  const limits: [title: string, count: number, of: (n: number) => readonly [email: string, ip: string]][] = [
    ['ten of one address from one network', 10, () => ['ada', HERE]],
    ['a hundred of one network, whatever the address', 100, (n) => [`p${n}`, HERE]],
    ['two hundred of one address, whatever the network', 200, (n) => ['ada', nth(n)]],
  ];
  test.each(limits)('%s, and the next waits for the end of a quarter of an hour', (_title, count, of) => {
    const { failTimes, fail, time } = stage();
    expect(failTimes(count, of)).toEqual([]);
    expect(fail(...of(count))).toBe(900);
    time.now += minutes(15) - 1;
    expect(fail(...of(count))).toBe(1);
    time.now += 1;
    expect(fail(...of(count))).toBeUndefined();
  });

  test('another address from there, and the same address from elsewhere, are let in', () => {
    const { failTimes, fail } = stage();
    failTimes(10, () => ['ada@x.example', HERE]);
    expect(fail('ada@x.example')).toBe(900);
    expect(fail('bob@x.example')).toBeUndefined();
    expect(fail('ada@x.example', '192.0.2.2')).toBeUndefined();
  });

  test('whoever has a whole IPv6 network has no more tries than whoever has one address', () => {
    const { failTimes, fail } = stage();
    expect(failTimes(10, (n) => ['ada@x.example', `2001:db8:1:2::${n}`])).toEqual([]);
    expect(fail('ada@x.example', '2001:db8:1:2:ffff::1')).toBe(900);
    expect(fail('ada@x.example', '2001:db8:9:2::1')).toBeUndefined();
  });

  test.each([
    ['client', CLIENT_ATTEMPT_LIMITS, 20],
    ['operator', KEY_ATTEMPT_LIMITS, 10],
  ])(
    'a wave from everywhere shuts no %s out: only the network that tries is counted',
    (who, limits, most) => {
      const { failTimes, fail } = stage(limits);
      expect(failTimes(20_000, (n) => [who, nth(n)])).toEqual([]);
      expect(failTimes(most, () => [who, HERE])).toEqual([]);
      expect(fail(who)).toBeDefined();
    },
  );

  test('the window slides: each failure is forgotten when it is a quarter of an hour old', () => {
    const { fail, time } = stage({ perAddressAndNetwork: 2 });
    expect(fail('ada')).toBeUndefined();
    time.now += minutes(10);
    expect(fail('ada')).toBeUndefined();
    expect(fail('ada')).toBe(300);
    time.now += minutes(5);
    expect(fail('ada')).toBeUndefined();
    expect(fail('ada')).toBe(600);
  });

  test('refused tries do not count: who keeps knocking is let in as early', () => {
    const { failTimes, fail, time } = stage();
    failTimes(10, () => ['ada', HERE]);
    time.now += minutes(14);
    expect(failTimes(50, () => ['ada', HERE])).toHaveLength(50);
    time.now += minutes(1);
    expect(fail('ada')).toBeUndefined();
  });

  test('a clock that is set back shuts nobody out for longer', () => {
    const { failTimes, fail, time } = stage();
    failTimes(10, () => ['ada', HERE]);
    time.now -= minutes(60);
    expect(fail('ada')).toBeUndefined();
  });

  test('tries without a network address share one network', () => {
    const { limiter } = stage({ perNetwork: 1 });
    limiter.begin({ emailKey: 'ada', ip: undefined });
    expect(() => limiter.begin({ emailKey: 'bob', ip: undefined })).toThrow('Too many tries');
  });
});

describe('S178 a right password', () => {
  test('forgets the failures of that address from that network', () => {
    const { limiter, failTimes } = stage();
    failTimes(9, () => ['ada', HERE]);
    limiter.begin({ emailKey: 'ada', ip: HERE }).succeed();
    expect(failTimes(10, () => ['ada', HERE])).toEqual([]);
    expect(failTimes(1, () => ['ada', HERE])).toEqual([900]);
  });

  test('forgets no failure of the network or of the address elsewhere, and counts for neither', () => {
    const { limiter, fail, failTimes } = stage({ perNetwork: 4, perAddress: 5 });
    failTimes(3, () => ['ada', HERE]);
    for (let round = 0; round < 20; round += 1) limiter.begin({ emailKey: 'ada', ip: HERE }).succeed();
    expect(fail('bob')).toBeUndefined();
    expect(fail('carl')).toBe(900);
    expect(fail('ada', nth(1))).toBeUndefined();
    expect(fail('ada', nth(2))).toBeUndefined();
    expect(fail('ada', nth(3))).toBe(900);
  });

  test('parallel tries are counted before any of them is known to be wrong', () => {
    const { limiter, fail } = stage();
    const begun = Array.from({ length: 10 }, () => limiter.begin({ emailKey: 'ada', ip: HERE }));
    expect(fail('ada')).toBe(900);
    begun[0]?.withdraw();
    expect(fail('ada')).toBeUndefined();
    expect(fail('ada')).toBe(900);
  });
});

describe('S178 what is shared', () => {
  test('a domain stands for an organization: its addresses are shut out together, others are not', () => {
    const { fail, failTimes } = stage({ perDomain: 20 });
    failTimes(20, (index) => [`p${index}@acme.example`, nth(index)]);
    expect(fail('new@acme.example', nth(99))).toBe(900);
    expect(fail('new@other.example', nth(99))).toBeUndefined();
  });

  test('everybody together: a wave over addresses, domains and networks ends', () => {
    const { fail, failTimes } = stage({ overall: 30 });
    failTimes(30, (index) => [`p${index}@d${index}.example`, nth(index)]);
    expect(fail('new@new.example', nth(99))).toBe(900);
  });

  test('a known device is counted by itself: no other limit is met there, and it fills none', () => {
    const { limiter, fail, failTimes } = stage({ perNetwork: 3, overall: 4 });
    failTimes(3, (index) => [`p${index}@x.example`, HERE]);
    const onDevice = () => limiter.begin({ emailKey: 'ada', ip: HERE, device: 'laptop' });
    for (let round = 0; round < 10; round += 1) onDevice();
    expect(onDevice).toThrow('Too many tries');
    expect(fail('new@x.example', nth(1))).toBeUndefined();
    expect(fail('newer@x.example', nth(2))).toBe(900);
  });
});

describe('S178 one try', () => {
  const attempted = { emailKey: 'ada', ip: HERE, refusal: 'unauthenticated' } as const;
  const outcomes: [title: string, work: () => Promise<string>, isCounted: boolean][] = [
    ['a refusal counts', async () => Promise.reject(new GatehouseError('unauthenticated', 'no')), true],
    ['an answer does not', async () => 'in', false],
    [
      'an outage does not',
      async () => Promise.reject(new GatehouseError('storage_unavailable', 'no')),
      false,
    ],
    ['a bug does not', async () => Promise.reject(new TypeError('no')), false],
  ];
  test.each(outcomes)('%s', async (_title, work, isCounted) => {
    const { limiter, fail } = stage({ perAddressAndNetwork: 1 });
    await limitAttempt(limiter, attempted, work).catch(() => undefined);
    expect(fail('ada')).toBe(isCounted ? 900 : undefined);
  });

  test('beyond the limit nothing is tried; without a limiter everything is', async () => {
    const { limiter, failTimes } = stage();
    failTimes(10, () => ['ada', HERE]);
    let tried = 0;
    const work = async () => {
      tried += 1;
    };
    await expect(limitAttempt(limiter, attempted, work)).rejects.toMatchObject({ code: 'too_many_requests' });
    expect(tried).toBe(0);
    await limitAttempt(undefined, attempted, work);
    expect(tried).toBe(1);
  });
});

describe('S178 memory', () => {
  test('so many keys are kept; who failed longest ago is forgotten, who failed again since is not', () => {
    const { fail } = stage({ perAddressAndNetwork: 2, keysKept: 3 });
    for (const name of ['ada', 'bob', 'carl', 'ada', 'dora']) fail(name);
    expect(fail('ada')).toBe(900);
    expect(fail('bob')).toBeUndefined();
    expect(fail('bob')).toBeUndefined();
  });

  test('a flood of other addresses from one network does not reopen the door: the network is shut first', () => {
    const { failTimes, fail } = stage();
    failTimes(10, () => ['ada', HERE]);
    failTimes(20_000, (index) => [`p${index}`, HERE]);
    expect(fail('ada')).toBe(900);
  });
});
