/** Sending events to webhooks: signed, one at a time and in order, tried again, given up on; a ping proves an address (S198-S200). */
import { days, hours, seconds } from '../../kernel/clock.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { Cause, PlacedEvent } from '../entities/journal.ts';
import type { Webhook, WebhookOutcome } from '../entities/webhook.ts';
import { webhookDisabledMail } from '../mail/mails.ts';
import { mailOwners } from '../mail/owner-mails.ts';
import type { Repositories } from '../ports/storage.ts';
import { INSTALLATION } from './audit.ts';
import { type EventForm, eventForm } from './event-form.ts';
import { signatureHeaders } from './webhook-signatures.ts';
import {
  assertReadable,
  eventsFor,
  getWebhook,
  proved,
  rewrite,
  tell,
  type WebhookRequest,
} from './webhooks.ts';

/** Events of one run; also how many may be sent twice after a crash. */
const RUN_EVENTS = 50;
/** A run begins no request after so long, so that endpoints that answer slowly give way to others. */
const RUN_MS = seconds(5);
/** Longer than a run and its last request: a worker that says nothing for so long is gone. */
const LEASE_MS = seconds(30);
/** How long an endpoint may fail before it is given up. */
const FAILING_LIMIT_MS = days(3);

const CAUSE: Cause = { actor: { kind: 'system' }, requestId: 'deliver-webhooks' };

type DeliveryDeps = Pick<Deps, 'storage' | 'clock' | 'webhookFetcher'>;

/** Pure: how long to wait after so many failures in a row: 5 s, 10 s ... 1 h, less up to a quarter that the id decides. */
export function retryDelay({ id }: Pick<Webhook, 'id'>, failures: number): number {
  const spread = [...id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 997, failures) / 997;
  return Math.round(Math.min(seconds(5) * 2 ** (failures - 1), hours(1)) * (1 - spread / 4));
}

/** Pure: whether a webhook for these types wants that one. `member.*`: all of that family. */
export const wants = (types: Webhook['types'], type: string): boolean =>
  types === null ||
  types.some((one) => one === type || (one.endsWith('*') && type.startsWith(one.slice(0, -1))));

/** One signed request. Never throws for the receiver's faults; whatever it answers is not read. */
async function send(
  { webhookFetcher, clock }: Pick<DeliveryDeps, 'webhookFetcher' | 'clock'>,
  webhook: Pick<Webhook, 'url' | 'secret' | 'previousSecret'>,
  message: { readonly id: string; readonly [key: string]: unknown } | EventForm,
): Promise<WebhookOutcome> {
  const body = JSON.stringify(message);
  const signed = signatureHeaders(webhook, { id: message.id, body }, clock());
  const headers = { 'content-type': 'application/json', ...signed };
  try {
    const { status } = await webhookFetcher.fetch(webhook.url, { method: 'POST', headers, body });
    if (status === 410) return 'gone';
    return status >= 200 && status < 300 ? 'accepted' : 'rejected';
  } catch (error) {
    if (!isGatehouseError(error)) throw error;
    if (error.code !== 'egress_refused') return 'unreachable';
    return error.context.reason === 'redirect' ? 'rejected' : 'not_allowed';
  }
}

/**
 * Sends a signed `ping` and says what came of it. A pending webhook whose address answers 2xx is active from then on, and gets what
 * happened since it was made (S199). Throws `not_found`; `invalid` when its secret has to be made anew first.
 */
export async function pingWebhook(
  deps: DeliveryDeps,
  request: WebhookRequest,
): Promise<{ readonly outcome: WebhookOutcome; readonly webhook: Webhook }> {
  const { organizationId, id } = request;
  const pinged = await getWebhook(deps.storage, organizationId, id);
  assertReadable(pinged);
  const at = deps.clock();
  const outcome = await send(deps, pinged, {
    ...{ id: newId('evt', at), type: 'ping', organizationId: eventsFor(pinged).organizationId ?? null },
    ...{ createdAt: new Date(at).toISOString(), data: { webhookId: id } },
  });
  const present = await noteResult(deps, pinged, outcome);
  if (outcome !== 'accepted' || present.url !== pinged.url || present.status !== 'pending')
    return { outcome, webhook: present };
  const activate = (before: Webhook, now: number) => ({
    type: 'webhook.updated' as const,
    // The address that answered is the one that is proved.
    after: before.url === pinged.url ? proved(before, now) : before,
  });
  return { outcome, webhook: await rewrite(deps, request, activate) };
}

const noteResult = (
  { storage, clock }: DeliveryDeps,
  { organizationId, id, url }: Webhook,
  outcome: WebhookOutcome,
): Promise<Webhook> =>
  storage.transact(async (tx) => {
    const before = await getWebhook(tx, organizationId, id);
    if (before.url !== url) return before;
    const next: Webhook = { ...before, lastResult: { outcome, at: clock() } };
    await tx.webhooks.update(organizationId, next, before.version);
    return { ...next, version: before.version + 1 };
  }, 'relaxed');

/** The next events of a webhook; empty when it has all behind it. */
export const nextEvents = (
  { storage }: Pick<Deps, 'storage'>,
  webhook: Webhook,
): Promise<readonly PlacedEvent[]> =>
  storage.outbox.listEvents(eventsFor(webhook), webhook.position, RUN_EVENTS);

/** What a run came to: the last event behind it, and what became of the last request; undefined when none was sent. */
interface Run {
  readonly position: number;
  readonly outcome: WebhookOutcome | undefined;
}

/**
 * Sends the next events in order, until one is not taken, the time of a run is over, or `isStopping`. At least once: what was sent
 * and not noted goes out again under the same id. Does nothing while another worker holds it.
 */
export async function deliverToWebhook(
  deps: DeliveryDeps,
  due: Pick<Webhook, 'organizationId' | 'id'>,
  isStopping: () => boolean,
): Promise<void> {
  const now = deps.clock();
  const lease = { now, endsAt: now + LEASE_MS };
  const held = await deps.storage.transact(
    (tx) => tx.webhooks.claim(due.organizationId, due.id, lease),
    'relaxed',
  );
  if (held === undefined) return;
  const run = await sendInOrder(deps, held, isStopping);
  await settle(deps, held, run);
}

async function sendInOrder(deps: DeliveryDeps, held: Webhook, isStopping: () => boolean): Promise<Run> {
  let run: Run = { position: held.position, outcome: undefined };
  const until = deps.clock() + RUN_MS;
  for (const { position, event } of await nextEvents(deps, held)) {
    let { outcome } = run;
    if (wants(held.types, event.type)) {
      const present = await deps.storage.webhooks.find(held.organizationId, held.id);
      if (present === undefined || !isHeldAs(present, held) || present.secret === '') return run;
      if (isStopping() || deps.clock() > until) return run;
      outcome = await send(deps, present, eventForm(event));
    }
    if (outcome !== undefined && outcome !== 'accepted') return { ...run, outcome };
    run = { position, outcome };
  }
  return run;
}

/** Whether nobody has changed, since this worker took it, whether and from where on events are sent. */
const isHeldAs = (present: Webhook, held: Webhook): boolean =>
  present.dueAt === held.dueAt && present.position === held.position && present.url === held.url;

/** Pure: the webhook after a run. */
export function afterRun(before: Webhook, { position, outcome }: Run, now: number): Webhook {
  const lastResult = outcome === undefined ? before.lastResult : { outcome, at: now };
  const next: Webhook = { ...before, position, lastResult };
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

async function settle({ storage, clock }: DeliveryDeps, held: Webhook, run: Run): Promise<void> {
  const { organizationId, id } = held;
  await storage.transact(async (tx) => {
    const present = await tx.webhooks.find(organizationId, id);
    if (present === undefined || !isHeldAs(present, held)) return;
    const now = clock();
    const next = afterRun(present, run, now);
    await tx.webhooks.update(organizationId, next, present.version);
    if (next.status === 'disabled') await tellEnd(tx, next, now);
  });
}

/** Audit and event, and a mail to the owners; the operator's webhooks have none. */
async function tellEnd(tx: Repositories, webhook: Webhook, now: number): Promise<void> {
  const { organizationId, url, disabledBecause } = webhook;
  const context = { organizationId, cause: CAUSE, now };
  await tell(tx, context, { webhook, type: 'webhook.disabled' });
  if (organizationId === INSTALLATION || disabledBecause === null) return;
  await mailOwners(tx, context, (organization) =>
    webhookDisabledMail({ organization, host: new URL(url).host, because: disabledBecause }),
  );
}
