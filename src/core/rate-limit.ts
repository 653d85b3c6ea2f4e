/**
 * Rate limits per directory: a token bucket each, slow answers before refusals, and turns taken between directories,
 * so that a flooding one waits for itself alone (S222). It knows no timer: whoever holds it calls `tick` when told to.
 */
import { seconds } from '../kernel/clock.ts';

export interface RateLimits {
  /** Requests a second that a directory may go on sending. */
  readonly perSecond: number;
  /** Requests it may send at once after a pause. */
  readonly burst: number;
  /** Requests of one directory, and of all of them, that may be under way at the same time. */
  readonly inFlight: number;
  readonly inFlightOfAll: number;
  /** A request that would have to wait longer than this is refused. */
  readonly maxDelayMs: number;
}

/** Entra asks for 25 requests a second without lag; ours is four times that (dossier 5.1). */
export const DEFAULT_RATE_LIMITS: RateLimits = {
  perSecond: 100,
  burst: 200,
  inFlight: 16,
  inFlightOfAll: 64,
  maxDelayMs: seconds(2),
};

/** How a directory stands, for the headers of an answer. */
export interface Standing {
  readonly limit: number;
  /** Requests it could send at once now. */
  readonly remaining: number;
  /** Seconds until `remaining` is `limit` again, rounded up. */
  readonly resetSeconds: number;
}

/** What becomes of a request; exactly one of the two is called, once. */
export interface Applicant {
  run(standing: Standing): void;
  /** `retryAfterSeconds`: at least 1. */
  refuse(retryAfterSeconds: number, standing: Standing): void;
}

export interface RateLimiter {
  /**
   * Asks for one request to be let through; `applicant` may be called before this returns. The answered function is to
   * be called when the request is over, however it ended, also while it still waits; further calls do nothing.
   */
  enter(directoryId: string, applicant: Applicant): () => void;
  /** Lets through, or refuses, whoever's time has come. */
  tick(): void;
  /** In how many milliseconds `tick` is wanted; undefined while nobody waits for time to pass. */
  nextTickMs(): number | undefined;
}

interface Waiter {
  readonly applicant: Applicant;
  readonly deadline: number;
  hasLeft: boolean;
}

/** What is known of one directory. */
interface Lane {
  credit: number;
  refilledAt: number;
  running: number;
  waiting: Waiter[];
}

/** Idle directories are forgotten when there are more than this many. */
const LANES_KEPT = 10_000;

/** Starts with every directory unused. The state is this process's own: each of several nodes enforces the limits by itself. */
export function createRateLimiter(limits: RateLimits, clock: () => number): RateLimiter {
  const lanes = new Map<string, Lane>();
  /** Those in which somebody waits, the one whose turn is next first. */
  const queue = new Set<Lane>();
  let running = 0;

  const laneOf = (directoryId: string, now: number): Lane => {
    let lane = lanes.get(directoryId);
    if (lane === undefined) {
      if (lanes.size >= LANES_KEPT) forgetIdle(lanes, limits, now);
      lane = { credit: limits.burst, refilledAt: now, running: 0, waiting: [] };
      lanes.set(directoryId, lane);
    }
    refill(lane, limits, now);
    return lane;
  };
  const hasRoom = (lane: Lane): boolean =>
    lane.credit >= 1 && lane.running < limits.inFlight && running < limits.inFlightOfAll;
  const start = (lane: Lane, applicant: Applicant): void => {
    lane.credit -= 1;
    lane.running += 1;
    running += 1;
    applicant.run(standingOf(lane, limits));
  };
  /** One request of each directory in turn, until nobody else can start. */
  const pump = (): void => {
    const now = clock();
    for (const lane of queue) {
      refill(lane, limits, now);
      dismissLate(lane, limits, now);
    }
    let hasStarted = true;
    while (hasStarted) {
      hasStarted = false;
      for (const lane of [...queue]) {
        const next = hasRoom(lane) ? lane.waiting.shift() : undefined;
        if (next !== undefined) {
          // To the back first: the next turn is another directory's.
          queue.delete(lane);
          queue.add(lane);
          start(lane, next.applicant);
          hasStarted = true;
        }
        if (lane.waiting.length === 0) queue.delete(lane);
      }
    }
  };
  const leave = (lane: Lane, waiter: Waiter): void => {
    if (waiter.hasLeft) return;
    waiter.hasLeft = true;
    const place = lane.waiting.indexOf(waiter);
    if (place >= 0) lane.waiting.splice(place, 1);
    else {
      lane.running -= 1;
      running -= 1;
    }
    pump();
  };
  return {
    enter: (directoryId, applicant) => {
      const now = clock();
      const lane = laneOf(directoryId, now);
      const waiter: Waiter = { applicant, deadline: now + limits.maxDelayMs, hasLeft: false };
      if (lane.waiting.length === 0 && hasRoom(lane)) {
        start(lane, applicant);
      } else if (delayOf(lane, limits) > limits.maxDelayMs) {
        waiter.hasLeft = true;
        applicant.refuse(retryAfter(lane, limits), standingOf(lane, limits));
      } else {
        lane.waiting.push(waiter);
        queue.add(lane);
      }
      return () => leave(lane, waiter);
    },
    tick: pump,
    nextTickMs: () => nextTickMs([...queue], limits, clock()),
  };
}

function refill(lane: Lane, { perSecond, burst }: RateLimits, now: number): void {
  // A clock that was set back gives nothing, and takes nothing away.
  const passed = Math.max(0, now - lane.refilledAt);
  lane.credit = Math.min(burst, lane.credit + (passed * perSecond) / 1000);
  lane.refilledAt = now;
}

/** How long one more request would wait for credit behind those that wait already. */
const delayOf = (lane: Lane, { perSecond }: RateLimits): number =>
  (Math.max(0, lane.waiting.length + 1 - lane.credit) * 1000) / perSecond;

/** Until half of those who wait will be through: sooner would only meet the same queue. */
const retryAfter = (lane: Lane, limits: RateLimits): number =>
  Math.max(1, Math.ceil(delayOf(lane, limits) / 2 / 1000));

const standingOf = (lane: Lane, { perSecond, burst }: RateLimits): Standing => ({
  limit: burst,
  remaining: Math.max(0, Math.floor(lane.credit)),
  resetSeconds: Math.ceil((burst - lane.credit) / perSecond),
});

/** Refuses those who were promised less than they have waited: requests under way took too long. */
function dismissLate(lane: Lane, limits: RateLimits, now: number): void {
  const late = lane.waiting.filter((waiter) => waiter.deadline < now);
  if (late.length === 0) return;
  lane.waiting = lane.waiting.filter((waiter) => waiter.deadline >= now);
  for (const waiter of late) {
    waiter.hasLeft = true;
    waiter.applicant.refuse(retryAfter(lane, limits), standingOf(lane, limits));
  }
}

/** The soonest of: credit for a lane that could start somebody, and the end of somebody's patience. */
function nextTickMs(waiting: readonly Lane[], { perSecond, inFlight }: RateLimits, now: number) {
  const waits = waiting.flatMap((lane) => {
    const credit = lane.credit + (Math.max(0, now - lane.refilledAt) * perSecond) / 1000;
    const forCredit = lane.running < inFlight ? [((1 - credit) * 1000) / perSecond] : [];
    const first = lane.waiting[0];
    return first === undefined ? [] : [...forCredit, first.deadline + 1 - now];
  });
  return waits.length === 0 ? undefined : Math.max(1, Math.ceil(Math.min(...waits)));
}

function forgetIdle(lanes: Map<string, Lane>, limits: RateLimits, now: number): void {
  for (const [directoryId, lane] of lanes) {
    refill(lane, limits, now);
    const isIdle = lane.running === 0 && lane.waiting.length === 0 && lane.credit >= limits.burst;
    if (isIdle) lanes.delete(directoryId);
  }
}
