/**
 * What core asks of storage: small repositories, one transaction function, nothing that names an engine.
 *
 * Rules every adapter keeps (the contract suite in test/contract proves them):
 * - the organization id is the first parameter; the few global look-ups are marked GLOBAL;
 * - an entity whose own `organizationId` is not the first parameter is refused with `internal`: a bug of the caller;
 * - `insert` and `update` throw `already_exists` with `field` when a unique key is taken (`id` for the id itself);
 * - a row that hangs on a parent this organization does not have (user or membership, team of a team role, directory,
 *   group of a member row, connection) is refused with `not_found`, as if the parent existed nowhere;
 * - text is kept as given, any Unicode scalar value; look-ups compare exactly, folding is the caller's work;
 * - `update(organizationId, next, expectedVersion)` is compare-and-swap: it stores `next` with version
 *   `expectedVersion + 1` and throws `version_conflict` when the row moved or is gone; where the row as it was found may be
 *   given for the version, what is the same in both is not written;
 * - `find…` answers undefined when absent; `list…` is ordered by id, oldest first, and rows without an id of their
 *   own (identities) come in any order;
 * - `remove` of an absent row is a no-op that answers false; of a present one it takes what hangs on the row with it;
 * - expired means `expiresAt <= now`.
 */

import type { AccessReviewRepository, ReviewItemRepository } from './access-reviews.ts';
import type { AdoptionConflictRepository, RemovedUserRepository } from './adoption.ts';
import type { ApiKeyRepository } from './api-keys.ts';
import type {
  ApplicationGrantRepository,
  ApplicationRepository,
  DirectoryClientRepository,
  ProviderRecordRepository,
  SigningKeyRepository,
} from './applications.ts';
import type {
  OneTimeRecordRepository,
  PasskeyRepository,
  RecoveryCodeRepository,
  SecondFactorRepository,
} from './credentials.ts';
import type { CutoverMemberRepository, CutoverRepository } from './cutovers.ts';
import type {
  DirectoryGroupRepository,
  DirectoryRepository,
  DirectoryTokenRepository,
  DirectoryUserRepository,
  GroupMappingRepository,
  GroupMemberRepository,
  MappingTestRepository,
  UniqueValueRepository,
} from './directories.ts';
import type { PastValueRepository } from './history.ts';
import type { JobRepository } from './jobs.ts';
import type {
  AuditEventRepository,
  InstallationRepository,
  OutboxRepository,
  RecorderEntryRepository,
} from './journal.ts';
import type { MailCountRepository } from './mail-counts.ts';
import type { MailSuppressionRepository } from './mail-suppressions.ts';
import type { MappingDraftRepository } from './mapping-drafts.ts';
import type { OrgRoleRepository } from './org-roles.ts';
import type {
  GrantRepository,
  InvitationRepository,
  MembershipRepository,
  OrganizationRepository,
  TeamMemberRepository,
  TeamRepository,
  UserRepository,
} from './people.ts';
import type { ShareableLinkRepository } from './shareable-links.ts';
import type { SignInAttemptRepository } from './sign-in-attempts.ts';
import type {
  ConnectionRepository,
  ConsumedAssertionRepository,
  DomainRepository,
  IdentityRepository,
  PendingSignInRepository,
  SessionRepository,
} from './sign-ins.ts';
import type { EmergencyCodeRepository, TestSignInRepository } from './sso-policy.ts';
import type { WebhookRepository } from './webhooks.ts';

export interface Repositories {
  readonly organizations: OrganizationRepository;
  readonly orgRoles: OrgRoleRepository;
  readonly users: UserRepository;
  readonly oneTimeRecords: OneTimeRecordRepository;
  readonly secondFactors: SecondFactorRepository;
  readonly recoveryCodes: RecoveryCodeRepository;
  readonly passkeys: PasskeyRepository;
  readonly memberships: MembershipRepository;
  readonly grants: GrantRepository;
  readonly pastValues: PastValueRepository;
  readonly teams: TeamRepository;
  readonly teamMembers: TeamMemberRepository;
  readonly directories: DirectoryRepository;
  readonly directoryTokens: DirectoryTokenRepository;
  readonly directoryClients: DirectoryClientRepository;
  readonly directoryUsers: DirectoryUserRepository;
  readonly uniqueValues: UniqueValueRepository;
  readonly adoptionConflicts: AdoptionConflictRepository;
  readonly removedUsers: RemovedUserRepository;
  readonly cutovers: CutoverRepository;
  readonly cutoverMembers: CutoverMemberRepository;
  readonly directoryGroups: DirectoryGroupRepository;
  readonly groupMembers: GroupMemberRepository;
  readonly groupMappings: GroupMappingRepository;
  readonly mappingTests: MappingTestRepository;
  readonly mappingDrafts: MappingDraftRepository;
  readonly connections: ConnectionRepository;
  readonly identities: IdentityRepository;
  readonly domains: DomainRepository;
  readonly pendingSignIns: PendingSignInRepository;
  readonly consumedAssertions: ConsumedAssertionRepository;
  readonly testSignIns: TestSignInRepository;
  readonly emergencyCodes: EmergencyCodeRepository;
  readonly sessions: SessionRepository;
  readonly invitations: InvitationRepository;
  readonly shareableLinks: ShareableLinkRepository;
  readonly jobs: JobRepository;
  readonly mailCounts: MailCountRepository;
  readonly mailSuppressions: MailSuppressionRepository;
  readonly auditEvents: AuditEventRepository;
  readonly outbox: OutboxRepository;
  readonly recorderEntries: RecorderEntryRepository;
  readonly signInAttempts: SignInAttemptRepository;
  readonly installation: InstallationRepository;
  readonly applications: ApplicationRepository;
  readonly applicationGrants: ApplicationGrantRepository;
  readonly providerRecords: ProviderRecordRepository;
  readonly signingKeys: SigningKeyRepository;
  readonly apiKeys: ApiKeyRepository;
  readonly accessReviews: AccessReviewRepository;
  readonly reviewItems: ReviewItemRepository;
  readonly webhooks: WebhookRepository;
}

/** The verbs that change something; everything else only reads. */
export type WriteVerb =
  | 'insert'
  | 'update'
  | 'prune'
  | 'erase'
  | 'rewriteMail'
  | 'eraseDetails'
  | 'eraseUse'
  | 'eraseProofs'
  | 'updateLastUsed'
  | 'updateLastSeen'
  | 'updateLastActive'
  | 'rotate'
  | 'confirm'
  | 'remove'
  | 'removeByMembership'
  | 'end'
  | 'endByMembership'
  | 'rerank'
  | 'removeByUser'
  | 'removeEverywhere'
  | 'removeExpired'
  | 'replace'
  | 'moveCounts'
  | 'claim'
  | 'claimWarning'
  | 'consume'
  | 'settle'
  | 'cancel'
  | 'append'
  | 'trim';

/** The repositories without their writes: what is usable outside a transaction. */
export type Queries = { readonly [Name in keyof Repositories]: Omit<Repositories[Name], WriteVerb> };

/**
 * What a transaction is worth when the machine stops. `durable`, which counts if nothing is said: it is on the disk before
 * it is answered. `alone`: durable, for what may move thousands of rows: nobody else waits in the same commit. `relaxed`: as
 * atomic, but the latest ones may be lost together; never one in the middle. `brief`: promises what `relaxed` does, for
 * a row or two, behind which durable ones may be asked to wait: it shares their commit.
 */
export type Durability = 'durable' | 'alone' | 'relaxed' | 'brief';

/**
 * One store. Reads outside `transact` see committed data only.
 *
 * `transact(fn)` runs `fn` with repositories that all belong to one atomic, serializable transaction and answers
 * after it is durable. If `fn` throws, nothing of it remains and the error passes through. `fn` may run more than
 * once (a Mongo adapter retries), so it must do nothing but storage calls: no network, no mail, no password hashing.
 *
 * A clash (`already_exists`, or a missing parent) ends the transaction even when `fn` catches it: some engines have lost
 * it by then. `fn` may throw another error in its place. The repositories are dead once `fn` has settled.
 * A write that was refused has ended the transaction, `version_conflict` excepted: catching the error inside `fn` serves
 * to throw a better one, not to go on. `transact` inside `transact` is refused with `internal`.
 */
export interface Storage extends Queries {
  transact<Result>(fn: (tx: Repositories) => Promise<Result>, durability?: Durability): Promise<Result>;
  /** Resolves when the store answers; throws `storage_unavailable` otherwise. */
  ping(): Promise<void>;
  /** Lets running transactions finish, then closes. Later calls throw `storage_unavailable`. */
  close(): Promise<void>;
}
