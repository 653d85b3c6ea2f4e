/** Rate limits per directory on a clock of their own: bursts, waiting, refusals, turns, and nobody else's delay. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createRateLimiter,
  DEFAULT_RATE_LIMITS,
  type RateLimits,
  type Standing,
} from '../../src/core/rate-limit.ts';

const LIMITS: RateLimits = { perSecond: 10, burst: 3, inFlight: 2, inFlightOfAll: 4, maxDelayMs: 1000 };

interface Sent {
  readonly name: string;
  readonly leave: () => void;
}

/** A limiter, its clock, and what became of every request, in order. */
function stage(limits: RateLimits = LIMITS) {
  const time = { now: 1_000_000 };
  const limiter = createRateLimiter(limits, () => time.now);
  const ran: string[] = [];
  const refused: (readonly [string, number])[] = [];
  const standings = new Map<string, Standing>();
  const send = (directory: string, name = directory): Sent => {
    const leave = limiter.enter(directory, {
      run: (standing) => {
        ran.push(name);
        standings.set(name, standing);
      },
      refuse: (seconds, standing) => {
        refused.push([name, seconds]);
        standings.set(name, standing);
      },
    });
    return { name, leave };
  };
  const pass = (ms: number) => {
    time.now += ms;
    limiter.tick();
  };
  /** Sends and ends at once. */
  const spend = (directory: string, count: number) => {
    for (let index = 0; index < count; index += 1) send(directory).leave();
  };
  return { limiter, time, ran, refused, standings, send, pass, spend };
}

describe('a directory by itself', () => {
  test('sends its burst at once and is told how it stands', () => {
    const { send, standings, ran } = stage();
    for (const name of ['a', 'b', 'c']) send('x', name).leave();
    expect(ran).toEqual(['a', 'b', 'c']);
    expect([...standings.values()]).toEqual([
      { limit: 3, remaining: 2, resetSeconds: 1 },
      { limit: 3, remaining: 1, resetSeconds: 1 },
      { limit: 3, remaining: 0, resetSeconds: 1 },
    ]);
  });

  test('then waits rather than being refused, one request for each tenth of a second', () => {
    const { spend, send, ran, refused, pass } = stage();
    spend('x', 3);
    const sent = ['d', 'e'].map((name) => send('x', name));
    expect(ran).toEqual(['x', 'x', 'x']);
    pass(99);
    expect(ran).toHaveLength(3);
    pass(1);
    expect(ran.at(-1)).toBe('d');
    sent[0]?.leave();
    pass(100);
    expect(ran.at(-1)).toBe('e');
    expect(refused).toEqual([]);
  });

  test('is refused when the wait would be longer than promised, with a time that is worth waiting', () => {
    const { spend, send, refused, standings } = stage();
    spend('x', 3);
    for (let index = 0; index < 10; index += 1) send('x');
    expect(refused).toEqual([]);
    send('x', 'late');
    expect(refused).toEqual([['late', 1]]);
    expect(standings.get('late')).toEqual({ limit: 3, remaining: 0, resetSeconds: 1 });
  });

  test('gets its burst back after a pause, never more', () => {
    const { spend, pass, ran } = stage();
    spend('x', 3);
    pass(3_600_000);
    spend('x', 3);
    expect(ran).toHaveLength(6);
    spend('x', 1);
    expect(ran).toHaveLength(6);
  });

  test('has only so many requests under way, whatever credit it has', () => {
    const { send, ran, pass } = stage();
    const [first] = ['a', 'b', 'c'].map((name) => send('x', name));
    expect(ran).toEqual(['a', 'b']);
    pass(500);
    expect(ran).toEqual(['a', 'b']);
    first?.leave();
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  test('whose requests under way never end is refused when patience ends', () => {
    const { send, refused, pass, limiter } = stage();
    for (const name of ['a', 'b', 'c']) send('x', name);
    expect(limiter.nextTickMs()).toBe(1001);
    pass(1000);
    expect(refused).toEqual([]);
    pass(1);
    expect(refused).toEqual([['c', 1]]);
    expect(limiter.nextTickMs()).toBeUndefined();
  });

  test('that hangs up while it waits gives its place away', () => {
    const { spend, send, pass, ran } = stage();
    spend('x', 3);
    const [gone, next] = [send('x', 'gone'), send('x', 'next')];
    gone.leave();
    gone.leave();
    pass(100);
    expect(ran.at(-1)).toBe('next');
    next.leave();
    next.leave();
    pass(1000);
    spend('x', 3);
    expect(ran).toHaveLength(7);
  });

  test('is not hurt by a clock that is set back', () => {
    const { spend, send, pass, ran } = stage();
    spend('x', 3);
    pass(-60_000);
    const { leave } = send('x', 'afterwards');
    expect(ran).toHaveLength(3);
    pass(100);
    expect(ran.at(-1)).toBe('afterwards');
    leave();
  });
});

describe('the next tick', () => {
  test('is wanted by nobody while nobody waits', () => {
    const { limiter, send } = stage();
    send('x');
    expect(limiter.nextTickMs()).toBeUndefined();
  });

  test('is wanted when the next credit is there', () => {
    const { limiter, spend, send, time } = stage();
    spend('x', 3);
    send('x');
    expect(limiter.nextTickMs()).toBe(100);
    time.now += 40;
    expect(limiter.nextTickMs()).toBe(60);
  });
});

/** What must hold after every step: places taken, and requests started since the first moment. */
function expectBounds(
  under: readonly { readonly directory: string }[],
  starts: ReadonlyMap<string, number>,
  passed: number,
): void {
  expect(under.length).toBeLessThanOrEqual(LIMITS.inFlightOfAll);
  for (const directory of ['a', 'b', 'c']) {
    const count = under.filter((other) => other.directory === directory).length;
    expect(count).toBeLessThanOrEqual(LIMITS.inFlight);
    const most = LIMITS.burst + (passed * LIMITS.perSecond) / 1000;
    expect(starts.get(directory) ?? 0).toBeLessThanOrEqual(most + 1e-6);
  }
}

describe('several directories', () => {
  test('S221: each has a limit of its own; spelling and order make no other', () => {
    const { spend, ran, send } = stage();
    spend('x', 3);
    send('y', 'y').leave();
    expect(ran.at(-1)).toBe('y');
  });

  test('take turns when all places are taken, whoever waits longest in number', () => {
    const { send, ran } = stage({ ...LIMITS, burst: 100, inFlight: 4 });
    const held = ['h1', 'h2', 'h3', 'h4'].map((name) => send('h', name));
    for (const name of ['x1', 'x2', 'x3', 'x4']) send('x', name);
    for (const name of ['y1', 'y2']) send('y', name);
    send('z', 'z1');
    for (const { leave } of held) leave();
    expect(ran.slice(4)).toEqual(['x1', 'y1', 'z1', 'x2']);
  });

  test('S222: one at fifty times its quota does not make anybody else wait at all', () => {
    const { perSecond } = DEFAULT_RATE_LIMITS;
    const quiet = ['a', 'b', 'c'];
    const waits: number[] = [];
    const { limiter, time, pass } = stage(DEFAULT_RATE_LIMITS);
    const running: { readonly until: number; leave: () => void }[] = [];
    let flooded = 0;
    const arrive = (directory: string, onRun: () => void) => {
      const leave = limiter.enter(directory, {
        run: () => {
          onRun();
          running.push({ until: time.now + 20, leave: () => leave() });
        },
        refuse: () => undefined,
      });
    };
    for (let ms = 0; ms < 3000; ms += 1) {
      pass(1);
      for (const over of running.filter(({ until }) => until <= time.now)) over.leave();
      running.splice(0, running.length, ...running.filter(({ until }) => until > time.now));
      for (let index = 0; index < (50 * perSecond) / 1000; index += 1) arrive('flood', () => (flooded += 1));
      if (ms % 40 > 0) continue;
      const from = time.now;
      for (const directory of quiet) arrive(directory, () => waits.push(time.now - from));
    }
    expect(waits).toHaveLength(75 * quiet.length);
    expect(Math.max(...waits)).toBe(0);
    expect(flooded).toBeGreaterThan(perSecond * 2.9);
    expect(flooded).toBeLessThanOrEqual(perSecond * 3 + DEFAULT_RATE_LIMITS.burst);
  });

  test('any history: rate, places and patience are kept, and every request is answered exactly once', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('send' as const), directory: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ kind: fc.constant('end' as const), which: fc.nat(20) }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(400) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const time = { now: 5 };
        const limiter = createRateLimiter(LIMITS, () => time.now);
        const under: { readonly directory: string; readonly leave: () => void }[] = [];
        const starts = new Map<string, number>();
        let answered = 0;
        let sent = 0;
        const send = (directory: string) => {
          sent += 1;
          const since = time.now;
          const mine = { directory, leave: () => end() };
          const end = limiter.enter(directory, {
            run: () => {
              answered += 1;
              expect(time.now - since).toBeLessThanOrEqual(LIMITS.maxDelayMs);
              starts.set(directory, (starts.get(directory) ?? 0) + 1);
              under.push(mine);
            },
            refuse: (seconds) => {
              answered += 1;
              expect(seconds).toBeGreaterThanOrEqual(1);
            },
          });
        };
        for (const one of steps) {
          if (one.kind === 'send') send(one.directory);
          else if (one.kind === 'end') under.splice(one.which % (under.length + 1), 1)[0]?.leave();
          else {
            time.now += one.ms;
            limiter.tick();
          }
          expectBounds(under, starts, time.now - 5);
        }
        while (under.length > 0 || limiter.nextTickMs() !== undefined) {
          for (const { leave } of under.splice(0)) leave();
          time.now += limiter.nextTickMs() ?? 0;
          limiter.tick();
        }
        expect(answered).toBe(sent);
      }),
    );
  });
});
