/** Looks ahead: who would gain and who would lose what if a rule came, changed or went. Stores nothing. */
import type { GroupMappingId, OrganizationId } from '../../kernel/ids.ts';
import type { ForeseenMember } from '../access/role-differences.ts';
import { foreseeMember } from '../access/role-differences.ts';
import { membersConcerned } from '../access/role-projection.ts';
import type { Deps } from '../deps.ts';
import type { GroupMapping, MappingMatch } from '../entities/directory.ts';
import { loadRuleSet, memberFacts } from '../members/member-projection.ts';
import type { GroupMappingInput } from './group-mappings.ts';
import { assertMappingFits, getGroupMapping } from './group-mappings.ts';

/** `mapping` absent: what if the rule `replaces` went. `replaces` absent: what if `mapping` came beside the others. */
export interface PreviewRequest {
  readonly organizationId: OrganizationId;
  readonly mapping?: GroupMappingInput | undefined;
  readonly replaces?: GroupMappingId | undefined;
}

/** Answers everybody whose roles would change. Claim rules act at sign-in and show nothing here. Throws `not_found`, `invalid`. */
export async function previewGroupMapping(
  deps: Pick<Deps, 'storage'>,
  input: PreviewRequest,
): Promise<readonly ForeseenMember[]> {
  const { storage } = deps;
  const { organizationId, mapping, replaces } = input;
  if (mapping !== undefined) await assertMappingFits(storage, organizationId, mapping);
  const before = await loadRuleSet(storage, organizationId);
  const replaced =
    replaces === undefined ? undefined : await getGroupMapping(storage, organizationId, replaces);
  const draft = mapping === undefined ? undefined : draftOf(organizationId, mapping, before.mappings);
  const kept = before.mappings.filter(({ id }) => id !== replaced?.id);
  const after = { ...before, mappings: draft === undefined ? kept : [...kept, draft] };
  const matches = [replaced?.match, draft?.match].filter(
    (match): match is MappingMatch => match !== undefined,
  );
  const members: ForeseenMember[] = [];
  for (const membership of await membersConcerned(storage, organizationId, matches)) {
    const foresight = foreseeMember(await memberFacts(storage, membership), { before, after });
    if (foresight.differences.length > 0) members.push({ ...foresight, membership });
  }
  return members;
}

const draftOf = (
  organizationId: OrganizationId,
  input: GroupMappingInput,
  others: readonly GroupMapping[],
): GroupMapping => ({
  // Never stored: the id only has to differ from every stored one.
  id: 'map_preview' as GroupMappingId,
  version: 0,
  organizationId,
  match: input.match,
  grants: input.grants,
  rank: input.rank ?? Math.max(0, ...others.map((other) => other.rank)) + 1,
  createdAt: 0,
  updatedAt: 0,
});
