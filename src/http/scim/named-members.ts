/** All members of a group with their names, for questions that cannot be answered member by member. */
import { setImmediate } from 'node:timers/promises';
import type { NamedMember } from '../../core/ports/directories.ts';
import type { DirectoryGroupId } from '../../kernel/ids.ts';
import type { ScimContext } from './context.ts';

/** Members read at once; small enough that nobody else waits long. */
const MEMBERS_AT_ONCE = 1000;

interface Place {
  readonly groupId: DirectoryGroupId;
  readonly after: string | undefined;
  /** False: every name is null, and nothing is looked up for it. */
  readonly withNames: boolean;
}

/** The next members, ordered by id; fewer than `MEMBERS_AT_ONCE` at the end. */
async function nextMembers(
  { deps, organizationId }: ScimContext,
  { groupId, after, withNames }: Place,
): Promise<readonly NamedMember[]> {
  const page = { after, limit: MEMBERS_AT_ONCE };
  const { groupMembers } = deps.storage;
  if (withNames) return groupMembers.listNamed(organizationId, groupId, page);
  return (await groupMembers.list(organizationId, groupId, page)).map((member) => ({
    ...member,
    name: null,
  }));
}

/** Every direct member, ordered by id. Other requests get their turn between the pages of a large group. */
export async function listNamedMembers(
  context: ScimContext,
  groupId: DirectoryGroupId,
  { withNames }: Pick<Place, 'withNames'>,
): Promise<readonly NamedMember[]> {
  const all: NamedMember[] = [];
  for (;;) {
    const page = await nextMembers(context, { groupId, after: all.at(-1)?.memberId, withNames });
    all.push(...page);
    if (page.length < MEMBERS_AT_ONCE) return all;
    await setImmediate();
  }
}
