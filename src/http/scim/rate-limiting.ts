/** Lets the requests of a directory through as its rate limit has it, and tells every answer how the directory stands. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { createRateLimiter, type RateLimits, type Standing } from '../../core/rate-limit.ts';
import type { Clock } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { scimContextOf } from './context.ts';
import { addHeader, headersOf } from './exchange.ts';

/** Runs `work` after `ms` milliseconds. */
export type Schedule = (work: () => void, ms: number) => void;

const afterwards: Schedule = (work, ms) => {
  setTimeout(work, ms).unref();
};

/** Waits behind the guard, as long as the rate limit has a request wait; see `limitDirectories`. */
export function admitDirectories(limits: RateLimits, clock: Clock): (res: Response) => Promise<void> {
  const limit = limitDirectories(limits, clock);
  return (res) =>
    new Promise((resolve, reject) => {
      limit(res.req, res, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
    });
}

/**
 * Stands behind the guard. A request beyond the limit waits for its turn, at most as long as `limits` says; then it throws
 * `too_many_requests` with Retry-After in seconds. Headers: x-rate-limit-limit, -remaining, -reset (dossier 64, 5.11).
 */
export function limitDirectories(
  limits: RateLimits,
  clock: Clock,
  schedule: Schedule = afterwards,
): RequestHandler {
  const limiter = createRateLimiter(limits, clock);
  let wakeAt = Number.POSITIVE_INFINITY;
  const plan = (): void => {
    const ms = limiter.nextTickMs();
    const at = clock() + (ms ?? Number.POSITIVE_INFINITY);
    if (ms === undefined || at >= wakeAt) return;
    wakeAt = at;
    schedule(() => {
      if (wakeAt === at) wakeAt = Number.POSITIVE_INFINITY;
      limiter.tick();
      plan();
    }, ms);
  };
  return (_req: Request, res: Response, next: NextFunction): void => {
    const leave = limiter.enter(scimContextOf(res).directoryId, {
      run: (standing) => {
        tell(res, standing);
        next();
      },
      refuse: (retryAfterSeconds, standing) => {
        tell(res, standing);
        addHeader(res, 'Retry-After', String(retryAfterSeconds));
        next(
          new GatehouseError(
            'too_many_requests',
            `This directory sends more than ${limits.perSecond} requests a second. Wait ${retryAfterSeconds} s.`,
          ),
        );
      },
    });
    res.once('close', () => {
      leave();
      plan();
    });
    plan();
  };
}

function tell(res: Response, { limit, remaining, resetSeconds }: Standing): void {
  headersOf(res).push(
    ...['x-rate-limit-limit', String(limit)],
    ...['x-rate-limit-remaining', String(remaining)],
    ...['x-rate-limit-reset', String(resetSeconds)],
  );
}
