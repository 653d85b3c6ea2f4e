/** When webhooks are tried again, what is set aside, and when it is over (S200). Pure. */
import { days, hours, seconds } from '../../kernel/clock.ts';
import type { PlacedEvent } from '../entities/journal.ts';
import type { SetAside, Webhook, WebhookOutcome } from '../entities/webhook.ts';

/** How long an endpoint, or one event, may fail before it is given up. */
const FAILING_LIMIT_MS = days(3);
/** How long one event may hold up those behind it, at an endpoint that takes those. */
const PATIENCE_MS = hours(1);
/** Of one webhook; an endpoint that does not take so many is one that fails. */
const MOST_SET_ASIDE = 20;

/** How long to wait after so many failures in a row: 5 s, 10 s ... 1 h, less up to a quarter that the id decides. */
export function retryDelay({ id }: { readonly id: string }, failures: number): number {
  const spread = [...id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 997, failures) / 997;
  return Math.round(Math.min(seconds(5) * 2 ** (failures - 1), hours(1)) * (1 - spread / 4));
}

/** Whether a webhook for these types wants that one. `member.*`: all of that family. */
export const wants = (types: Webhook['types'], type: string): boolean =>
  types === null ||
  types.some((one) => one === type || (one.endsWith('*') && type.startsWith(one.slice(0, -1))));

/** What a run came to: the last event behind it, and what became of the last request in order; undefined when none was sent. */
export interface Run {
  readonly position: number;
  readonly outcome: WebhookOutcome | undefined;
  /** What is aside after it. */
  readonly setAside: readonly SetAside[];
}

/** The webhook after a run. */
export function afterRun(before: Webhook, { position, outcome, setAside }: Run, now: number): Webhook {
  const lastResult = outcome === undefined ? before.lastResult : { outcome, at: now };
  // It may have come to want less during the run.
  const wanted = setAside.filter((one) => wants(before.types, one.type));
  const next: Webhook = { ...before, position, lastResult, setAside: wanted };
  if (before.secret === '')
    return { ...next, status: 'disabled', disabledBecause: 'unreadable', dueAt: null };
  if (outcome === undefined || outcome === 'accepted')
    return { ...next, failures: 0, failingSince: null, dueAt: now };
  // Some were taken before this one: it fails for the first time.
  const isNew = position !== before.position;
  const failures = isNew ? 1 : before.failures + 1;
  const failingSince = isNew ? now : (before.failingSince ?? now);
  const because = outcome === 'gone' ? 'gone' : now - failingSince >= FAILING_LIMIT_MS ? 'failing' : null;
  if (because !== null)
    return { ...next, status: 'disabled', disabledBecause: because, failures, failingSince, dueAt: null };
  return { ...next, failures, failingSince, dueAt: now + retryDelay(before, failures) };
}

/**
 * Whether the event that fails has failed for so long that those behind it are asked: if one of them is taken, it is the event that is
 * refused, and not the endpoint that is down.
 */
export const mayBeSetAside = ({ failingSince, setAside }: Webhook, now: number): boolean =>
  failingSince !== null && now - failingSince >= PATIENCE_MS && setAside.length < MOST_SET_ASIDE;

/** The event as it is set aside now. */
export function setAsideNow({ position, event }: PlacedEvent, webhook: Webhook, now: number): SetAside {
  const failures = webhook.failures + 1;
  const { id, type } = event;
  const since = webhook.failingSince ?? now;
  return { id, type, position, since, failures, dueAt: now + retryDelay(event, failures) };
}

/** Those aside whose time has come, longest waiting first. */
export const dueAside = ({ setAside }: Pick<Webhook, 'setAside'>, now: number): readonly SetAside[] =>
  setAside.filter(({ dueAt }) => dueAt <= now).toSorted((a, b) => a.dueAt - b.dueAt);

/** One that was aside after another try: undefined once it is over, taken or given up. */
export function afterTry(
  one: SetAside,
  outcome: WebhookOutcome,
  now: number,
): SetAside | 'given_up' | undefined {
  if (outcome === 'accepted') return undefined;
  if (now - one.since >= FAILING_LIMIT_MS) return 'given_up';
  const failures = one.failures + 1;
  return { ...one, failures, dueAt: now + retryDelay(one, failures) };
}
