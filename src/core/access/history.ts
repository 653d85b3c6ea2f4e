/** Keeping what held before: one row at the moment it ends, none while it holds (decision 0025). */
import type { ChangeContext } from '../deps.ts';
import type { Ending, PastKind, PastMembership, PastValues, Trace } from '../entities/history.ts';
import type { Membership } from '../entities/people.ts';
import type { Repositories } from '../ports/storage.ts';

/** Whoever causes this change, as remembered beside what they began or ended: no address, no browser. */
export const traceOf = ({ cause }: ChangeContext): Trace => ({
  actor: cause.actor,
  requestId: cause.requestId,
});

/** The end of something, now and through this change. */
export const endingOf = (context: ChangeContext): Ending => ({
  endedAt: context.now,
  endedBy: traceOf(context),
});

/** Remembers a value that is about to be replaced or removed. */
export async function keepPast<Kind extends PastKind>(
  tx: Pick<Repositories, 'pastValues'>,
  context: ChangeContext,
  past: { readonly kind: Kind; readonly id: string; readonly value: PastValues[Kind] },
): Promise<void> {
  const { organizationId, now } = context;
  const { kind, id, value } = past;
  const row = { organizationId, kind, subjectId: id, until: now, value, endedBy: traceOf(context) };
  await tx.pastValues.append(organizationId, row);
}

/** What a past day needs to know of a membership. */
export const factsOf = ({ userId, email, name, status, source, createdAt }: Membership): PastMembership => ({
  userId,
  email,
  name,
  status,
  source,
  createdAt,
});
