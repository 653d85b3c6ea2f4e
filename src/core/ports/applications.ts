/** What core asks of storage about applications: their registrations, what they were let know, and the provider's keys. */

import type {
  ApplicationGrantId,
  ApplicationId,
  ConnectionId,
  DirectoryClientId,
  DirectoryId,
  MembershipId,
  OrganizationId,
  SessionId,
  SigningKeyId,
} from '../../kernel/ids.ts';
import type { Application, ApplicationGrant, ProviderRecord, SigningKey } from '../entities/application.ts';
import type { DirectoryClient } from '../entities/directory.ts';
import type { PageRequest } from './paging.ts';

/** GLOBAL by nature: an application is of the installation and serves many organizations. */
export interface ApplicationRepository {
  insert(application: Application): Promise<void>;
  find(id: ApplicationId): Promise<Application | undefined>;
  list(page: PageRequest): Promise<readonly Application[]>;
  update(next: Application, expectedVersion: number): Promise<void>;
  /** Removes the application with its grants and everything that hangs on them. */
  remove(id: ApplicationId): Promise<boolean>;
}

export interface ApplicationGrantRepository {
  /** Unique: the application inside the session, `already_exists` with field `applicationId`. */
  insert(organizationId: OrganizationId, grant: ApplicationGrant): Promise<void>;
  find(organizationId: OrganizationId, id: ApplicationGrantId): Promise<ApplicationGrant | undefined>;
  listBySession(organizationId: OrganizationId, sessionId: SessionId): Promise<readonly ApplicationGrant[]>;
  listByMembership(
    organizationId: OrganizationId,
    membershipId: MembershipId,
  ): Promise<readonly ApplicationGrant[]>;
  /** Given in sessions that this connection opened, over or not. */
  listByConnection(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
  ): Promise<readonly ApplicationGrant[]>;
  list(organizationId: OrganizationId, page: PageRequest): Promise<readonly ApplicationGrant[]>;
  update(organizationId: OrganizationId, next: ApplicationGrant, expectedVersion: number): Promise<void>;
  /** Removes the grant with every code and token that hangs on it. */
  remove(organizationId: OrganizationId, id: ApplicationGrantId): Promise<boolean>;
  /** GLOBAL: a token names the grant, the grant names the organization (law 1). */
  findById(id: ApplicationGrantId): Promise<ApplicationGrant | undefined>;
  /** GLOBAL: housekeeping. */
  removeExpired(now: number): Promise<number>;
}

/** GLOBAL by nature: the value whose hash it is found by is all that names it. */
export interface ProviderRecordRepository {
  /** Unique: kind and hash, `already_exists` with field `idHash`. `not_found` when the grant is gone. */
  insert(record: ProviderRecord): Promise<void>;
  /** Stores payload and expiry in place of those of the same kind and hash, or as new. Never makes a consumed one fresh. */
  replace(record: ProviderRecord): Promise<void>;
  /** Expired or not, consumed or not. */
  find(kind: string, idHash: string): Promise<ProviderRecord | undefined>;
  /** Marks it as used in one conditional write; true for exactly one caller (law 5), false also when it is absent. */
  consume(kind: string, idHash: string, now: number): Promise<boolean>;
  remove(kind: string, idHash: string): Promise<boolean>;
  removeExpired(now: number): Promise<number>;
}

/** GLOBAL by nature: the keys of the installation. */
export interface SigningKeyRepository {
  insert(key: SigningKey): Promise<void>;
  list(): Promise<readonly SigningKey[]>;
  update(next: SigningKey, expectedVersion: number): Promise<void>;
  remove(id: SigningKeyId): Promise<boolean>;
}

export interface DirectoryClientRepository {
  insert(organizationId: OrganizationId, client: DirectoryClient): Promise<void>;
  list(organizationId: OrganizationId, directoryId: DirectoryId): Promise<readonly DirectoryClient[]>;
  remove(organizationId: OrganizationId, directoryId: DirectoryId, id: DirectoryClientId): Promise<boolean>;
  /** Notes a use; not versioned, last writer wins. */
  updateLastUsed(organizationId: OrganizationId, id: DirectoryClientId, at: number): Promise<void>;
  /** GLOBAL: the credential names the organization (law 1). */
  findById(id: DirectoryClientId): Promise<DirectoryClient | undefined>;
}
