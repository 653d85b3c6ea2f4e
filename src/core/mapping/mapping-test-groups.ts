/** The groups a mapping test speaks of: stored ones, and names that no group has yet but a rule speaks of. */
import type { DirectoryGroupId, DirectoryId, OrganizationId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import { groupsOf, matchesGroup } from '../access/role-projection.ts';
import type { DirectoryGroup, GroupMapping } from '../entities/directory.ts';
import type { GivenGroup } from '../entities/mapping-test.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

type Reader = Queries | Repositories;

export type TestedGroup = Pick<DirectoryGroup, 'id' | 'displayName' | 'directoryId'>;

/** An organization with the rules that the test is held against. */
interface RulesOf {
  readonly organizationId: OrganizationId;
  readonly mappings: readonly GroupMapping[];
}

/**
 * The groups that being in the given ones amounts to, those around them included. A name means every stored group of
 * that name; where there is none, a group the directory has yet to push, if a rule speaks of it. `unknown`: what is neither,
 * and how to mend it.
 */
export async function groupsGiven(
  from: Reader,
  rules: RulesOf,
  given: readonly GivenGroup[],
): Promise<{ readonly found: readonly TestedGroup[]; readonly unknown?: string }> {
  const { organizationId } = rules;
  const found = new Map<string, TestedGroup>();
  for (const one of given) {
    const groups = await groupsNamed(from, rules, one);
    if (groups.length === 0)
      return { found: [], unknown: `Unknown group: ${missing(one)}. Change this test, or remove it.` };
    for (const group of groups) {
      found.set(group.id, group);
      for (const around of await groupsOf(from, organizationId, group.id))
        found.set(around.group.id, around.group);
    }
  }
  return { found: [...found.values()] };
}

/** What is missing, in words; undefined for a group that is there or that a rule speaks of. */
export async function unknownGroup(
  from: Reader,
  rules: RulesOf,
  given: GivenGroup,
): Promise<string | undefined> {
  return (await groupsNamed(from, rules, given)).length > 0 ? undefined : missing(given);
}

const missing = (given: GivenGroup): string =>
  given.kind === 'id'
    ? `no directory group has the id ${given.groupId}`
    : `no directory group is called "${given.groupName}", and no rule speaks of that name`;

async function groupsNamed(
  from: Reader,
  { organizationId, mappings }: RulesOf,
  given: GivenGroup,
): Promise<readonly TestedGroup[]> {
  if (given.kind === 'id') {
    const group = await from.directoryGroups.findInOrganization(organizationId, given.groupId);
    return group === undefined ? [] : [group];
  }
  const key = foldKey(given.groupName);
  const stored = await from.directoryGroups.listByName(organizationId, key);
  if (stored.length > 0) return stored;
  // Never stored: the id only has to differ from every stored one.
  const ids = { id: `dg_given_${key}` as DirectoryGroupId, directoryId: 'dir_given' as DirectoryId };
  const expected = { ...ids, displayName: given.groupName };
  return mappings.some(({ match }) => matchesGroup(match, expected)) ? [expected] : [];
}
