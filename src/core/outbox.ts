/** The outbox: mails wait in a row that committed with the change, and are handed over afterwards, again if need be. */
import { minutes, seconds } from '../kernel/clock.ts';
import type { OrganizationId, OutboxEventId } from '../kernel/ids.ts';
import { newId } from '../kernel/ids.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { OutboxEvent } from './entities/journal.ts';
import type { Mail, MailReceipt } from './ports/mailer.ts';
import type { Repositories } from './ports/storage.ts';

/** While a worker holds a mail nobody else tries it. */
const LEASE_MS = minutes(1);
const MAX_ATTEMPTS = 12;

/** `sent`: a mail server took it. `written`: no server is configured, the file says what would have gone out. `queued`: will be tried again. */
export type DeliveryOutcome =
  | { readonly status: 'sent' }
  | { readonly status: 'written'; readonly path: string }
  | { readonly status: 'queued'; readonly detail: string };

/** Stores a mail in the transaction of the change it tells of. */
export async function enqueueMail(
  tx: Repositories,
  context: ChangeContext,
  mail: Mail,
): Promise<OutboxEventId> {
  const id = newId('evt', context.now);
  await tx.outbox.append(context.organizationId, {
    id,
    organizationId: context.organizationId,
    kind: 'mail',
    type: 'mail',
    payload: JSON.stringify(mail),
    createdAt: context.now,
    attempts: 0,
    dueAt: context.now,
    deliveredAt: null,
    lastError: null,
  });
  return id;
}

/** 30 s, 1 min, 2 min ... at most 6 hours. */
const retryDelay = (attempts: number): number => Math.min(seconds(30) * 2 ** (attempts - 1), minutes(360));

/** Hands one mail over, if it is due and nobody else holds it. Never throws for the mail server's faults. */
export async function deliverMail(
  deps: Pick<Deps, 'storage' | 'clock' | 'mailer'>,
  input: { readonly organizationId: OrganizationId; readonly id: OutboxEventId },
): Promise<DeliveryOutcome> {
  const { organizationId, id } = input;
  const event = await deps.storage.transact((tx) =>
    tx.outbox.claim(organizationId, id, deps.clock(), LEASE_MS),
  );
  if (event === undefined) return { status: 'queued', detail: 'Another worker is sending it.' };
  try {
    const receipt = await deps.mailer.send(mailOf(event));
    await settle(deps, event, { deliveredAt: deps.clock(), dueAt: null, lastError: null });
    return outcomeOf(receipt);
  } catch (error) {
    const lastError = error instanceof Error ? error.message : String(error);
    const dueAt = event.attempts >= MAX_ATTEMPTS ? null : deps.clock() + retryDelay(event.attempts);
    await settle(deps, event, { deliveredAt: null, dueAt, lastError });
    return { status: 'queued', detail: 'The mail server did not take it yet; it will be tried again.' };
  }
}

/** At most this many mails under way at the mail server, so that a thousand are no burst. */
const AT_ONCE = 10;

/** Hands over several mails, some at a time; answers what became of each. */
export async function deliverMails(
  deps: Pick<Deps, 'storage' | 'clock' | 'mailer'>,
  {
    organizationId,
    ids,
  }: { readonly organizationId: OrganizationId; readonly ids: readonly OutboxEventId[] },
): Promise<ReadonlyMap<string, DeliveryOutcome>> {
  const outcomes = new Map<string, DeliveryOutcome>();
  for (let start = 0; start < ids.length; start += AT_ONCE)
    await Promise.all(
      ids
        .slice(start, start + AT_ONCE)
        .map(async (id) => outcomes.set(id, await deliverMail(deps, { organizationId, id }))),
    );
  return outcomes;
}

const outcomeOf = (receipt: MailReceipt): DeliveryOutcome =>
  receipt.channel === 'smtp' ? { status: 'sent' } : { status: 'written', path: receipt.path };

// Only `enqueueMail` writes payloads of this kind.
const mailOf = (event: OutboxEvent): Mail => JSON.parse(event.payload) as Mail;

async function settle(
  deps: Pick<Deps, 'storage'>,
  event: OutboxEvent,
  outcome: Parameters<Repositories['outbox']['settle']>[2],
): Promise<void> {
  await deps.storage.transact((tx) => tx.outbox.settle(event.organizationId, event.id, outcome));
}
