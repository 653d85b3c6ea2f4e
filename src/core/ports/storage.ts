/**
 * What core asks of storage: small repositories, one transaction function, nothing that names an engine.
 *
 * Rules every adapter keeps (the contract suite in test/contract proves them):
 * - the organization id is the first parameter; the few global look-ups are marked GLOBAL;
 * - `insert` throws `already_exists` with `field` when a unique key is taken;
 * - `update(organizationId, next, expectedVersion)` is compare-and-swap: it stores `next` with version
 *   `expectedVersion + 1` and throws `version_conflict` when the row moved or is gone;
 * - `find…` answers undefined when absent; `list…` is ordered by id, oldest first;
 * - `remove` of an absent row is a no-op that answers false.
 */
import type {
  ConnectionId,
  DirectoryGroupId,
  DirectoryId,
  DirectoryTokenId,
  DirectoryUserId,
  DomainId,
  GrantId,
  GroupMappingId,
  InvitationId,
  MembershipId,
  OrganizationId,
  OutboxEventId,
  TeamId,
  UserId,
} from '../../kernel/ids.ts';
import type { AuditEvent, OutboxEvent } from '../audit.ts';
import type { GroupQuery, UserQuery } from '../directory-query.ts';
import type {
  Directory,
  DirectoryGroup,
  DirectoryToken,
  DirectoryUser,
  GroupMapping,
  GroupMember,
} from '../entities/directory.ts';
import type { Invitation } from '../entities/invitation.ts';
import type { Organization } from '../entities/organization.ts';
import type { Identity, Membership, Team, TeamMember, User } from '../entities/people.ts';
import type { Connection, Domain, PendingSignIn, Session } from '../entities/sign-in.ts';
import type { Grant, OrgRole } from '../roles.ts';

/** A keyset page: rows after the id `after` (exclusive; absent: from the start), at most `limit`. */
export interface PageRequest {
  readonly after?: string | undefined;
  readonly limit: number;
}

/** SCIM's index paging: `offset` rows are passed over. */
export interface OffsetPage {
  readonly offset: number;
  readonly limit: number;
}

export interface MemberFilter {
  readonly role?: OrgRole | undefined;
  readonly teamId?: TeamId | undefined;
  readonly status?: Membership['status'] | undefined;
  /** Folded text found at the start of, or anywhere in, e-mail or name. */
  readonly text?: string | undefined;
}

export type CountsOutcome = 'moved' | 'seats_exhausted' | 'last_owner';

export interface OrganizationRepository {
  insert(organizationId: OrganizationId, organization: Organization): Promise<void>;
  find(organizationId: OrganizationId): Promise<Organization | undefined>;
  /** Stores everything but `seatsUsed` and `activeOwners`, which only `moveCounts` moves. */
  update(organizationId: OrganizationId, next: Organization, expectedVersion: number): Promise<void>;
  /** Removes the organization and every row that belongs to it. */
  remove(organizationId: OrganizationId): Promise<boolean>;
  /**
   * Moves both counters in one conditional write that does not touch `version`. Refuses, changing nothing: `seats_exhausted` when seats rise above the plan,
   * `last_owner` when owners fall from one or more to none.
   */
  moveCounts(
    organizationId: OrganizationId,
    delta: { readonly seats: number; readonly owners: number },
  ): Promise<CountsOutcome>;
  /** GLOBAL: the slug is in the route. */
  findBySlug(slug: string): Promise<Organization | undefined>;
  /** GLOBAL: the operator's list. */
  list(page: PageRequest): Promise<readonly Organization[]>;
}

/** GLOBAL by nature: a user is a person across organizations. */
export interface UserRepository {
  insert(user: User): Promise<void>;
  find(userId: UserId): Promise<User | undefined>;
  findByEmail(emailKey: string): Promise<User | undefined>;
  update(next: User, expectedVersion: number): Promise<void>;
  remove(userId: UserId): Promise<boolean>;
}

export interface MembershipRepository {
  insert(organizationId: OrganizationId, membership: Membership): Promise<void>;
  find(organizationId: OrganizationId, id: MembershipId): Promise<Membership | undefined>;
  findByUser(organizationId: OrganizationId, userId: UserId): Promise<Membership | undefined>;
  listByEmail(organizationId: OrganizationId, emailKey: string): Promise<readonly Membership[]>;
  list(
    organizationId: OrganizationId,
    filter: MemberFilter,
    page: PageRequest,
  ): Promise<readonly Membership[]>;
  update(organizationId: OrganizationId, next: Membership, expectedVersion: number): Promise<void>;
  remove(organizationId: OrganizationId, id: MembershipId): Promise<boolean>;
  /** GLOBAL: the organizations of one person. */
  listByUser(userId: UserId): Promise<readonly Membership[]>;
}

export interface GrantRepository {
  insert(organizationId: OrganizationId, grant: Grant): Promise<void>;
  listByMembership(organizationId: OrganizationId, membershipId: MembershipId): Promise<readonly Grant[]>;
  remove(organizationId: OrganizationId, id: GrantId): Promise<boolean>;
  removeByMembership(organizationId: OrganizationId, membershipId: MembershipId): Promise<void>;
}

export interface TeamRepository {
  insert(organizationId: OrganizationId, team: Team): Promise<void>;
  find(organizationId: OrganizationId, id: TeamId): Promise<Team | undefined>;
  list(organizationId: OrganizationId): Promise<readonly Team[]>;
  update(organizationId: OrganizationId, next: Team, expectedVersion: number): Promise<void>;
  remove(organizationId: OrganizationId, id: TeamId): Promise<boolean>;
}

export interface TeamMemberRepository {
  listByMemberships(
    organizationId: OrganizationId,
    ids: readonly MembershipId[],
  ): Promise<readonly TeamMember[]>;
  listByTeam(
    organizationId: OrganizationId,
    teamId: TeamId,
    page: PageRequest,
  ): Promise<readonly TeamMember[]>;
  /** Makes `teams` the whole of the membership's team roles. */
  replace(
    organizationId: OrganizationId,
    membershipId: MembershipId,
    teams: readonly Omit<TeamMember, 'membershipId'>[],
  ): Promise<void>;
}

export interface DirectoryRepository {
  insert(organizationId: OrganizationId, directory: Directory): Promise<void>;
  find(organizationId: OrganizationId, id: DirectoryId): Promise<Directory | undefined>;
  list(organizationId: OrganizationId): Promise<readonly Directory[]>;
  update(organizationId: OrganizationId, next: Directory, expectedVersion: number): Promise<void>;
  /** Removes the directory with its tokens, users, groups and members. */
  remove(organizationId: OrganizationId, id: DirectoryId): Promise<boolean>;
}

export interface DirectoryTokenRepository {
  insert(organizationId: OrganizationId, token: DirectoryToken): Promise<void>;
  list(organizationId: OrganizationId, directoryId: DirectoryId): Promise<readonly DirectoryToken[]>;
  remove(organizationId: OrganizationId, directoryId: DirectoryId, id: DirectoryTokenId): Promise<boolean>;
  /** Notes a use; not versioned, last writer wins. */
  updateLastUsed(organizationId: OrganizationId, id: DirectoryTokenId, at: number): Promise<void>;
  /** GLOBAL: the credential names the organization (law 1). */
  findByHash(tokenHash: string): Promise<DirectoryToken | undefined>;
}

export interface QueryPage<Row> {
  readonly rows: readonly Row[];
  /** All rows that fit the query, not only this page's. */
  readonly total: number;
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
  /** Active or not, in any active directory of the organization. */
  listByUserName(organizationId: OrganizationId, userNameKey: string): Promise<readonly DirectoryUser[]>;
  listByExternalId(organizationId: OrganizationId, externalId: string): Promise<readonly DirectoryUser[]>;
  query(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    query: UserQuery,
    page: OffsetPage,
  ): Promise<QueryPage<DirectoryUser>>;
  /** Keyset walk of the rows that fit, for filters that must be finished in memory. */
  scan(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    query: UserQuery,
    page: PageRequest,
  ): Promise<readonly DirectoryUser[]>;
  update(organizationId: OrganizationId, next: DirectoryUser, expectedVersion: number): Promise<void>;
  remove(organizationId: OrganizationId, directoryId: DirectoryId, id: DirectoryUserId): Promise<boolean>;
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
  query(
    organizationId: OrganizationId,
    directoryId: DirectoryId,
    query: GroupQuery,
    page: OffsetPage,
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

/** Cost of every method but `list` and `removeAll` is by the members named, never by the size of the group. */
export interface GroupMemberRepository {
  /** Adds those not yet in; answers the ones really added. */
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
  list(
    organizationId: OrganizationId,
    groupId: DirectoryGroupId,
    page: PageRequest,
  ): Promise<readonly MemberRef[]>;
  /** Groups that directly contain the member. */
  listGroupsOf(organizationId: OrganizationId, memberId: string): Promise<readonly DirectoryGroup[]>;
  /** Takes one member out of every group it is in; answers those groups. */
  removeEverywhere(organizationId: OrganizationId, memberId: string): Promise<readonly DirectoryGroupId[]>;
}

export interface GroupMappingRepository {
  insert(organizationId: OrganizationId, mapping: GroupMapping): Promise<void>;
  find(organizationId: OrganizationId, id: GroupMappingId): Promise<GroupMapping | undefined>;
  list(organizationId: OrganizationId): Promise<readonly GroupMapping[]>;
  update(organizationId: OrganizationId, next: GroupMapping, expectedVersion: number): Promise<void>;
  remove(organizationId: OrganizationId, id: GroupMappingId): Promise<boolean>;
}

export interface ConnectionRepository {
  insert(organizationId: OrganizationId, connection: Connection): Promise<void>;
  find(organizationId: OrganizationId, id: ConnectionId): Promise<Connection | undefined>;
  list(organizationId: OrganizationId): Promise<readonly Connection[]>;
  update(organizationId: OrganizationId, next: Connection, expectedVersion: number): Promise<void>;
  remove(organizationId: OrganizationId, id: ConnectionId): Promise<boolean>;
  /** GLOBAL: the route names the connection, the connection names the organization (law 1). */
  findById(id: ConnectionId): Promise<Connection | undefined>;
}

export interface IdentityRepository {
  /** Unique: (connection, issuer, subject), and (connection, membership): one subject per person and connection. */
  insert(organizationId: OrganizationId, identity: Identity): Promise<void>;
  find(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    issuer: string,
    subject: string,
  ): Promise<Identity | undefined>;
  findByMembership(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    membershipId: MembershipId,
  ): Promise<Identity | undefined>;
  listByMembership(organizationId: OrganizationId, membershipId: MembershipId): Promise<readonly Identity[]>;
  removeByMembership(organizationId: OrganizationId, membershipId: MembershipId): Promise<void>;
}

export interface DomainRepository {
  /** Unique: the domain inside the organization; and one verified owner over all organizations. */
  insert(organizationId: OrganizationId, domain: Domain): Promise<void>;
  find(organizationId: OrganizationId, id: DomainId): Promise<Domain | undefined>;
  list(organizationId: OrganizationId): Promise<readonly Domain[]>;
  update(organizationId: OrganizationId, next: Domain, expectedVersion: number): Promise<void>;
  remove(organizationId: OrganizationId, id: DomainId): Promise<boolean>;
  /** GLOBAL: routes an address to its organization. */
  findVerified(domain: string): Promise<Domain | undefined>;
}

export interface PendingSignInRepository {
  insert(organizationId: OrganizationId, pending: PendingSignIn): Promise<void>;
  find(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    handleHash: string,
  ): Promise<PendingSignIn | undefined>;
  /** Takes the row out; answers it to exactly one caller (law 5). */
  consume(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    handleHash: string,
  ): Promise<PendingSignIn | undefined>;
  /** GLOBAL: housekeeping. */
  removeExpired(now: number): Promise<number>;
}

export interface ConsumedAssertionRepository {
  /** True for the first caller; false when this connection has already seen the assertion id (law 5). */
  claim(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    assertionId: string,
    expiresAt: number,
  ): Promise<boolean>;
  /** GLOBAL: housekeeping. */
  removeExpired(now: number): Promise<number>;
}

export interface SessionRepository {
  insert(organizationId: OrganizationId, session: Session): Promise<void>;
  /** Notes a use; not versioned. */
  updateLastSeen(organizationId: OrganizationId, idHash: string, at: number): Promise<void>;
  listByMembership(organizationId: OrganizationId, membershipId: MembershipId): Promise<readonly Session[]>;
  remove(organizationId: OrganizationId, idHash: string): Promise<boolean>;
  /** Ends every session of the membership; answers how many. */
  removeByMembership(organizationId: OrganizationId, membershipId: MembershipId): Promise<number>;
  /** GLOBAL: the cookie names the organization (law 1). */
  findByHash(idHash: string): Promise<Session | undefined>;
  /** GLOBAL: housekeeping. */
  removeExpired(now: number): Promise<number>;
}

export interface InvitationRepository {
  /** Unique: one pending invitation per (organization, emailKey), `already_exists` with field `email`. */
  insert(organizationId: OrganizationId, invitation: Invitation): Promise<void>;
  find(organizationId: OrganizationId, id: InvitationId): Promise<Invitation | undefined>;
  findPendingByEmail(organizationId: OrganizationId, emailKey: string): Promise<Invitation | undefined>;
  /** Newest first; `status` filters by the stored status. */
  list(
    organizationId: OrganizationId,
    filter: { readonly status?: Invitation['status'] | undefined },
    page: PageRequest,
  ): Promise<readonly Invitation[]>;
  listPending(organizationId: OrganizationId): Promise<readonly Invitation[]>;
  update(organizationId: OrganizationId, next: Invitation, expectedVersion: number): Promise<void>;
  /** pending and unexpired -> accepted, in one conditional write; true for exactly one caller (law 5). */
  claim(
    organizationId: OrganizationId,
    id: InvitationId,
    acceptance: { readonly membershipId: MembershipId; readonly now: number },
  ): Promise<boolean>;
  /** GLOBAL: the link names the organization (law 1). */
  findByTokenHash(tokenHash: string): Promise<Invitation | undefined>;
}

export interface AuditEventRepository {
  append(organizationId: OrganizationId, event: AuditEvent): Promise<void>;
  /** Newest first; `after` is the id of the last one seen. */
  list(
    organizationId: OrganizationId,
    filter: { readonly type?: string | undefined; readonly targetId?: string | undefined },
    page: PageRequest,
  ): Promise<readonly AuditEvent[]>;
}

export interface OutboxRepository {
  append(organizationId: OrganizationId, event: OutboxEvent): Promise<void>;
  find(organizationId: OrganizationId, id: OutboxEventId): Promise<OutboxEvent | undefined>;
  /**
   * Leases one due event for `leaseMs`: moves `dueAt` forward and counts the attempt in one conditional write, so that
   * two workers never hold the same one. Undefined when it is not due or gone.
   */
  claim(
    organizationId: OrganizationId,
    id: OutboxEventId,
    now: number,
    leaseMs: number,
  ): Promise<OutboxEvent | undefined>;
  /** Delivered: `dueAt` null and `deliveredAt` set. Failed: `dueAt` the next try, or null to give up. */
  settle(
    organizationId: OrganizationId,
    id: OutboxEventId,
    outcome: {
      readonly deliveredAt: number | null;
      readonly dueAt: number | null;
      readonly lastError: string | null;
    },
  ): Promise<void>;
  /** GLOBAL: the delivery job's queue, oldest first. */
  listDue(now: number, limit: number): Promise<readonly OutboxEvent[]>;
}

/** GLOBAL: facts about this installation. Values are hashes or sealed; never plain secrets. */
export interface InstallationRepository {
  find(key: string): Promise<string | undefined>;
  /** Sets the value if the key is absent; false when it was there. */
  insert(key: string, value: string): Promise<boolean>;
  /** Swaps `expected` for `next` (undefined removes) in one conditional write; false when the value was another. */
  consume(key: string, expected: string, next: string | undefined): Promise<boolean>;
}

export interface Repositories {
  readonly organizations: OrganizationRepository;
  readonly users: UserRepository;
  readonly memberships: MembershipRepository;
  readonly grants: GrantRepository;
  readonly teams: TeamRepository;
  readonly teamMembers: TeamMemberRepository;
  readonly directories: DirectoryRepository;
  readonly directoryTokens: DirectoryTokenRepository;
  readonly directoryUsers: DirectoryUserRepository;
  readonly directoryGroups: DirectoryGroupRepository;
  readonly groupMembers: GroupMemberRepository;
  readonly groupMappings: GroupMappingRepository;
  readonly connections: ConnectionRepository;
  readonly identities: IdentityRepository;
  readonly domains: DomainRepository;
  readonly pendingSignIns: PendingSignInRepository;
  readonly consumedAssertions: ConsumedAssertionRepository;
  readonly sessions: SessionRepository;
  readonly invitations: InvitationRepository;
  readonly auditEvents: AuditEventRepository;
  readonly outbox: OutboxRepository;
  readonly installation: InstallationRepository;
}

/** The verbs that change something; everything else only reads. */
export type WriteVerb =
  | 'insert'
  | 'update'
  | 'updateLastUsed'
  | 'updateLastSeen'
  | 'remove'
  | 'removeByMembership'
  | 'removeEverywhere'
  | 'removeExpired'
  | 'replace'
  | 'moveCounts'
  | 'claim'
  | 'consume'
  | 'settle'
  | 'append';

/** The repositories without their writes: what is usable outside a transaction. */
export type Queries = { readonly [Name in keyof Repositories]: Omit<Repositories[Name], WriteVerb> };

/**
 * One store. Reads outside `transact` see committed data only.
 *
 * `transact(fn)` runs `fn` with repositories that all belong to one atomic, serializable transaction and answers
 * after it is durable. If `fn` throws, nothing of it remains and the error passes through. `fn` may run more than
 * once (a Mongo adapter retries), so it must do nothing but storage calls: no network, no mail, no password hashing.
 */
export interface Storage extends Queries {
  transact<Result>(fn: (tx: Repositories) => Promise<Result>): Promise<Result>;
  /** Resolves when the store answers; throws `storage_unavailable` otherwise. */
  ping(): Promise<void>;
  /** Lets running transactions finish, then closes. Later calls throw `storage_unavailable`. */
  close(): Promise<void>;
}
