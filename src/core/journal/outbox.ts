/** The outbox: mails wait in a row that committed with the change, and are handed over afterwards, again if need be. */
import { minutes, seconds } from '../../kernel/clock.ts';
import type { OrganizationId, OutboxEventId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause, OutboxEvent } from '../entities/journal.ts';
import { withoutMentions } from '../members/mentions.ts';
import type { Mail } from '../ports/mailer.ts';
import type { Repositories } from '../ports/storage.ts';
import { record } from './audit.ts';

/** While a worker holds a mail nobody else tries it. A mailer gives up before that (`Mailer`). */
const LEASE_MS = minutes(1);
const MAX_ATTEMPTS = 12;

/**
 * `sent`: a mail server took it. `written`: no server is configured, the file says what would have gone out. `queued`: will be
 * tried again. `failed`: given up. `suppressed`: the address gets no mail any more.
 */
export type DeliveryOutcome =
  | { readonly status: 'sent' }
  | { readonly status: 'written'; readonly path: string }
  | { readonly status: 'queued' | 'failed' | 'suppressed'; readonly detail: string };

/** What `lastError` says of a mail that will not be tried again; the rest of the text is why. */
const SUPPRESSED = 'suppressed: ';
const REFUSED = 'refused: ';
const UNREADABLE = 'its text cannot be read';
/** What it says of one that a file holds. */
const WRITTEN = 'written: ';

/** Stores a mail in the transaction of the change it tells of. */
export const enqueueMail = (tx: Repositories, context: ChangeContext, mail: Mail): Promise<OutboxEventId> =>
  enqueueMailAs(tx, context, { id: newId('evt', context.now), mail });

/** The same for a mail that something points at already. */
export async function enqueueMailAs(
  tx: Repositories,
  context: ChangeContext,
  { id, mail }: { readonly id: OutboxEventId; readonly mail: Mail },
): Promise<OutboxEventId> {
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
  const settled = await attempt(deps, event);
  const isOurs = await deps.storage.transact(async (tx) => {
    const isSettled = await tx.outbox.settle(organizationId, event, settled);
    if (isSettled && settled.lastError === UNREADABLE)
      await record(tx, { organizationId, cause: CAUSE, now: deps.clock() }, lossOf(event));
    return isSettled;
  });
  // Cancelled meanwhile, or somebody else's by now: what the row says counts.
  const row = isOurs ? settled : await deps.storage.outbox.find(organizationId, id);
  return outcomeOf(row ?? settled);
}

const CAUSE: Cause = { actor: { kind: 'system' }, requestId: 'deliver-mails' };

/** What the operator is told of a mail that nobody will get. */
const lossOf = ({ id, createdAt }: OutboxEvent) => ({
  type: 'mail.unreadable' as const,
  target: { kind: 'mail', id },
  details: { createdAt: new Date(createdAt).toISOString() },
});

type Settled = Parameters<Repositories['outbox']['settle']>[2];

/** Tries once and says what the row holds afterwards. */
async function attempt(
  deps: Pick<Deps, 'storage' | 'clock' | 'mailer'>,
  event: OutboxEvent,
): Promise<Settled> {
  const mail = mailOf(event);
  if (mail === undefined) return { deliveredAt: null, dueAt: null, lastError: UNREADABLE };
  const barred = await deps.storage.mailSuppressions.findByAddress(foldKey(mail.to));
  if (barred !== undefined)
    return { deliveredAt: null, dueAt: null, lastError: `${SUPPRESSED}${barred.reason}` };
  try {
    const receipt = await deps.mailer.send(mail);
    if (receipt.channel === 'refused')
      return {
        deliveredAt: null,
        dueAt: null,
        lastError: `${REFUSED}${withoutAddress(receipt.reply, mail)}`,
      };
    const lastError = receipt.channel === 'file' ? `${WRITTEN}${receipt.path}` : null;
    return { deliveredAt: deps.clock(), dueAt: null, lastError };
  } catch (error) {
    const lastError = withoutAddress(error instanceof Error ? error.message : String(error), mail);
    const dueAt = event.attempts >= MAX_ATTEMPTS ? null : deps.clock() + retryDelay(event.attempts);
    return { deliveredAt: null, dueAt, lastError };
  }
}

/** What a server says is kept after the mail is gone: whom it was for stands elsewhere (S217). */
const withoutAddress = (words: string, { to }: Mail): string =>
  words.replaceAll(new RegExp(to.replace(/\W/g, '\\$&'), 'gi'), 'this address');

/** Pure: what the row of a mail says became of it. The words of a mail server stay in the log of the store. */
export function outcomeOf({ deliveredAt, dueAt, lastError }: Settled): DeliveryOutcome {
  const why = (prefix: string) =>
    lastError?.startsWith(prefix) ? lastError.slice(prefix.length) : undefined;
  if (deliveredAt !== null) {
    const path = why(WRITTEN);
    return path === undefined ? { status: 'sent' } : { status: 'written', path };
  }
  if (dueAt !== null)
    return lastError === null
      ? { status: 'queued', detail: 'It is about to be sent.' }
      : { status: 'queued', detail: 'The mail server did not take it yet; it will be tried again.' };
  const barred = why(SUPPRESSED);
  if (barred !== undefined) return { status: 'suppressed', detail: SUPPRESSION_TEXTS[barred] ?? BARRED };
  if (lastError === UNREADABLE) return { status: 'failed', detail: 'Its text cannot be read any more.' };
  const reply = why(REFUSED);
  return {
    status: 'failed',
    detail:
      reply === undefined
        ? 'The mail server could not be reached for a day; it is not tried any more.'
        : `The mail server of this address refused it (${reply}).`,
  };
}

const BARRED = 'The operator has stopped mail to this address.';
const SUPPRESSION_TEXTS: Readonly<Record<string, string>> = {
  bounce: 'Mail to this address came back; none is sent there any more.',
  complaint: 'The owner of this address complained about mail; none is sent there any more.',
};

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

/** Undefined for a payload that is none: one row that is broken holds up nobody. Only `enqueueMail` writes payloads of this kind. */
function mailOf(event: OutboxEvent): Mail | undefined {
  try {
    return JSON.parse(event.payload) as Mail;
  } catch {
    return undefined;
  }
}

const ERASED_AT_ONCE = 500;

/**
 * Mails to one of these addresses that still wait, or are under way, are not tried again, and are kept no longer; those to
 * others lose the addresses.
 */
export async function eraseFromMails(
  { storage }: Pick<Deps, 'storage'>,
  {
    organizationId,
    emailKeys,
    pause,
  }: {
    readonly organizationId: OrganizationId;
    readonly emailKeys: ReadonlySet<string>;
    readonly pause: () => Promise<unknown>;
  },
): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = { after, limit: ERASED_AT_ONCE };
    const waiting = await storage.outbox.listWaiting(organizationId, page);
    await storage.transact(async (tx) => {
      for (const event of waiting) {
        const mail = mailOf(event);
        if (mail === undefined) continue;
        const payload = JSON.stringify(mailWithout(mail, emailKeys));
        if (emailKeys.has(foldKey(mail.to)))
          await tx.outbox.cancel(organizationId, event.id, `${SUPPRESSED}erased`);
        else if (payload !== event.payload)
          await tx.outbox.rewriteMail(organizationId, { ...event, payload });
      }
    });
    if (waiting.length < ERASED_AT_ONCE) return;
    after = waiting.at(-1)?.id;
    await pause();
  }
}

function mailWithout(mail: Mail, emailKeys: ReadonlySet<string>): Mail {
  const without = (text: string) => withoutMentions(text, emailKeys);
  const { subject, text, html } = mail;
  const markup = html === undefined ? {} : { html: without(html) };
  return { ...mail, subject: without(subject), text: without(text), ...markup };
}
