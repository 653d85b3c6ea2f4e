/** Paging of SCIM lists: reading startIndex and count, and the ListResponse envelope. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';

/** Resources of one page at most; advertised as `filter.maxResults`. */
export const maxPageSize = 200;

/** Resources of one page when the request does not say. */
const defaultPageSize = 100;
const maxStartIndex = 2_147_483_647;

const LIST_URN = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** The wanted page: `startIndex` from 1, `count` from 0 (totals only) to 200. */
export interface Paging {
  readonly startIndex: number;
  readonly count: number;
}

/** A ListResponse but for its resources. */
export interface ListEnvelope {
  readonly schemas: readonly [typeof LIST_URN];
  readonly totalResults: number;
  /** Only of index paging (RFC 7644 §3.4.2.4). */
  readonly startIndex?: number | undefined;
  readonly itemsPerPage: number;
  /** Only of cursor paging, on every page but the last (RFC 9865 §2). */
  readonly nextCursor?: string | undefined;
}

/** RFC 7644 §3.4.2. `Resources` is there even when empty: some clients index it. */
export interface ListResponse<Resource> extends ListEnvelope {
  readonly Resources: readonly Resource[];
}

/**
 * Reads the paging parameters as sent (RFC 7644 §3.4.2.4). Absent or empty: startIndex 1, count 100. Any whole number is
 * brought into range silently. Throws `invalid_value` with the field for text that is no whole number.
 */
export function parsePaging(parameters: {
  readonly startIndex?: string | undefined;
  readonly count?: string | undefined;
}): Paging {
  const startIndex = readWhole('startIndex', parameters.startIndex) ?? 1;
  const count = readWhole('count', parameters.count) ?? defaultPageSize;
  return {
    startIndex: Math.min(Math.max(startIndex, 1), maxStartIndex),
    count: Math.min(Math.max(count, 0), maxPageSize),
  };
}

/** Wraps one page of index paging. `totalResults` counts all matches, `itemsPerPage` what is in this page. */
export function listResponse<Resource>(page: {
  readonly resources: readonly Resource[];
  readonly totalResults: number;
  readonly startIndex: number;
}): ListResponse<Resource> {
  const { resources, totalResults, startIndex } = page;
  const envelope = listEnvelope({ totalResults, startIndex, itemsPerPage: resources.length });
  return { ...envelope, Resources: resources };
}

/** What stands around the resources of a page. */
function listEnvelope(page: Omit<ListEnvelope, 'schemas'>): ListEnvelope {
  return { schemas: [LIST_URN], ...page };
}

/**
 * The JSON text of a ListResponse up to its first resource; `]}` ends it. A cursor is base64url, so that nothing has to
 * be escaped.
 */
export function listBeginning(page: Omit<ListEnvelope, 'schemas'>): string {
  const { totalResults, startIndex, itemsPerPage, nextCursor } = page;
  const start = startIndex === undefined ? '' : `,"startIndex":${startIndex}`;
  const next = nextCursor === undefined ? '' : `,"nextCursor":"${nextCursor}"`;
  return `{"schemas":["${LIST_URN}"],"totalResults":${totalResults}${start},"itemsPerPage":${itemsPerPage}${next},"Resources":[`;
}

function readWhole(field: 'startIndex' | 'count', text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return undefined;
  const value = /^[+-]?\d+(e\d{1,3})?$/i.test(trimmed) ? Number(trimmed) : Number.NaN;
  if (Number.isNaN(value))
    throw new GatehouseError('invalid_value', `${field} must be a whole number.`, { field });
  // -0 would print as 0 but compare oddly.
  return value === 0 ? 0 : value;
}
