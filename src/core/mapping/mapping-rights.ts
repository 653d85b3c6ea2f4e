/** Who may make, change or remove a rule: nobody hands out through one what they could not hand out by hand (law 8). */
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import { assertMayGrant } from '../access/access.ts';
import type { RoleTable } from '../access/role-table.ts';
import { factsIn } from '../access/role-table.ts';
import { decidesInTeam, standingIn } from '../access/team-access.ts';
import type { MappingGrant } from '../entities/directory.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

interface MappingRights {
  readonly organizationId: OrganizationId;
  readonly caller: Caller;
  readonly roles: RoleTable;
}

/**
 * Throws `forbidden` unless the caller may have a rule give each of these, and take it: an org role that they may give by
 * hand; a role in a team where they decide; a role on a resource only as an owner, because groups and claims may name anybody,
 * also later, and only owners may touch everybody.
 */
export async function assertMayMap(
  from: Queries | Repositories,
  rights: MappingRights,
  grants: readonly MappingGrant[],
): Promise<void> {
  const { organizationId, caller, roles } = rights;
  for (const grant of grants) {
    switch (grant.scope) {
      case 'org':
        assertMayGrant(caller, factsIn(roles, grant.role));
        break;
      case 'team':
        if (!decidesInTeam(await standingIn(from, { organizationId, caller, teamId: grant.teamId })))
          throw refusal('Whoever decides who is in this team decides which rules put people into it.');
        break;
      case 'resource':
        if (caller.kind !== 'operator' && caller.role.key !== 'owner')
          throw refusal('A rule may reach anybody: only owners have one give roles on resources.');
    }
  }
}

const refusal = (detail: string): GatehouseError =>
  new GatehouseError('forbidden', detail, {
    field: 'grants',
    whatToDo: 'Leave this grant out, or ask whoever may give it.',
  });
