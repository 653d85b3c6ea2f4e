/** Statuses and texts of every error code, from schemas/errors.json: the only place that knows both. */
import errors from '../../../schemas/errors.json' with { type: 'json' };
import type { ErrorCode } from '../../kernel/errors.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';

export interface ErrorEntry {
  readonly status: number;
  /** SCIM's word for it (RFC 7644 §3.12), where there is one. */
  readonly scimType?: string;
  /** The SCIM status where it differs. */
  readonly scimStatus?: number;
  readonly title: string;
  readonly whatToDo: string;
}

const table: Readonly<Record<ErrorCode, ErrorEntry>> = errors;

const ENTRIES: ReadonlyMap<string, ErrorEntry> = new Map(Object.entries(table));

export const entryOf = (code: ErrorCode): ErrorEntry => table[code];

/** The entry of a word that may be a code; undefined when it is none. */
export const findEntry = (code: string): ErrorEntry | undefined => ENTRIES.get(code);

/**
 * The status that HTTP has for a message which was refused before anybody read it (a reason `unread.*`), whatever refusal that
 * became. Undefined for everything that was read.
 */
export function unreadStatusOf({ context: { reason }, cause }: GatehouseError): number | undefined {
  const isUnread = typeof reason === 'string' && reason.startsWith('unread.');
  return isUnread && isGatehouseError(cause) ? entryOf(cause.code).status : undefined;
}

/** Any thrown thing as a GatehouseError: errors of the HTTP libraries by their status, everything else `internal` (never 404). */
export function toGatehouseError(error: unknown): GatehouseError {
  if (error instanceof GatehouseError) return error;
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status === 413)
    return new GatehouseError('payload_too_large', 'The request body is too large.', { cause: error });
  if (status === 415)
    return new GatehouseError(
      'unsupported_media_type',
      'This content type, charset or encoding is not understood.',
      { cause: error },
    );
  if (status === 400)
    return new GatehouseError('invalid_syntax', 'The request cannot be read.', { cause: error });
  return new GatehouseError('internal', 'Something went wrong on our side.', { cause: error });
}
