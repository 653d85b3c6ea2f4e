/** How much of the refusals that anybody can bring about (`isStrangers`) the audit of an organization takes. */
import { minutes, seconds } from '../../kernel/clock.ts';
import type { ConnectionId } from '../../kernel/ids.ts';

/** Of one connection so many at once, then one each so often. What was read is worth more: all of a test run of attacks is there. */
const LIMITS = {
  unread: { burst: 60, refillMs: minutes(1) },
  read: { burst: 500, refillMs: seconds(10) },
};
const BUCKETS_REMEMBERED = 10_000;

/** Asked for each; the count is of those of its kind that were left out since one was written, undefined: this one is left out, too. */
export type StrangerGate = (
  connectionId: ConnectionId,
  kind: keyof typeof LIMITS,
) => { readonly leftOut: number } | undefined;

/** Starts with room. What is left out of the audit is in the recorder, with its reference. The state is this process's own. */
export function createStrangerGate(clock: () => number): StrangerGate {
  const buckets = new Map<string, { readonly room: number; readonly at: number; readonly leftOut: number }>();
  return (connectionId, kind) => {
    const { burst, refillMs } = LIMITS[kind];
    const now = clock();
    const key = `${kind} ${connectionId}`;
    if (buckets.size >= BUCKETS_REMEMBERED) buckets.clear();
    const { room, at, leftOut } = buckets.get(key) ?? { room: burst, at: now, leftOut: 0 };
    const refilled = Math.min(burst, room + Math.max(0, now - at) / refillMs);
    const isWritten = refilled >= 1;
    buckets.set(key, {
      ...{ room: isWritten ? refilled - 1 : refilled, at: now },
      leftOut: isWritten ? 0 : leftOut + 1,
    });
    return isWritten ? { leftOut } : undefined;
  };
}
