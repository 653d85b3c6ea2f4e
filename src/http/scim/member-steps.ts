/** From the member changes a PATCH means to the steps core takes on member rows. */
import type { GroupMemberChange } from '../../core/directory/group-members.ts';
import type { DirectoryGroupId } from '../../kernel/ids.ts';
import { matchesElement } from '../../protocols/scim/filter.ts';
import type { MemberChange, MemberValue } from '../../protocols/scim/member-changes.ts';
import type { PatchOperation } from '../../protocols/scim/patch.ts';
import type { ScimContext } from './context.ts';
import { listNamedMembers } from './named-members.ts';
import { memberElement } from './present.ts';

/** Display names by member id. */
export type Displays = ReadonlyMap<string, string>;

/** The steps, in order. A filter that only names ids has become a plain `remove` already: it costs no look at the group. */
export const memberSteps = (
  context: ScimContext,
  changes: readonly MemberChange[],
  displays: Displays,
): readonly GroupMemberChange[] => changes.map((change) => memberStep(context, change, displays));

function memberStep(context: ScimContext, change: MemberChange, displays: Displays): GroupMemberChange {
  switch (change.kind) {
    case 'add':
    case 'replace':
      return { kind: change.kind, memberIds: idsOf(change.members) };
    case 'remove':
      return { kind: 'remove', memberIds: change.values };
    case 'removeMatching':
      return {
        kind: 'removeWhere',
        matches: (member) =>
          matchesElement(change.filter, memberElement(context, member, displays.get(member.memberId))),
      };
  }
}

/** The display names that these operations need: none at all, unless a filter may compare them. */
export async function displaysFor(
  context: ScimContext,
  groupId: DirectoryGroupId,
  operations: readonly PatchOperation[],
): Promise<Displays> {
  if (!operations.some(({ path }) => path !== undefined && /\[.*display/is.test(path))) return new Map();
  const members = await listNamedMembers(context, groupId, { withNames: true });
  return new Map(members.flatMap(({ memberId, name }) => (name === null ? [] : [[memberId, name]])));
}

/** The ids of members as given; what each one is, core finds out. */
export const idsOf = (members: readonly MemberValue[]): readonly string[] =>
  members.map(({ value }) => value);
