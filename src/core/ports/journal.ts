/** What core asks of storage about what happened and what must still be told, and about the installation itself. */

import type {
  AuditEventId,
  DirectoryId,
  OrganizationId,
  OutboxEventId,
  RecorderEntryId,
} from '../../kernel/ids.ts';
import type {
  AuditEvent,
  AuditHead,
  AuditLink,
  ChainedAuditEvent,
  OutboxEvent,
  PlacedEvent,
} from '../entities/journal.ts';
import type { RecorderEntry } from '../entities/recorder.ts';
import type { PageRequest } from './paging.ts';

/** Which audit rows a list is about; what is left out does not narrow it. */
export interface AuditFilter {
  readonly type?: string | undefined;
  readonly targetId?: string | undefined;
  /** The kind of actor, or any id that names it: of member, user, directory, token, connection, invitation or key. */
  readonly actor?: string | undefined;
  /** Epoch ms by the time in the id: from `since` on, before `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export interface AuditEventRepository {
  /**
   * With a `link` the row becomes the head of the chain; `version_conflict` unless it stands right behind the present head.
   * Without: a row outside the chain.
   */
  append(organizationId: OrganizationId, event: AuditEvent, link?: AuditLink): Promise<void>;
  /** Undefined until the first linked row. */
  findHead(organizationId: OrganizationId): Promise<AuditHead | undefined>;
  /**
   * Removes the oldest rows from before `before`, at most `limit` of the chain and never its head, and moves the base of the
   * chain behind the last one that went; rows outside the chain from that time go too. Answers how many of the chain went.
   */
  prune(organizationId: OrganizationId, before: number, limit: number): Promise<number>;
  /** Takes details, network address and salt from a row and puts `actor` in place of its own; its place in the chain stays. */
  erase(
    organizationId: OrganizationId,
    id: AuditEventId,
    left: { readonly actor: AuditEvent['actor'] },
  ): Promise<void>;
  /** The linked rows behind that place, by place. */
  listChain(
    organizationId: OrganizationId,
    afterSeq: number,
    limit: number,
  ): Promise<readonly ChainedAuditEvent[]>;
  /** Newest first; `after` is the id of the last one seen. */
  list(
    organizationId: OrganizationId,
    filter: AuditFilter,
    page: PageRequest,
  ): Promise<readonly AuditEvent[]>;
}

export interface OutboxRepository {
  append(organizationId: OrganizationId, event: OutboxEvent): Promise<void>;
  find(organizationId: OrganizationId, id: OutboxEventId): Promise<OutboxEvent | undefined>;
  /**
   * Leases one due event for `leaseMs`: moves `dueAt` forward and counts the attempt in one conditional write, so that
   * two workers never hold the same one. Answers the event as leased; undefined when it is not due or gone, or a mail whose text is gone.
   */
  claim(
    organizationId: OrganizationId,
    id: OutboxEventId,
    now: number,
    leaseMs: number,
  ): Promise<OutboxEvent | undefined>;
  /**
   * Says what the claim `claimed` came to, in one conditional write: nothing is written for an event that was settled or
   * cancelled meanwhile, nor a failure by whoever lost it to a later claim. Answers whether it was. Delivered: `dueAt` null and
   * `deliveredAt` set. Failed: `dueAt` the next try, or null to give up. A mail that is not due any more loses its payload.
   */
  settle(
    organizationId: OrganizationId,
    claimed: Pick<OutboxEvent, 'id' | 'attempts'>,
    outcome: {
      readonly deliveredAt: number | null;
      readonly dueAt: number | null;
      readonly lastError: string | null;
    },
  ): Promise<boolean>;
  /** Ends a mail that is still due, under way or not, and takes its payload; answers whether it did. `why`: its `lastError`. */
  cancel(organizationId: OrganizationId, id: OutboxEventId, why: string): Promise<boolean>;
  /** Puts the payload in place of that of a mail that still waits; one that does not is left alone. */
  rewriteMail(organizationId: OrganizationId, next: OutboxEvent): Promise<void>;
  /** Empties `details` in the payload of the event that told this audit row, written at the same moment. */
  eraseDetails(organizationId: OrganizationId, told: Pick<AuditEvent, 'id' | 'at'>): Promise<void>;
  /** The mails of the organization that are still to be sent, those under way among them, ordered by id, which is also what `after` means. */
  listWaiting(organizationId: OrganizationId, page: PageRequest): Promise<readonly OutboxEvent[]>;
  /** GLOBAL: the queue of the job that delivers this kind, oldest first. */
  listDue(kind: OutboxEvent['kind'], now: number, limit: number): Promise<readonly OutboxEvent[]>;
  /**
   * GLOBAL: the events behind that position, of one organization or of all, in the order in which they were committed: one
   * that becomes visible later stands behind all that were visible before. No position is given twice.
   */
  listEvents(
    filter: { readonly organizationId?: OrganizationId | undefined },
    afterPosition: number,
    limit: number,
  ): Promise<readonly PlacedEvent[]>;
  /** GLOBAL: the place of an event, of that organization or of any; undefined when it is gone, or no event. */
  findPosition(
    filter: { readonly organizationId?: OrganizationId | undefined },
    id: OutboxEventId,
  ): Promise<number | undefined>;
  /** GLOBAL: a position behind all that are visible and before all that will be; 0 before the first. */
  findLastPosition(): Promise<number>;
  /**
   * GLOBAL: housekeeping. Looks at the oldest `limit` rows and removes those from before `before` that wait for nothing;
   * answers how many went.
   */
  removeExpired(before: number, limit: number): Promise<number>;
}

/** Which recorded exchanges a list is about; what is left out does not narrow it. */
export interface RecorderFilter {
  readonly kind?: RecorderEntry['kind'] | undefined;
  readonly directoryId?: DirectoryId | undefined;
  readonly isFailed?: boolean | undefined;
  /** Occurs in method, path, body or failure; the case of ASCII letters does not count. */
  readonly text?: string | undefined;
}

/** What was said between directories and Gatehouse. It may be lost at a crash; the audit may not. */
export interface RecorderEntryRepository {
  /** Any number of entries; `not_found` when the organization is gone. */
  append(organizationId: OrganizationId, entries: readonly RecorderEntry[]): Promise<void>;
  /** Newest first; `after` is the id of the last one seen. */
  list(
    organizationId: OrganizationId,
    filter: RecorderFilter,
    page: PageRequest,
  ): Promise<readonly RecorderEntry[]>;
  find(organizationId: OrganizationId, id: RecorderEntryId): Promise<RecorderEntry | undefined>;
  /** Removes these entries; answers how many. */
  erase(organizationId: OrganizationId, ids: readonly RecorderEntryId[]): Promise<number>;
  /** Keeps the newest `newest` entries and, beyond those, the newest `failed` failed ones; answers how many went. */
  trim(
    organizationId: OrganizationId,
    keep: { readonly newest: number; readonly failed: number },
  ): Promise<number>;
  /** GLOBAL: housekeeping. Removes what is from `before` or earlier. */
  removeExpired(before: number): Promise<number>;
}

/** GLOBAL: facts about this installation. Values are hashes or sealed; never plain secrets. */
export interface InstallationRepository {
  find(key: string): Promise<string | undefined>;
  /** Sets the value if the key is absent; false when it was there. */
  insert(key: string, value: string): Promise<boolean>;
  /** Swaps `expected` for `next` (undefined removes) in one conditional write; false when the value was another. */
  consume(key: string, expected: string, next: string | undefined): Promise<boolean>;
}
