/** A model of pushed people, nested groups and mappings, kept beside the real store to say what roles must come out. */
import fc from 'fast-check';
import { scopeOf } from '../../../src/core/access/role-projection.ts';
import { rankIn } from '../../../src/core/access/role-table.ts';
import type { ConflictPolicy, Grant, OrgRole, ResolvedRoles } from '../../../src/core/access/roles.ts';
import { resolveRoles } from '../../../src/core/access/roles.ts';
import type { GroupMapping, MappingGrant, MappingMatch } from '../../../src/core/entities/directory.ts';
import type {
  DirectoryGroupId,
  DirectoryUserId,
  GroupMappingId,
  MembershipId,
  TeamId,
} from '../../../src/kernel/ids.ts';
import { aGrant, nextId } from '../../support/builders.ts';
import { BUILT_IN_ROLES } from '../../support/org-roles.ts';

export interface ModelGroup {
  readonly id: DirectoryGroupId;
  name: string;
  readonly memberIds: Set<string>;
}

export interface ModelMapping {
  readonly id: GroupMappingId;
  match: MappingMatch;
  grants: readonly MappingGrant[];
  rank: number;
}

export interface ModelUser {
  readonly id: DirectoryUserId;
  readonly membershipId: MembershipId;
}

export class DirectoryModel {
  readonly users = new Map<string, ModelUser>();
  readonly groups = new Map<string, ModelGroup>();
  readonly mappings = new Map<string, ModelMapping>();
  policy: ConflictPolicy = 'highest';

  /** Every group that holds the member, directly or through others. */
  groupsAround(memberId: string): readonly ModelGroup[] {
    const found = new Set<ModelGroup>();
    const visit = (id: string): void => {
      for (const group of this.groups.values()) {
        if (!group.memberIds.has(id) || found.has(group)) continue;
        found.add(group);
        visit(group.id);
      }
    };
    visit(memberId);
    return [...found];
  }

  /** What the ledger ought to amount to for this person. */
  rolesOf(user: ModelUser): ResolvedRoles {
    const organizationId = nextId('org');
    const grants: Grant[] = [aGrant(organizationId, user.membershipId, { source: { kind: 'default' } })];
    for (const group of this.groupsAround(user.id)) {
      for (const { id: mappingId, match, grants: given, rank } of this.mappings.values()) {
        if (!speaksOf(match, group)) continue;
        const source = { kind: 'directory_group', directoryId: 'dir', groupId: group.id, mappingId } as const;
        for (const one of given) {
          const scope = scopeOf(one);
          grants.push(aGrant(organizationId, user.membershipId, { scope, source, rank }));
        }
      }
    }
    return resolveRoles(grants, this.policy, rankIn(BUILT_IN_ROLES));
  }

  /** Ends the group, and its place in others. */
  forget(id: string): void {
    this.users.delete(id);
    this.groups.delete(id);
    for (const group of this.groups.values()) group.memberIds.delete(id);
  }
}

const speaksOf = (match: MappingMatch, group: ModelGroup): boolean =>
  match.kind === 'group_id'
    ? match.groupId === group.id
    : match.kind === 'group_name' && match.groupName.toLowerCase() === group.name.toLowerCase();

/** Numbers name the n-th user, group, node or mapping there is, counted round; with none there the step does nothing. */
export type Step =
  | { readonly kind: 'pushUser' | 'dropUser' | 'dropGroup' | 'unmap'; readonly at: number }
  | {
      readonly kind: 'pushGroup' | 'rename';
      readonly at: number;
      readonly name: string;
      readonly members: readonly number[];
    }
  | {
      readonly kind: 'add' | 'remove' | 'replace' | 'removeGroups';
      readonly at: number;
      readonly members: readonly number[];
    }
  | {
      readonly kind: 'map' | 'remap';
      readonly at: number;
      readonly byName: string | null;
      readonly group: number;
      readonly grants: readonly ModelGrant[];
      readonly rank: number;
    }
  | { readonly kind: 'policy'; readonly policy: ConflictPolicy };

export type ModelGrant =
  | { readonly scope: 'org'; readonly role: Exclude<OrgRole, 'owner'> }
  | { readonly scope: 'team'; readonly team: number; readonly role: 'member' | 'admin' | 'owner' };

/** The grants of a step for the teams there are. */
export const grantsOf = (grants: readonly ModelGrant[], teamIds: readonly TeamId[]): GroupMapping['grants'] =>
  grants.flatMap((grant): MappingGrant[] => {
    if (grant.scope === 'org') return [grant];
    const teamId = teamIds[grant.team % teamIds.length];
    return teamId === undefined ? [] : [{ scope: 'team', teamId, role: grant.role }];
  });

const at = fc.nat({ max: 20 });
const members = fc.array(at, { maxLength: 4 });
const name = fc.constantFrom('Staff', 'staff', 'Ops', 'Everybody');
const modelGrant: fc.Arbitrary<ModelGrant> = fc.oneof(
  fc.record({
    scope: fc.constant('org' as const),
    role: fc.constantFrom('viewer' as const, 'member' as const, 'admin' as const),
  }),
  fc.record({
    scope: fc.constant('team' as const),
    team: fc.nat({ max: 1 }),
    role: fc.constantFrom('member' as const, 'admin' as const, 'owner' as const),
  }),
);

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('pushUser' as const), at }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('dropUser' as const, 'dropGroup' as const, 'unmap' as const),
      at,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('pushGroup' as const, 'rename' as const),
      at,
      name,
      members,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'add' as const,
        'add' as const,
        'remove' as const,
        'replace' as const,
        'removeGroups' as const,
      ),
      at,
      members,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('map' as const, 'remap' as const),
      at,
      byName: fc.option(name),
      group: at,
      grants: fc.array(modelGrant, { minLength: 1, maxLength: 3 }),
      rank: fc.nat({ max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('policy' as const),
      policy: fc.constantFrom<ConflictPolicy>('highest', 'ranked', 'refuse'),
    }),
  },
);
