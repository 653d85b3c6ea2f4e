/** A recorded exchange: what a directory sent, what it was told, and what came of it; redacted before it is stored. */
import type { ErrorCode } from '../../kernel/errors.ts';
import type { DirectoryId, OrganizationId, RecorderEntryId } from '../../kernel/ids.ts';

/** The change an exchange made, by the audit rows that tell it. */
export interface RecordedChange {
  /** Of the row that says most: the one about the resource that the request named. */
  readonly type: string;
  readonly targetId: string;
  /** At most 50 of them. */
  readonly auditEventIds: readonly string[];
  /** All of them. */
  readonly auditEventCount: number;
  /** Present for a push to a shadow directory: nobody became or ceased to be a member by it. */
  readonly shadow?: true;
}

/** Why an exchange failed, as Gatehouse told it; the plain-language cause is looked up when it is read. */
export interface RecordedFailure {
  readonly code: ErrorCode;
  readonly scimType: string | null;
  readonly detail: string;
  /** The attribute or parameter at fault, where the error names one. */
  readonly field: string | null;
}

export interface RecorderEntry {
  readonly id: RecorderEntryId;
  readonly organizationId: OrganizationId;
  readonly kind: 'scim';
  readonly directoryId: DirectoryId;
  /** Null for a replay: an admin sent it. */
  readonly tokenName: string | null;
  /** The entry this one ran again; null for what a directory sent itself. */
  readonly replayOf: RecorderEntryId | null;
  readonly at: number;
  /** From the first byte understood to the last byte handed over, waiting for a rate limit included. */
  readonly ms: number;
  readonly requestId: string;
  readonly method: string;
  /** Below the directory's address, with its query: `/Users?startIndex=1`. */
  readonly path: string;
  readonly status: number;
  /** JSON text as received, redacted, at most 16 KB; null when there was none. */
  readonly requestBody: string | null;
  /** JSON text as sent, redacted, at most 4 KB; null when there was none. */
  readonly responseBody: string | null;
  /** True when running `requestBody` again asks for what was asked: not cut, nothing but passwords taken out. */
  readonly isRequestWhole: boolean;
  readonly tolerances: readonly string[];
  readonly unknownAttributes: readonly string[];
  readonly change: RecordedChange | null;
  readonly failure: RecordedFailure | null;
}
