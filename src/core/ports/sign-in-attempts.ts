/** What core asks of storage about recorded attempts to sign in. */
import type { ConnectionId, OrganizationId, RecorderEntryId } from '../../kernel/ids.ts';
import type { SignInAttempt } from '../entities/sign-in-attempt.ts';
import type { PageRequest } from './paging.ts';

/** Which attempts a list is about; what is left out does not narrow it. */
export interface SignInAttemptFilter {
  readonly connectionId?: ConnectionId | undefined;
  readonly isFailed?: boolean | undefined;
  /** Occurs in the reference, the facts, the reason or anything else that is shown; the case of ASCII letters does not count. */
  readonly text?: string | undefined;
}

/** Attempts to sign in. They may be lost at a crash; the audit may not. */
export interface SignInAttemptRepository {
  /** Any number of attempts; `not_found` when the organization is gone. */
  append(organizationId: OrganizationId, attempts: readonly SignInAttempt[]): Promise<void>;
  /** Newest first; `after` is the id of the last one seen. */
  list(
    organizationId: OrganizationId,
    filter: SignInAttemptFilter,
    page: PageRequest,
  ): Promise<readonly SignInAttempt[]>;
  find(organizationId: OrganizationId, id: RecorderEntryId): Promise<SignInAttempt | undefined>;
  /** Removes these attempts; answers how many. */
  erase(organizationId: OrganizationId, ids: readonly RecorderEntryId[]): Promise<number>;
  /** Keeps the newest `ok` attempts that went well, the newest `strangers` of those that `isStrangers` tells, and the newest `failed` of the others; answers how many went. */
  trim(
    organizationId: OrganizationId,
    keep: { readonly ok: number; readonly failed: number; readonly strangers: number },
  ): Promise<number>;
  /** GLOBAL: housekeeping. Removes what is from `before` or earlier. */
  removeExpired(before: number): Promise<number>;
}
