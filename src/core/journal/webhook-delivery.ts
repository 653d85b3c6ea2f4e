/** Sending events to webhooks: signed, one at a time and in order, tried again, given up on; a ping proves an address (S198-S200). */
import { seconds } from '../../kernel/clock.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { Cause, OutboxEvent, PlacedEvent } from '../entities/journal.ts';
import type { DisabledBecause, SetAside, Webhook, WebhookOutcome } from '../entities/webhook.ts';
import { webhookDisabledMail, webhookEventFailedMail } from '../mail/mails.ts';
import { mailOwners } from '../mail/owner-mails.ts';
import type { Repositories } from '../ports/storage.ts';
import { INSTALLATION } from './audit.ts';
import { type EventForm, eventForm } from './event-form.ts';
import { signatureHeaders } from './webhook-signatures.ts';
import {
  afterRun,
  afterTry,
  dueAside,
  mayBeSetAside,
  type Run,
  setAsideNow,
  wants,
} from './webhook-tries.ts';
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
/** How many behind an event that fails are asked whether they are taken; with `RETRIES`, less than a lease at five seconds each. */
const PROBES = 3;
/** Of those aside, in one run. */
const RETRIES = 2;

const CAUSE: Cause = { actor: { kind: 'system' }, requestId: 'deliver-webhooks' };

type DeliveryDeps = Pick<Deps, 'storage' | 'clock' | 'webhookFetcher'>;

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
const nextEvents = ({ storage }: Pick<Deps, 'storage'>, webhook: Webhook): Promise<readonly PlacedEvent[]> =>
  storage.outbox.listEvents(eventsFor(webhook), webhook.position, RUN_EVENTS);

/**
 * Sends the next events in order, until one is not taken, the time of a run is over, or `isStopping`. At least once: what was sent
 * and not noted goes out again under the same id. Does nothing while another worker holds it.
 */
export async function deliverToWebhook(
  deps: DeliveryDeps,
  due: Pick<Webhook, 'organizationId' | 'id'>,
  isStopping: () => boolean,
): Promise<Delivery> {
  const now = deps.clock();
  const lease = { now, endsAt: now + LEASE_MS };
  const held = await deps.storage.transact(
    (tx) => tx.webhooks.claim(due.organizationId, due.id, lease),
    'relaxed',
  );
  if (held === undefined) return { disabled: null, lost: [] };
  const sending = sendingTo(deps, held, isStopping);
  const { run, lost } = await sendAside(
    sending,
    held.secret === '' ? resting(held) : await sendInOrder(sending),
  );
  return settle(deps, held, { run, lost });
}

/** What whoever runs the gateway is to hear of a run: whether it was the last one, and which events it gave up. */
interface Delivery {
  readonly disabled: DisabledBecause | null;
  readonly lost: readonly SetAside[];
}

const resting = ({ position, setAside }: Webhook): Run => ({ position, outcome: undefined, setAside });

/** Whether there is something to send to it now. */
export const hasWork = async (deps: Pick<Deps, 'storage'>, webhook: Webhook, now: number): Promise<boolean> =>
  dueAside(webhook, now).length > 0 || (await nextEvents(deps, webhook)).length > 0;

/** What one run works with: `attempt` sends one event, or answers undefined once the run has to end. */
interface Sending {
  readonly deps: DeliveryDeps;
  readonly held: Webhook;
  readonly attempt: (event: OutboxEvent) => Promise<WebhookOutcome | undefined>;
}

const sendingTo = (deps: DeliveryDeps, held: Webhook, isStopping: () => boolean): Sending => ({
  deps,
  held,
  attempt: async (event) => {
    const present = await deps.storage.webhooks.find(held.organizationId, held.id);
    if (present === undefined || !isHeldAs(present, held) || present.secret === '') return undefined;
    return isStopping() ? undefined : send(deps, present, eventForm(event));
  },
});

async function sendInOrder(sending: Sending): Promise<Run> {
  const { deps, held, attempt } = sending;
  let run: Run = { position: held.position, outcome: undefined, setAside: held.setAside };
  const until = deps.clock() + RUN_MS;
  const events = await nextEvents(deps, held);
  for (const [index, placed] of events.entries()) {
    const { position, event } = placed;
    if (!wants(held.types, event.type)) {
      run = { ...run, position };
      continue;
    }
    const outcome = deps.clock() > until ? undefined : await attempt(event);
    if (outcome === undefined) return run;
    if (outcome === 'accepted') run = { ...run, position, outcome };
    else if (run.outcome !== undefined || outcome === 'gone') return { ...run, outcome };
    else return pastOne(sending, { ...run, outcome }, events.slice(index));
  }
  return run;
}

/**
 * The event that has been failing failed again. One behind it that is taken shows that the endpoint works, and that it is this event which
 * it refuses: it is set aside, and those behind it are next. What was taken here early comes again in its turn, under the same id.
 */
async function pastOne(
  { deps, held, attempt }: Sending,
  run: Run,
  [failed, ...behind]: readonly PlacedEvent[],
): Promise<Run> {
  if (failed === undefined || !mayBeSetAside(held, deps.clock())) return run;
  const probes = behind.filter(({ event }) => wants(held.types, event.type)).slice(0, PROBES);
  for (const { event } of probes) {
    const outcome = await attempt(event);
    if (outcome === undefined) return run;
    if (outcome === 'gone') return { ...run, outcome };
    if (outcome !== 'accepted') continue;
    const setAside = [...held.setAside, setAsideNow(failed, held, deps.clock())];
    return { position: failed.position, outcome, setAside };
  }
  return run;
}

/** Tries those aside whose time has come; answers what is left of them and what is given up. */
async function sendAside(
  { deps, held, attempt }: Sending,
  run: Run,
): Promise<{ readonly run: Run; readonly lost: readonly SetAside[] }> {
  const left = new Map(run.setAside.map((one) => [one.id, one]));
  const lost: SetAside[] = [];
  const isBusy = run.setAside !== held.setAside;
  for (const one of isBusy ? [] : dueAside(held, deps.clock()).slice(0, RETRIES)) {
    const [placed] = await deps.storage.outbox.listEvents(eventsFor(held), one.position - 1, 1);
    // Events are kept for longer than they are tried; one that is gone all the same was taken out by somebody.
    const outcome = placed?.event.id === one.id ? await attempt(placed.event) : 'accepted';
    if (outcome === undefined) break;
    if (outcome === 'gone') return { run: { ...run, outcome, setAside: [...left.values()] }, lost };
    const next = afterTry(one, outcome, deps.clock());
    if (next === 'given_up') lost.push(one);
    if (next === undefined || next === 'given_up') left.delete(one.id);
    else left.set(one.id, next);
  }
  return { run: { ...run, setAside: [...left.values()] }, lost };
}

/** Whether nobody has changed, since this worker took it, whether and from where on events are sent. */
const isHeldAs = (present: Webhook, held: Webhook): boolean =>
  present.dueAt === held.dueAt && present.position === held.position && present.url === held.url;

async function settle(
  { storage, clock }: DeliveryDeps,
  held: Webhook,
  { run, lost }: { readonly run: Run; readonly lost: readonly SetAside[] },
): Promise<Delivery> {
  const { organizationId, id } = held;
  return storage.transact(async (tx) => {
    const present = await tx.webhooks.find(organizationId, id);
    if (present === undefined || !isHeldAs(present, held)) return { disabled: null, lost: [] };
    const now = clock();
    const next = afterRun(present, run, now);
    await tx.webhooks.update(organizationId, next, present.version);
    if (next.status === 'disabled') await tellEnd(tx, next, now);
    for (const one of lost) await tellLoss(tx, { webhook: next, one, now });
    return { disabled: next.disabledBecause, lost };
  });
}

/** Audit and event, and a mail to the owners. A lost word about something lost makes no other: that would go on for ever. */
async function tellLoss(
  tx: Repositories,
  { webhook, one, now }: { readonly webhook: Webhook; readonly one: SetAside; readonly now: number },
): Promise<void> {
  const { organizationId, url } = webhook;
  const context = { organizationId, cause: CAUSE, now };
  if (one.type === 'webhook.event_failed') return;
  const { host } = new URL(url);
  const details = { host, event: one.id, eventType: one.type, since: new Date(one.since).toISOString() };
  await tell(tx, context, { webhook, type: 'webhook.event_failed', details });
  if (organizationId === INSTALLATION) return;
  await mailOwners(tx, context, (organization) =>
    webhookEventFailedMail({ organization, host, id: one.id, type: one.type }),
  );
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
