/** How much of what was refused unread the audit of an organization takes: anybody can bring about any number of them. */
import { minutes } from '../../kernel/clock.ts';
import type { ConnectionId } from '../../kernel/ids.ts';

/** Of one connection this many at once, then one a minute. */
const BURST = 60;
const REFILL_MS = minutes(1);
const CONNECTIONS_REMEMBERED = 10_000;

/** Asked for each; the count is of those that were left out since one was written, undefined: this one is left out, too. */
export type UnreadGate = (connectionId: ConnectionId) => { readonly leftOut: number } | undefined;

/** Starts with room. What is left out of the audit is in the recorder, with its reference. The state is this process's own. */
export function createUnreadGate(clock: () => number): UnreadGate {
  const buckets = new Map<
    ConnectionId,
    { readonly room: number; readonly at: number; readonly leftOut: number }
  >();
  return (connectionId) => {
    const now = clock();
    if (buckets.size >= CONNECTIONS_REMEMBERED) buckets.clear();
    const { room, at, leftOut } = buckets.get(connectionId) ?? { room: BURST, at: now, leftOut: 0 };
    const refilled = Math.min(BURST, room + Math.max(0, now - at) / REFILL_MS);
    const isWritten = refilled >= 1;
    buckets.set(connectionId, {
      ...{ room: isWritten ? refilled - 1 : refilled, at: now },
      leftOut: isWritten ? 0 : leftOut + 1,
    });
    return isWritten ? { leftOut } : undefined;
  };
}
