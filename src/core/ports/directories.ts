/** What core asks of storage about directories: tokens, users, groups, group members, mappings. */

import type {
  DirectoryGroupId,
  DirectoryId,
  DirectoryTokenId,
  DirectoryUserId,
  GroupMappingId,
  MappingTestId,
  MembershipId,
  OrganizationId,
} from '../../kernel/ids.ts';
import type { GroupOrder, GroupQuery, UserOrder, UserQuery } from '../directory/directory-query.ts';
import type {
  Directory,
  DirectoryGroup,
  DirectoryToken,
  DirectoryUser,
  GroupMapping,
  GroupMember,
  ShownUser,
} from '../entities/directory.ts';
import type { UniqueValue } from '../entities/directory-extension.ts';
import type { MappingTest } from '../entities/mapping-test.ts';
import type { OrderedPage, PageRequest, QueryPage } from './paging.ts';

export interface DirectoryRepository {
  insert(organizationId: OrganizationId, directory: Directory): Promise<void>;
  find(organizationId: OrganizationId, id: DirectoryId): Promise<Directory | undefined>;
  /** Its version alone: whether it is still as somebody has read it. */
  findVersion(organizationId: OrganizationId, id: DirectoryId): Promise<number | undefined>;
  list(organizationId: OrganizationId): Promise<readonly Directory[]>;
  update(organizationId: OrganizationId, next: Directory, expectedVersion: number): Promise<void>;
  /** Removes the directory with its tokens, users, groups, members, and what is remembered of removed users. */
  remove(organizationId: OrganizationId, id: DirectoryId): Promise<boolean>;
}

/** A token and the directory it is for. */
export interface TokenOfDirectory {
  readonly token: DirectoryToken;
  readonly directory: Directory;
}

export interface DirectoryTokenRepository {
  insert(organizationId: OrganizationId, token: DirectoryToken): Promise<void>;
  list(organizationId: OrganizationId, directoryId: DirectoryId): Promise<readonly DirectoryToken[]>;
  remove(organizationId: OrganizationId, directoryId: DirectoryId, id: DirectoryTokenId): Promise<boolean>;
  /** Notes a use; not versioned, last writer wins. */
  updateLastUsed(organizationId: OrganizationId, id: DirectoryTokenId, at: number): Promise<void>;
  /**
   * Notes that the warning for `days` before the end is given, in one conditional write: true for the first caller,
   * false when that warning or a later one (fewer days) was given already or the token is gone.
   */
  claimWarning(organizationId: OrganizationId, id: DirectoryTokenId, days: number): Promise<boolean>;
  /**
   * GLOBAL: the warning job's list. Those with `after < expiresAt <= until`, soonest first, those of one moment by id;
   * with `afterId` also the ones that end at `after` and have a later id.
   */
  listExpiring(
    span: { readonly after: number; readonly afterId?: DirectoryTokenId | undefined; readonly until: number },
    limit: number,
  ): Promise<readonly DirectoryToken[]>;
  /** GLOBAL: the credential names the organization (law 1). With its directory, as both are in one moment. */
  findByHash(tokenHash: string): Promise<TokenOfDirectory | undefined>;
}

export interface DirectoryUserRepository {
  /** Unique: `userName` (by key) inside the directory. */
  insert(organizationId: OrganizationId, user: DirectoryUser): Promise<void>;
  find(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    id: DirectoryUserId,
  ): Promise<DirectoryUser | undefined>;
  findByMembership(
    organizationId: OrganizationId,
    membershipId: MembershipId,
  ): Promise<DirectoryUser | undefined>;
  /** What an active directory says of whom `findByMembership` finds; undefined when that one is in none. */
  findHold(
    organizationId: OrganizationId,
    membershipId: MembershipId,
  ): Promise<Pick<DirectoryUser, 'isActive'> | undefined>;
  /** Active or not, in any active directory of the organization. */
  listByUserName(organizationId: OrganizationId, userNameKey: string): Promise<readonly DirectoryUser[]>;
  /** Likewise, by the exact externalId. */
  listByExternalId(organizationId: OrganizationId, externalId: string): Promise<readonly DirectoryUser[]>;
  /** `total` counts all rows that fit, whatever `page.after` says. */
  query(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    query: UserQuery,
    page: OrderedPage<UserOrder>,
  ): Promise<QueryPage<DirectoryUser>>;
  /** The same page, as much of it as answers show. */
  queryShown(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    query: UserQuery,
    page: OrderedPage<UserOrder>,
  ): Promise<QueryPage<ShownUser>>;
  /** Keyset walk of the rows that fit, for filters that must be finished in memory. */
  scan(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    query: UserQuery,
    page: PageRequest,
  ): Promise<readonly DirectoryUser[]>;
  update(
    organizationId: OrganizationId,
    next: DirectoryUser,
    expected: DirectoryUser | number,
  ): Promise<void>;
  /** Removes the user with its unique values, its conflict, and the rows in which it is a group member. */
  remove(organizationId: OrganizationId, directoryId: DirectoryId, id: DirectoryUserId): Promise<boolean>;
}

/** Values that one person of a directory holds and no other may. */
export interface UniqueValueRepository {
  /** Makes `values` all that this user holds. Unique: the key inside the directory, `already_exists` with the path as field. */
  replace(
    organizationId: OrganizationId,
    owner: Pick<DirectoryUser, 'directoryId' | 'id'>,
    values: readonly UniqueValue[],
  ): Promise<void>;
  /** Adds to what this user holds. Unique as for `replace`. */
  insert(
    organizationId: OrganizationId,
    owner: Pick<DirectoryUser, 'directoryId' | 'id'>,
    values: readonly UniqueValue[],
  ): Promise<void>;
  /** Ordered by key. */
  list(
    organizationId: OrganizationId,
    owner: Pick<DirectoryUser, 'directoryId' | 'id'>,
  ): Promise<readonly UniqueValue[]>;
  /** Forgets the values of one attribute, whoever holds them; false when there were none. */
  remove(organizationId: OrganizationId, directoryId: DirectoryId, path: string): Promise<boolean>;
}

export interface DirectoryGroupRepository {
  insert(organizationId: OrganizationId, group: DirectoryGroup): Promise<void>;
  find(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    id: DirectoryGroupId,
  ): Promise<DirectoryGroup | undefined>;
  /** By id alone, in any directory of the organization: for mappings. */
  findInOrganization(
    organizationId: OrganizationId,
    id: DirectoryGroupId,
  ): Promise<DirectoryGroup | undefined>;
  listByName(organizationId: OrganizationId, displayNameKey: string): Promise<readonly DirectoryGroup[]>;
  /** As for users. */
  query(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    query: GroupQuery,
    page: OrderedPage<GroupOrder>,
  ): Promise<QueryPage<DirectoryGroup>>;
  scan(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    query: GroupQuery,
    page: PageRequest,
  ): Promise<readonly DirectoryGroup[]>;
  update(organizationId: OrganizationId, next: DirectoryGroup, expectedVersion: number): Promise<void>;
  /** Removes the group, its member rows, and the rows in which it is a member. */
  remove(organizationId: OrganizationId, directoryId: DirectoryId, id: DirectoryGroupId): Promise<boolean>;
}

export type MemberRef = Omit<GroupMember, 'groupId'>;

/** A member and what it is called: a user's displayName or else userName, a group's displayName; null when it is gone. */
export type NamedMember = MemberRef & { readonly name: string | null };

/**
 * How members are written: the text for a user or a group, in which `mark` stands for the id, at most twice; behind it,
 * for a member with a name, `name` and the name as JSON, unless `name` is null; then a closing brace.
 */
export interface MemberWording {
  readonly user: string;
  readonly group: string;
  readonly mark: string;
  readonly name: string | null;
}

/** Members as one text, joined by commas. */
export interface WrittenMembers {
  readonly text: string;
  readonly count: number;
  /** The id of the last one; undefined when there is none. */
  readonly last: string | undefined;
}

/** One group that directly contains one member. */
export interface Containment {
  readonly memberId: string;
  readonly groupId: DirectoryGroupId;
  readonly displayName: string;
  /** Whether the group is itself a member of some group: if not, nobody need ask about it. */
  readonly isContained: boolean;
}

/** Cost of every method but `list` and `removeAll` is by the members named, never by the size of the group. */
export interface GroupMemberRepository {
  /** Those of the ids that are users or groups of the directory, in the order given; of anybody else nothing. */
  listCandidates(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    ids: readonly string[],
  ): Promise<readonly MemberRef[]>;
  /** Whether the members exist is the caller's to check in the same transaction. Adds those not yet in; answers the ones really added. */
  insert(
    organizationId: OrganizationId,
    groupId: DirectoryGroupId,
    members: readonly MemberRef[],
  ): Promise<readonly MemberRef[]>;
  /** Removes those that are in; answers the ids really removed. */
  remove(
    organizationId: OrganizationId,
    groupId: DirectoryGroupId,
    memberIds: readonly string[],
  ): Promise<readonly MemberRef[]>;
  /** Ordered by member id, which is also what `after` means. */
  list(
    organizationId: OrganizationId,
    groupId: DirectoryGroupId,
    page: PageRequest,
  ): Promise<readonly MemberRef[]>;
  /** Like `list`, with names: by one question for the whole page. */
  listNamed(
    organizationId: OrganizationId,
    groupId: DirectoryGroupId,
    page: PageRequest,
  ): Promise<readonly NamedMember[]>;
  /** The members of `listNamed`, written: for answers that hold many and look at none. */
  listWritten(
    organizationId: OrganizationId,
    groupId: DirectoryGroupId,
    page: PageRequest,
    wording: MemberWording,
  ): Promise<WrittenMembers>;
  /** The groups that directly contain any of these members, ordered by member and group; members given once. */
  listContaining(
    organizationId: OrganizationId,
    memberIds: readonly string[],
  ): Promise<readonly Containment[]>;
  /** Groups that directly contain the member. */
  listGroupsOf(organizationId: OrganizationId, memberId: string): Promise<readonly DirectoryGroup[]>;
  /** Takes one member out of every group it is in; answers those groups, in any order. */
  removeEverywhere(organizationId: OrganizationId, memberId: string): Promise<readonly DirectoryGroupId[]>;
}

export interface GroupMappingRepository {
  insert(organizationId: OrganizationId, mapping: GroupMapping): Promise<void>;
  find(organizationId: OrganizationId, id: GroupMappingId): Promise<GroupMapping | undefined>;
  list(organizationId: OrganizationId): Promise<readonly GroupMapping[]>;
  update(organizationId: OrganizationId, next: GroupMapping, expectedVersion: number): Promise<void>;
  remove(organizationId: OrganizationId, id: GroupMappingId): Promise<boolean>;
}

export interface MappingTestRepository {
  insert(organizationId: OrganizationId, test: MappingTest): Promise<void>;
  find(organizationId: OrganizationId, id: MappingTestId): Promise<MappingTest | undefined>;
  list(organizationId: OrganizationId): Promise<readonly MappingTest[]>;
  update(organizationId: OrganizationId, next: MappingTest, expectedVersion: number): Promise<void>;
  remove(organizationId: OrganizationId, id: MappingTestId): Promise<boolean>;
}
