/**
 * The one error class and its closed list of codes. Statuses and texts for the outside live in
 * `schemas/errors.json` and are rendered only under `http/errors/`.
 */

export type ErrorCode =
  // requests
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'too_many_requests'
  | 'step_up_required'
  | 'sso_required'
  | 'second_factor_setup_required'
  // state
  | 'already_exists'
  | 'version_conflict'
  | 'precondition_failed'
  | 'already_member'
  | 'role_in_use'
  | 'already_invited'
  | 'seats_exhausted'
  | 'plan_lacks'
  | 'plan_in_use'
  | 'last_owner'
  | 'last_connection'
  | 'sso_test_required'
  | 'role_from_directory'
  | 'mapping_test_failed'
  | 'plan_outdated'
  | 'draft_state'
  | 'cutover_required'
  | 'review_not_open'
  | 'cutover_moved'
  | 'cutover_blocked'
  | 'rollback_over'
  | 'invitations_disabled'
  | 'invitation_expired'
  | 'invitation_revoked'
  | 'invitation_used'
  | 'egress_refused'
  | 'upstream_unreachable'
  // SCIM (RFC 7644 §3.12 scimType)
  | 'invalid_syntax'
  | 'invalid_filter'
  | 'invalid_path'
  | 'invalid_value'
  | 'no_target'
  | 'mutability'
  | 'too_many'
  | 'sensitive'
  // SCIM cursors (RFC 9865 §2.1 scimType)
  | 'invalid_cursor'
  | 'expired_cursor'
  | 'invalid_count'
  | 'not_implemented'
  // signing in and its credentials
  | 'second_factor_required'
  // sign-in; one uniform text outside, `reason` in the audit
  | 'sign_in_refused'
  | 'sign_out_refused'
  // ours
  | 'internal'
  | 'storage_unavailable';

/** One input field at fault, as the caller spelled it, and the rule it breaks in plain words. */
export interface FieldFault {
  readonly field: string;
  readonly rule: string;
}

interface ErrorExtras {
  /** What went wrong underneath; logged, never shown. */
  readonly cause?: unknown;
  /** Facts for the log and the audit; never shown. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** The input field the error is about, as the caller spelled it (`email`, `Operations[0].path`). */
  readonly field?: string;
  /** Every field at fault, `field` first; shown. Absent: `field` is all that is known. */
  readonly faults?: readonly FieldFault[];
  /** Where the caller goes to mend it: an absolute address of this gateway, shown. */
  readonly url?: string;
  /** What the caller can do, one sentence, shown; absent: what the table says of the code. For a rule that the table's words do not fit. */
  readonly whatToDo?: string;
}

/** An error the outside may know about. `detail` is shown to the caller; `context` and `cause` are not. */
export class GatehouseError extends Error {
  override readonly name = 'GatehouseError';
  readonly code: ErrorCode;
  readonly detail: string;
  readonly field: string | undefined;
  /** Every field at fault that is known; empty where a rule names one alone. */
  readonly faults: readonly FieldFault[];
  /** Where to go on, shown to the caller; undefined: nowhere. */
  readonly url: string | undefined;
  /** What to do about this rule; undefined: what the table says of the code. */
  readonly whatToDo: string | undefined;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, detail: string, extras: ErrorExtras = {}) {
    super(`${code}: ${detail}`, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    this.detail = detail;
    this.field = extras.field;
    this.faults = extras.faults ?? [];
    this.url = extras.url;
    this.whatToDo = extras.whatToDo;
    this.context = extras.context ?? {};
  }
}

/** True when `error` is a GatehouseError, of the given code if one is named. */
export function isGatehouseError(error: unknown, code?: ErrorCode): error is GatehouseError {
  return error instanceof GatehouseError && (code === undefined || error.code === code);
}
