/** The groups that contain people, directly or through other groups, for many people at the price of a few questions. */
import type { DirectoryGroupId, OrganizationId } from '../../kernel/ids.ts';
import type { Containment } from '../ports/directories.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

/** One group around a member. */
export interface ContainingGroup {
  readonly groupId: DirectoryGroupId;
  readonly displayName: string;
  readonly isDirect: boolean;
}

/**
 * By member id: its groups, direct ones first, each once; a member of none is not in the answer. One question for each
 * level of nesting, whatever the number of members; cycles end it.
 */
export async function containingGroups(
  from: Pick<Queries | Repositories, 'groupMembers'>,
  organizationId: OrganizationId,
  memberIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ContainingGroup[]>> {
  const parentsOf = new Map<string, Containment[]>();
  let asked = [...new Set(memberIds)];
  while (asked.length > 0) {
    const found = await from.groupMembers.listContaining(organizationId, asked);
    if (found.length === 0 && parentsOf.size === 0) return NO_GROUPS;
    const isNested = found.some(({ isContained }) => isContained);
    if (!isNested && parentsOf.size === 0)
      return Map.groupBy(found.map(asDirect), ({ memberId }) => memberId);
    for (const id of asked) parentsOf.set(id, []);
    for (const parent of found) parentsOf.get(parent.memberId)?.push(parent);
    const contained = found.filter(({ isContained }) => isContained).map(({ groupId }) => groupId);
    asked = [...new Set(contained)].filter((id) => !parentsOf.has(id));
  }
  const containing = memberIds.map((id) => [id, groupsAround(id, parentsOf)] as const);
  return new Map(containing.filter(([, groups]) => groups.length > 0));
}

const NO_GROUPS: ReadonlyMap<string, readonly ContainingGroup[]> = new Map();

/** What there is to say where no group is in another one. */
const asDirect = ({ memberId, groupId, displayName }: Containment) => ({
  ...{ memberId, groupId, displayName },
  isDirect: true,
});

function groupsAround(
  memberId: string,
  parentsOf: ReadonlyMap<string, readonly Containment[]>,
): readonly ContainingGroup[] {
  const found = new Map<string, ContainingGroup>();
  let level: readonly string[] = [memberId];
  for (let isDirect = true; level.length > 0; isDirect = false) {
    const next: string[] = [];
    for (const { groupId, displayName } of level.flatMap((id) => parentsOf.get(id) ?? [])) {
      if (found.has(groupId)) continue;
      found.set(groupId, { groupId, displayName, isDirect });
      next.push(groupId);
    }
    level = next;
  }
  return [...found.values()];
}
