/** What core asks of storage about signing in: connections, identities, domains, one-time records, sessions. */

import type { ConnectionId, DomainId, MembershipId, OrganizationId, SessionId } from '../../kernel/ids.ts';
import type { OrgRole } from '../access/roles.ts';
import type { Connection, ConnectionName } from '../entities/connection.ts';
import type { Domain } from '../entities/domain.ts';
import type { Identity } from '../entities/people.ts';
import type { Session } from '../entities/session.ts';
import type { PendingSignIn } from '../entities/sign-in.ts';
import type { PageRequest } from './paging.ts';

export interface ConnectionRepository {
  insert(organizationId: OrganizationId, connection: Connection): Promise<void>;
  find(organizationId: OrganizationId, id: ConnectionId): Promise<Connection | undefined>;
  list(organizationId: OrganizationId): Promise<readonly Connection[]>;
  update(organizationId: OrganizationId, next: Connection, expectedVersion: number): Promise<void>;
  /** Removes the connection with its identities, pending sign-ins, seen assertions and the sessions it opened. */
  remove(organizationId: OrganizationId, id: ConnectionId): Promise<boolean>;
  /** GLOBAL: the route names the connection, the connection names the organization (law 1). */
  findById(id: ConnectionId): Promise<Connection | undefined>;
  /** GLOBAL: housekeeping. Those whose `dueAt` has come, soonest first. */
  listDue(now: number, limit: number): Promise<readonly Connection[]>;
}

export interface IdentityRepository {
  /**
   * Unique: (connection, issuer, subject), field `subject`; and (connection, membership), field `membershipId`:
   * one subject per person and connection.
   */
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
  /** Unique: the domain inside the organization; and one verified owner over all organizations. Field `domain`. */
  insert(organizationId: OrganizationId, domain: Domain): Promise<void>;
  find(organizationId: OrganizationId, id: DomainId): Promise<Domain | undefined>;
  list(organizationId: OrganizationId): Promise<readonly Domain[]>;
  update(organizationId: OrganizationId, next: Domain, expectedVersion: number): Promise<void>;
  remove(organizationId: OrganizationId, id: DomainId): Promise<boolean>;
  /** GLOBAL: housekeeping. Domains that DNS proved and whose `checkedAt` is at or before the time, longest ago first. */
  listToCheck(checkedBefore: number, limit: number): Promise<readonly Domain[]>;
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
  /** Takes the row out, expired or not; answers it to exactly one caller (law 5). */
  consume(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    handleHash: string,
  ): Promise<PendingSignIn | undefined>;
  /**
   * When those sign-ins began that were sent to a SAML provider and had no answer by their end, which is at `now` or before:
   * tests and what a browser repeats left out. At most `limit` rows of the connection are looked at. In no order.
   */
  listUnanswered(
    organizationId: OrganizationId,
    about: { readonly connectionId: ConnectionId; readonly now: number; readonly limit: number },
  ): Promise<readonly number[]>;
  /** GLOBAL: housekeeping. The connections that have rows, in an order of their own, behind `after`. */
  listConnections(after: ConnectionName | undefined, limit: number): Promise<readonly ConnectionName[]>;
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
  /** Unique: `tokenHash`. */
  insert(organizationId: OrganizationId, session: Session): Promise<void>;
  find(organizationId: OrganizationId, id: SessionId): Promise<Session | undefined>;
  /** Notes a use; not versioned. */
  updateLastSeen(organizationId: OrganizationId, id: SessionId, at: number): Promise<void>;
  /**
   * Replaces the cookie value in one conditional write: true for the one caller who still knew `tokenHash`. The value
   * before becomes `previousTokenHash`, and `confirmedAt` null.
   */
  rotate(
    organizationId: OrganizationId,
    id: SessionId,
    rotation: {
      readonly tokenHash: string;
      readonly previous: string;
      readonly next: string;
      readonly orgRole: OrgRole;
      readonly at: number;
    },
  ): Promise<boolean>;
  /** Notes that the newest cookie value has arrived: the first call sets `confirmedAt`. */
  confirm(organizationId: OrganizationId, id: SessionId, tokenHash: string, at: number): Promise<void>;
  listByMembership(organizationId: OrganizationId, membershipId: MembershipId): Promise<readonly Session[]>;
  listByConnection(organizationId: OrganizationId, connectionId: ConnectionId): Promise<readonly Session[]>;
  /** Sessions of one connection that carry this NameID, or this session id of the identity provider. */
  listByUpstream(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    key: { readonly kind: 'nameId' | 'sid'; readonly value: string },
  ): Promise<readonly Session[]>;
  list(organizationId: OrganizationId, page: PageRequest): Promise<readonly Session[]>;
  remove(organizationId: OrganizationId, id: SessionId): Promise<boolean>;
  /** GLOBAL: the cookie names the organization (law 1). The newest value, or the one before it. */
  findByHash(tokenHash: string): Promise<Session | undefined>;
  /** GLOBAL: housekeeping. */
  removeExpired(now: number): Promise<number>;
}
