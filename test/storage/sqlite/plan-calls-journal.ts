/** What the plans are asked for of the journal, of mails and of the installation. */
import type { AuditHead } from '../../../src/core/entities/journal.ts';
import type { Repositories } from '../../../src/core/ports/storage.ts';
import { noHead, type RememberedHead } from '../../../src/storage/sqlite/audit-heads.ts';
import type { World } from '../../support/world.ts';

type Calls = Readonly<Record<string, (repositories: Repositories) => Promise<unknown>>>;

const PAGE = { limit: 10 };

/** Each look-up and write once. */
export const journalCalls = ({ organization: { id }, auditEvent, outboxEvent, webhook }: World): Calls => ({
  'journal and installation': async ({ auditEvents, outbox, installation, mailCounts, mailSuppressions }) => [
    await mailCounts.claim('x', 1),
    await mailCounts.list('x', 0),
    await mailCounts.remove('x'),
    await mailCounts.removeExpired(1),
    await mailSuppressions.findByAddress('x'),
    await mailSuppressions.list(PAGE),
    await mailSuppressions.remove('sup_x' as never),
    await auditEvents.list(id, {}, PAGE),
    await auditEvents.list(id, { targetId: 'x', type: 'member.added' }, PAGE),
    await auditEvents.list(id, { actor: 'operator', since: 1, until: 2 }, PAGE),
    await auditEvents.listChain(id, 1, 10),
    await auditEvents.findHead(id),
    await auditEvents.append(id, auditEvent, { seq: 1, salt: 'x', personalDigest: 'x', hash: 'x' }),
    await auditEvents.append(id, auditEvent, { seq: 2, salt: 'x', personalDigest: 'x', hash: 'x' }),
    await outbox.find(id, outboxEvent.id),
    await outbox.claim(id, outboxEvent.id, 1, 1),
    await outbox.settle(id, outboxEvent, { deliveredAt: 1, dueAt: null, lastError: null }),
    await outbox.cancel(id, outboxEvent.id, 'why'),
    await outbox.listWaiting(id, { limit: 10 }),
    await outbox.listDue('mail', 1, 10),
    await outbox.listEvents({}, 1, 10),
    await outbox.listEvents({ organizationId: id }, 1, 10),
    await outbox.findPosition({}, outboxEvent.id),
    await outbox.findPosition({ organizationId: id }, outboxEvent.id),
    await outbox.findLastPosition(),
    await outbox.removeExpired(1, 10),
    await auditEvents.prune(id, 1, 10),
    await auditEvents.erase(id, auditEvent.id, { actor: { kind: 'system' } }),
    await outbox.eraseDetails(id, auditEvent),
    await installation.find('x'),
    await installation.consume('x', 'y', 'z'),
    await installation.consume('x', 'y', undefined),
  ],
  webhooks: async ({ webhooks }) => [
    await webhooks.insert(id, webhook),
    await webhooks.find(id, webhook.id),
    await webhooks.list(id, PAGE),
    await webhooks.update(id, webhook, 1),
    await webhooks.claim(id, webhook.id, { now: 1, endsAt: 2 }),
    await webhooks.remove(id, webhook.id),
    await webhooks.findById(webhook.id),
    await webhooks.listAll(PAGE),
    await webhooks.listDue(1, PAGE),
  ],
});

/** Writes the head with each row, as nobody does, so that its statements are seen. */
export function movingHead(): RememberedHead {
  let end: AuditHead | undefined;
  return {
    ...noHead,
    of: () => end,
    move: (sql, moving) => {
      noHead.move(sql, moving);
      end = moving.head;
    },
  };
}
