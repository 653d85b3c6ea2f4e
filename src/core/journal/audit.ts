/** Who did what to whom: the audit row and the outbox event that go with every change (law 9). */
import type { OrganizationId } from '../../kernel/ids.ts';
import { newId, newIdInSequence } from '../../kernel/ids.ts';
import type { AuditEvent, AuditLink, AuditType, Cause } from '../entities/journal.ts';
import type { Repositories } from '../ports/storage.ts';
import { linkAfter, placeAfter } from './audit-chain.ts';

/** Where changes are told that belong to the installation and to no organization: applications, roles and signing keys. */
export const INSTALLATION = 'org_installation' as OrganizationId;

/** One change as a use case states it; `record` adds the rest. */
export interface ChangeRecord {
  readonly type: AuditType;
  readonly target: { readonly kind: string; readonly id: string };
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Appends the audit row and the outbox event of one change, inside the caller's transaction. */
export async function record(
  tx: Pick<Repositories, 'auditEvents' | 'outbox'>,
  context: { readonly organizationId: OrganizationId; readonly cause: Cause; readonly now: number },
  change: ChangeRecord,
): Promise<void> {
  const { organizationId, cause, now } = context;
  const head = await tx.auditEvents.findHead(organizationId);
  const event: AuditEvent = {
    // Rows of one millisecond are listed in the order of the chain.
    id: newIdInSequence('aud', { now, place: placeAfter(head) }),
    organizationId,
    type: change.type,
    actor: cause.actor,
    target: change.target,
    details: cause.isShadow === true ? { ...change.details, shadow: true } : (change.details ?? {}),
    requestId: cause.requestId,
    ip: cause.ip ?? null,
    at: now,
  };
  const link = linkAfter(head, event);
  await tx.auditEvents.append(organizationId, event, link);
  await tx.outbox.append(organizationId, {
    id: newId('evt', now),
    organizationId,
    kind: 'event',
    type: change.type,
    payload: JSON.stringify(payloadOf(event, link)),
    createdAt: now,
    attempts: 0,
    dueAt: null,
    deliveredAt: null,
    lastError: null,
  });
}

/** The place in the chain goes along: whoever keeps events can hold the audit to it (S214). */
const payloadOf = ({ id, target, details }: AuditEvent, { seq, hash }: AuditLink) => ({
  auditEventId: id,
  target,
  details,
  audit: { seq, hash },
});
