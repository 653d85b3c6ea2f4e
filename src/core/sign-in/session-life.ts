/** How long a session lives, which of its cookie values count, and when the value is to be replaced. Pure. */
import { hours, minutes, seconds } from '../../kernel/clock.ts';
import type { RoleFacts } from '../access/role-table.ts';
import type { OrgRole, Permission, PermissionKey } from '../access/roles.ts';
import type { Session } from '../entities/session.ts';

/** S185: the session ends this long after it began, whatever happens. */
export const ABSOLUTE_LIMIT_MS = hours(24);
/** S185: and this long after it was last used. */
export const IDLE_LIMIT_MS = hours(8);
/** S185: of somebody who may change other people's access. */
const ADMIN_IDLE_LIMIT_MS = minutes(30);
/** S190: how long a replaced cookie value still counts after the browser has shown the new one: requests under way. */
const ROTATION_GRACE_MS = seconds(30);

/** Whoever holds one of these changes other people's access, whatever the role is called. */
const CHANGES_ACCESS: ReadonlySet<PermissionKey> = new Set<Permission>([
  'members.update',
  'members.remove',
  'roles.manage',
  'sso.manage',
  'scim.manage',
]);

/** How long somebody of this role may do nothing. */
const idleLimitOf = ({ permissions }: Pick<RoleFacts, 'permissions'>): number =>
  permissions.some((key) => CHANGES_ACCESS.has(key)) ? ADMIN_IDLE_LIMIT_MS : IDLE_LIMIT_MS;

/** Whether a session of somebody who has this role now is neither at its end nor idle for too long. */
export const isAlive = (session: Session, role: Pick<RoleFacts, 'permissions'>, now: number): boolean =>
  session.expiresAt > now && session.lastSeenAt + idleLimitOf(role) > now;

/** What a shown cookie value is to its session. */
export type ShownValue =
  /** The newest one. */
  | 'current'
  /** The one before, and the answer that brought the newer one may still be under way. */
  | 'previous'
  /** The one before, and the newer one has not been shown for so long that its answer must be lost. */
  | 'lost'
  /** Replaced for good. */
  | 'dead';

/** Judges the hash of a shown value of this session (S190): a value that was replaced counts no longer than it must. */
export function judgeShown(session: Session, shownHash: string, now: number): ShownValue {
  if (shownHash === session.tokenHash) return 'current';
  if (shownHash !== session.previousTokenHash || session.rotatedAt === null) return 'dead';
  const { confirmedAt, rotatedAt } = session;
  if (confirmedAt !== null) return now < confirmedAt + ROTATION_GRACE_MS ? 'previous' : 'dead';
  return now < rotatedAt + ROTATION_GRACE_MS ? 'previous' : 'lost';
}

/**
 * S184: whether the browser is to get another cookie value: the role is not the one it was given for, or it never arrived. A role
 * that an operator gives other permissions is the same one: they count from the next request on (S146), without a new value for
 * everybody who holds it.
 */
export const wantsNewValue = (session: Session, shown: ShownValue, role: OrgRole): boolean =>
  shown === 'lost' || (shown === 'current' && session.orgRole !== role);
