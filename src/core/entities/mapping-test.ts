/** Mapping tests: what somebody in given groups, with given claims, is expected to come out as. */
import type { DirectoryGroupId, MappingTestId, OrganizationId, TeamId } from '../../kernel/ids.ts';
import type { OrgRole, Resource, ResourceRole, TeamRole } from '../access/roles.ts';

/** One group the person is in: a stored one by id, or any by name (compared folded). */
export type GivenGroup =
  | { readonly kind: 'id'; readonly groupId: DirectoryGroupId }
  | { readonly kind: 'name'; readonly groupName: string };

export interface MappingTestGiven {
  readonly groups: readonly GivenGroup[];
  readonly claims: readonly { readonly claim: string; readonly values: readonly string[] }[];
}

/** What an absent key names is not looked at; a list that is there is the whole list. */
export interface MappingTestExpect {
  readonly orgRole?: OrgRole;
  readonly teams?: readonly { readonly teamId: TeamId; readonly role: TeamRole }[];
  readonly resources?: readonly { readonly resource: Resource; readonly role: ResourceRole }[];
}

export interface MappingTest {
  readonly id: MappingTestId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly given: MappingTestGiven;
  readonly expect: MappingTestExpect;
  readonly createdAt: number;
  readonly updatedAt: number;
}
