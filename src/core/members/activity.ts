/** When a member was last active: signed in, asking with a session or a personal key, or at work in an application. */
import { minutes } from '../../kernel/clock.ts';
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import type { Membership } from '../entities/people.ts';
import type { Repositories } from '../ports/storage.ts';

/** `lastActiveAt` is kept to the quarter of an hour: one write for each member in that time, however much they do. */
const ACTIVITY_GRAIN_MS = minutes(15);

/** Pure: whether what is stored is so old that this use is to be noted. */
export const isActivityDue = ({ lastActiveAt }: Pick<Membership, 'lastActiveAt'>, now: number): boolean =>
  lastActiveAt === null || now - lastActiveAt >= ACTIVITY_GRAIN_MS;

/**
 * Notes that the member is active, by one conditional write inside a transaction that the request needs anyway; nothing is written
 * for one whose activity was noted less than a quarter of an hour ago, who is suspended, or who is gone.
 */
export const noteActivity = (
  tx: Pick<Repositories, 'memberships'>,
  { organizationId, id }: { readonly organizationId: OrganizationId; readonly id: MembershipId },
  now: number,
): Promise<void> =>
  tx.memberships.updateLastActive(organizationId, id, { at: now, ifUpTo: now - ACTIVITY_GRAIN_MS });
