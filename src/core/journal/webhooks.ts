/** Webhooks: made, changed, removed, their secret replaced, their place in the order of events set back. Nothing here calls anybody. */
import { days } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId, OutboxEventId, WebhookId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { AuditType, Cause } from '../entities/journal.ts';
import type { Webhook } from '../entities/webhook.ts';
import type { Repositories } from '../ports/storage.ts';
import { INSTALLATION, record } from './audit.ts';
import { newWebhookSecret } from './webhook-signatures.ts';
import { wants } from './webhook-tries.ts';

/** How long the secret before a new one signs along. */
export const SECRET_OVERLAP_MS = days(1);
/** Of one organization, and of the operator. */
const MOST_WEBHOOKS = 20;

type WebhookDeps = Pick<Deps, 'storage' | 'clock'>;

/** Which webhook somebody means; `organizationId` is `INSTALLATION` for those of the operator. */
export interface WebhookRequest {
  readonly organizationId: OrganizationId;
  readonly id: WebhookId;
  readonly cause: Cause;
}

/** The webhook, or `not_found`. */
export async function getWebhook(
  from: Pick<Repositories, 'webhooks'> | Pick<Deps['storage'], 'webhooks'>,
  organizationId: OrganizationId,
  id: WebhookId,
): Promise<Webhook> {
  const webhook = await from.webhooks.find(organizationId, id);
  if (webhook === undefined) throw new GatehouseError('not_found', 'No such webhook.');
  return webhook;
}

/** Whose events it gets: of its organization; undefined: of all. */
export const eventsFor = ({ organizationId }: Pick<Webhook, 'organizationId'>) => ({
  organizationId: organizationId === INSTALLATION ? undefined : organizationId,
});

/**
 * Makes a webhook, pending until a ping is answered; it will get what happens from now on. Throws `invalid` when there are
 * too many. Whether the address may be called at all is for the edge to say at once, and is asked again with every call.
 */
export async function createWebhook(
  deps: WebhookDeps,
  input: {
    readonly organizationId: OrganizationId;
    readonly url: string;
    readonly types: readonly string[] | null;
    readonly cause: Cause;
  },
): Promise<Webhook> {
  const { organizationId, url, types, cause } = input;
  const now = deps.clock();
  const made = {
    ...{ id: newId('whk', now), version: 1, organizationId, url, types },
    ...{ disabledBecause: null, secret: newWebhookSecret(), previousSecret: null },
    status: 'pending' as const,
    setAside: [],
    ...{ failures: 0, failingSince: null, dueAt: null, lastResult: null, createdAt: now, updatedAt: now },
  };
  return deps.storage.transact(async (tx) => {
    const present = await tx.webhooks.list(organizationId, { limit: MOST_WEBHOOKS });
    if (present.length >= MOST_WEBHOOKS)
      throw new GatehouseError('invalid', `At most ${MOST_WEBHOOKS} webhooks; remove one first.`);
    await tell(tx, { organizationId, cause, now }, { webhook: made, type: 'webhook.created' });
    const webhook: Webhook = { ...made, position: await tx.outbox.findLastPosition() };
    await tx.webhooks.insert(organizationId, webhook);
    return webhook;
  });
}

/** What somebody changes; what is not named stays. `active` makes it pending: it is active once a ping is answered. */
export interface WebhookChange {
  readonly url?: string | undefined;
  readonly types?: readonly string[] | null | undefined;
  readonly status?: 'active' | 'disabled' | undefined;
}

/** Changes a webhook; another address has to be proved anew. Throws `not_found`; `invalid` when its secret has to be made anew first. */
export async function updateWebhook(
  deps: WebhookDeps,
  input: WebhookRequest & { readonly change: WebhookChange },
): Promise<Webhook> {
  const { change } = input;
  return rewrite(deps, input, (before) => {
    const after = changed(before, change);
    const asksForPing = change.url !== undefined || change.status !== undefined;
    if (asksForPing && after.status === 'pending') assertReadable(after);
    return { type: 'webhook.updated', after };
  });
}

/** Throws `invalid` for a webhook that nothing can be signed for. */
export function assertReadable({ secret }: Pick<Webhook, 'secret'>): void {
  if (secret === '')
    throw new GatehouseError('invalid', 'The secret of this webhook cannot be read any more.', {
      whatToDo: 'Make a new secret for it and give that to the receiver; then make it active.',
    });
}

/** Pure. */
function changed(
  before: Webhook,
  { url = before.url, types = before.types, status }: WebhookChange,
): Webhook {
  // What it does not want any more is not sent to it later either.
  const setAside = before.setAside.filter((one) => wants(types, one.type));
  const after: Webhook = { ...before, url, types, setAside };
  if (status === 'disabled') return { ...after, status, disabledBecause: 'by_hand', dueAt: null };
  const isProved = url === before.url && before.status === 'active';
  if (isProved || (status === undefined && before.status === 'disabled')) return after;
  return { ...after, status: 'pending', disabledBecause: null, ...UNTRIED, dueAt: null };
}

/** Nothing has been tried since it came to be as it is. */
const UNTRIED = { failures: 0, failingSince: null } as const;

/** Pure: the webhook once a ping was answered; only one that waits for that changes. While it rested no time ran for what is aside. */
export function proved(webhook: Webhook, now: number): Webhook {
  if (webhook.status !== 'pending') return webhook;
  const setAside = webhook.setAside.map((one) => ({ ...one, since: now, failures: 0, dueAt: now }));
  return { ...webhook, ...UNTRIED, setAside, status: 'active', dueAt: now };
}

/** A new secret; the one before signs along for a day (S198). The answer is the only time it is seen. Throws `not_found`. */
export async function rotateWebhookSecret(deps: WebhookDeps, request: WebhookRequest): Promise<Webhook> {
  const secret = newWebhookSecret();
  return rewrite(deps, request, (before, now) => ({
    type: 'webhook.secret_rotated',
    after: {
      ...before,
      secret,
      previousSecret: before.secret === '' ? null : { value: before.secret, endsAt: now + SECRET_OVERLAP_MS },
    },
  }));
}

/** Has everything sent again from that event on, itself included. Throws `not_found`; `invalid` for an event that it cannot get. */
export async function replayWebhook(
  deps: WebhookDeps,
  request: WebhookRequest & { readonly from: OutboxEventId },
): Promise<Webhook> {
  const { from, organizationId, id } = request;
  await getWebhook(deps.storage, organizationId, id);
  const position = await deps.storage.outbox.findPosition(eventsFor(request), from);
  if (position === undefined)
    throw new GatehouseError('invalid', 'There is no such event, or not any more.', { field: 'from' });
  return rewrite(deps, request, (before, now) => ({
    type: 'webhook.replayed',
    after: {
      ...{ ...before, position: position - 1, ...UNTRIED },
      // What is sent again anyway is aside no more.
      setAside: before.setAside.filter((one) => one.position < position),
      dueAt: before.status === 'active' ? now : null,
    },
    details: { from },
  }));
}

/** Ends a webhook. Throws `not_found`. */
export async function removeWebhook(
  deps: WebhookDeps,
  { organizationId, id, cause }: WebhookRequest,
): Promise<void> {
  await deps.storage.transact(async (tx) => {
    const webhook = await getWebhook(tx, organizationId, id);
    await tx.webhooks.remove(organizationId, id);
    await tell(tx, { organizationId, cause, now: deps.clock() }, { webhook, type: 'webhook.removed' });
  });
}

interface Rewritten {
  readonly type: AuditType;
  readonly after: Webhook;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** One change of a webhook and what the audit says of it, before and after. Throws `not_found`. */
export async function rewrite(
  deps: WebhookDeps,
  { organizationId, id, cause }: WebhookRequest,
  change: (before: Webhook, now: number) => Rewritten,
): Promise<Webhook> {
  return deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const before = await getWebhook(tx, organizationId, id);
    const { type, after, details } = change(before, now);
    await tx.webhooks.update(organizationId, { ...after, updatedAt: now }, before.version);
    const facts = details ?? { before: factsOf(before), after: factsOf(after) };
    await tell(tx, { organizationId, cause, now }, { webhook: after, type, details: facts });
    return { ...after, updatedAt: now, version: before.version + 1 };
  });
}

type Told = Pick<Webhook, 'id' | 'url' | 'types' | 'status' | 'disabledBecause'>;

/** Of the address the host only: paths and queries of webhooks carry keys of their receivers (S199). */
const factsOf = ({ url, types, status, disabledBecause }: Told) => ({
  host: new URL(url).host,
  types,
  status,
  ...(disabledBecause === null ? {} : { because: disabledBecause }),
});

/** Audit row and event of what happened to a webhook; `details` absent: what it is. */
export const tell = (
  tx: Repositories,
  context: ChangeContext,
  {
    webhook,
    type,
    details = factsOf(webhook),
  }: {
    readonly webhook: Told;
    readonly type: AuditType;
    readonly details?: Readonly<Record<string, unknown>>;
  },
): Promise<void> => record(tx, context, { type, target: { kind: 'webhook', id: webhook.id }, details });
