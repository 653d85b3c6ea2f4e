/** Goes through the members of an organization with what is known of each, many at the price of few questions. */
import type { OrganizationId } from '../../kernel/ids.ts';
import { type ContainingGroup, containingGroups } from '../directory/containing-groups.ts';
import type { DirectoryUser } from '../entities/directory.ts';
import type { Membership } from '../entities/people.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import type { MemberFacts } from './member-projection.ts';

type Reader = Queries | Repositories;

const PAGE = 200;

export interface ScannedMember {
  readonly membership: Membership;
  readonly facts: MemberFacts;
}

/** Page by page, ordered by id; `after` absent: from the first. */
export async function* scanMembers(
  from: Reader,
  organizationId: OrganizationId,
  start?: string,
): AsyncGenerator<readonly ScannedMember[]> {
  for (let after = start; ; ) {
    const page = await from.memberships.list(organizationId, {}, { after, limit: PAGE });
    yield await withFacts(from, organizationId, page);
    if (page.length < PAGE) return;
    after = page.at(-1)?.id;
  }
}

async function withFacts(
  from: Reader,
  organizationId: OrganizationId,
  memberships: readonly Membership[],
): Promise<readonly ScannedMember[]> {
  const users = new Map<string, DirectoryUser>();
  for (const { id } of memberships) {
    const user = await from.directoryUsers.findByMembership(organizationId, id);
    // Behind a shadow there is nobody to give a role to.
    if (user !== undefined && user.shadow === null) users.set(id, user);
  }
  const ids = [...users.values()].map(({ id }) => id);
  const around = await containingGroups(from, organizationId, ids);
  const scanned: ScannedMember[] = [];
  for (const membership of memberships) {
    const user = users.get(membership.id);
    const groups = user === undefined ? [] : groupsOf(user, around.get(user.id) ?? []);
    const grants = await from.grants.listByMembership(organizationId, membership.id);
    scanned.push({ membership, facts: { grants, groups } });
  }
  return scanned;
}

/** A group holds people of its own directory only. */
const groupsOf = ({ directoryId }: DirectoryUser, around: readonly ContainingGroup[]) =>
  around.map(({ groupId, displayName }) => ({ id: groupId, displayName, directoryId }));
