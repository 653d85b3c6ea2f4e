/** What core asks of storage about people: organizations, users, memberships, roles, teams, invitations. */

import type { InvitationId, MembershipId, OrganizationId, TeamId, UserId } from '../../kernel/ids.ts';
import type { Grant, OrgRole } from '../access/roles.ts';
import type { Ending, Trace, TracedGrant } from '../entities/history.ts';
import type { Invitation } from '../entities/invitation.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership, Team, TeamMember, User } from '../entities/people.ts';
import type { PageRequest } from './paging.ts';

/** `identity`: bound at an active connection; `directory`: held, as active, by an active directory. */
export interface Connectedness {
  readonly isConnected: boolean;
  readonly by: 'identity' | 'directory';
}

export interface MemberFilter {
  readonly role?: OrgRole | undefined;
  readonly teamId?: TeamId | undefined;
  readonly status?: Membership['status'] | undefined;
  readonly source?: Membership['source'] | undefined;
  /** Folded text found at the start of, or anywhere in, e-mail or name. */
  readonly text?: string | undefined;
  /** Leaves out, of all that hold `text`, those whose e-mail starts with it. */
  readonly isElsewhere?: boolean | undefined;
  /** Only those who are, or are not, connected to single sign-on in this way. */
  readonly connected?: Connectedness | undefined;
  /** Nobody behind this id. */
  readonly upTo?: MembershipId | undefined;
}

export type CountsOutcome = 'moved' | 'seats_exhausted' | 'last_owner';

export interface OrganizationRepository {
  /** Unique: `slug`. */
  insert(organizationId: OrganizationId, organization: Organization): Promise<void>;
  find(organizationId: OrganizationId): Promise<Organization | undefined>;
  /** Stores everything but `seatsUsed` and `activeOwners`, which only `moveCounts` moves. */
  update(organizationId: OrganizationId, next: Organization, expectedVersion: number): Promise<void>;
  /** Removes the organization and every row that belongs to it. */
  remove(organizationId: OrganizationId): Promise<boolean>;
  /**
   * Moves both counters in one conditional write that does not touch `version`. Refuses, changing nothing: `seats_exhausted` when seats rise above the plan,
   * `last_owner` when owners fall from one or more to none. Throws `not_found` when the organization is gone.
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
  /** Unique: `emailKey`, `already_exists` with field `email`; any number of people without one. */
  insert(user: User): Promise<void>;
  find(userId: UserId): Promise<User | undefined>;
  findByEmail(emailKey: string): Promise<User | undefined>;
  update(next: User, expectedVersion: number): Promise<void>;
  /** Refused, changing nothing, while a membership of the user remains. */
  remove(userId: UserId): Promise<boolean>;
}

/** Where somebody stands in a list by e-mail. */
export interface EmailPlace {
  readonly emailKey: string;
  readonly id: string;
}

export interface MembershipRepository {
  /** Unique: the user inside the organization, `already_exists` with field `userId`. */
  insert(organizationId: OrganizationId, membership: Membership): Promise<void>;
  find(organizationId: OrganizationId, id: MembershipId): Promise<Membership | undefined>;
  findByUser(organizationId: OrganizationId, userId: UserId): Promise<Membership | undefined>;
  listByEmail(organizationId: OrganizationId, emailKey: string): Promise<readonly Membership[]>;
  list(
    organizationId: OrganizationId,
    filter: MemberFilter,
    page: PageRequest,
  ): Promise<readonly Membership[]>;
  /** Those whose e-mail starts with `filter.text`, by e-mail, then id; behind `after` if given. */
  listByEmailStart(
    organizationId: OrganizationId,
    filter: MemberFilter & { readonly text: string },
    page: { readonly after?: EmailPlace | undefined; readonly limit: number },
  ): Promise<readonly Membership[]>;
  /** The id of the `count`-th member behind `after` (absent: of all), by id; undefined when there are fewer. */
  findNth(
    organizationId: OrganizationId,
    after: string | undefined,
    count: number,
  ): Promise<MembershipId | undefined>;
  update(organizationId: OrganizationId, next: Membership, expected: Membership | number): Promise<void>;
  /** Moves `lastActiveAt` of an active member to `at`, where it is null or `ifUpTo` at most; `version` stays. */
  updateLastActive(
    organizationId: OrganizationId,
    id: MembershipId,
    activity: { readonly at: number; readonly ifUpTo: number },
  ): Promise<void>;
  /**
   * Whether a suspension has anything to end: a session, an application's grant or an API key of the membership, a link that
   * it made and nobody revoked, or a one-time value of the person, whatever has expired included.
   */
  holdsWaysIn(
    organizationId: OrganizationId,
    membership: Pick<Membership, 'id' | 'userId'>,
  ): Promise<boolean>;
  /** Removes the membership with its grants, team roles, identities and sessions. */
  remove(organizationId: OrganizationId, id: MembershipId): Promise<boolean>;
  /** GLOBAL: the organizations of one person. */
  listByUser(userId: UserId): Promise<readonly Membership[]>;
}

export interface GrantRepository {
  /** `begunBy` absent: nobody is remembered for it. */
  insert(organizationId: OrganizationId, grant: Grant, begunBy?: Trace): Promise<void>;
  listByMembership(organizationId: OrganizationId, membershipId: MembershipId): Promise<readonly Grant[]>;
  /** Takes the grant out of the ledger and keeps it as an ended one; false when it does not stand there. */
  end(
    organizationId: OrganizationId,
    grant: Pick<Grant, 'id' | 'membershipId'>,
    ending: Ending,
  ): Promise<boolean>;
  /** Gives a standing grant another rank; everything else of it stays. False when it does not stand in the ledger. */
  rerank(
    organizationId: OrganizationId,
    grant: Pick<Grant, 'id' | 'membershipId'>,
    rank: number,
  ): Promise<boolean>;
  /** `end` for every grant of the membership. */
  endByMembership(organizationId: OrganizationId, membershipId: MembershipId, ending: Ending): Promise<void>;
  /** The grants that stood in the ledger at `at`: begun then or before, ended after it if at all. */
  listAsOf(
    organizationId: OrganizationId,
    membershipId: MembershipId,
    at: number,
  ): Promise<readonly TracedGrant[]>;
  /** Forgets at most `limit` grants that ended before `before`, those that ended first; answers how many. */
  prune(organizationId: OrganizationId, before: number, limit: number): Promise<number>;
}

export interface TeamRepository {
  insert(organizationId: OrganizationId, team: Team): Promise<void>;
  find(organizationId: OrganizationId, id: TeamId): Promise<Team | undefined>;
  list(organizationId: OrganizationId): Promise<readonly Team[]>;
  update(organizationId: OrganizationId, next: Team, expectedVersion: number): Promise<void>;
  /** Removes the team with its team roles. Its grants stay: the ledger is the caller's. */
  remove(organizationId: OrganizationId, id: TeamId): Promise<boolean>;
}

export interface TeamMemberRepository {
  /** Ordered by membership, then team. */
  listByMemberships(
    organizationId: OrganizationId,
    ids: readonly MembershipId[],
  ): Promise<readonly TeamMember[]>;
  /** Ordered by membership id, which is also what `after` means. */
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

export interface InvitationRepository {
  /** Unique: one pending invitation per (organization, emailKey), `already_exists` with field `email`. */
  insert(organizationId: OrganizationId, invitation: Invitation): Promise<void>;
  find(organizationId: OrganizationId, id: InvitationId): Promise<Invitation | undefined>;
  findPendingByEmail(organizationId: OrganizationId, emailKey: string): Promise<Invitation | undefined>;
  /**
   * Newest first; `after` is the id of the last one seen; `status` filters by the stored status, `text` (folded) by what the folded
   * address holds; `downTo` is the last one looked at.
   */
  list(
    organizationId: OrganizationId,
    filter: {
      readonly status?: Invitation['status'] | undefined;
      readonly text?: string | undefined;
      readonly downTo?: InvitationId | undefined;
    },
    page: PageRequest,
  ): Promise<readonly Invitation[]>;
  /** The id of the `count`-th invitation of that stored status older than `after`; undefined when there are fewer. */
  findNth(
    organizationId: OrganizationId,
    range: { readonly status?: Invitation['status'] | undefined; readonly after?: string | undefined },
    count: number,
  ): Promise<InvitationId | undefined>;
  listPending(organizationId: OrganizationId): Promise<readonly Invitation[]>;
  /** How many are pending and not expired at `now`. */
  countOpen(organizationId: OrganizationId, now: number): Promise<number>;
  update(organizationId: OrganizationId, next: Invitation, expectedVersion: number): Promise<void>;
  /** As `update`, with nothing of what stood there left in the file. */
  erase(organizationId: OrganizationId, next: Invitation, expectedVersion: number): Promise<void>;
  /**
   * pending and unexpired -> accepted, in one conditional write that also raises `version` and sets `acceptedBy` and
   * `settledAt`; true for exactly one caller (law 5).
   */
  claim(
    organizationId: OrganizationId,
    id: InvitationId,
    acceptance: { readonly membershipId: MembershipId; readonly now: number },
  ): Promise<boolean>;
  /** GLOBAL: the link names the organization (law 1). */
  findByTokenHash(tokenHash: string): Promise<Invitation | undefined>;
}
