/** How lists are asked for page by page, whatever is listed. */

/** A keyset page: rows after the id `after` (exclusive; absent: from the start), at most `limit`. */
export interface PageRequest {
  readonly after?: string | undefined;
  readonly limit: number;
}

/** SCIM's index paging: `offset` rows are passed over. */
export interface OffsetPage {
  readonly offset: number;
  readonly limit: number;
}

/** Text compares by code point; null: the row has no value. */
export type SortKey = string | number | null;

/** Where a row stands in an ordered list. */
export interface Position {
  readonly key: SortKey;
  readonly id: string;
}

export interface Order<Field extends string> {
  readonly by: Field;
  readonly direction: 'ascending' | 'descending';
}

/**
 * A page of an ordered list. Rows of one key follow each other by id in the same direction; rows without a key come last
 * when ascending and first when descending.
 */
export interface OrderedPage<Field extends string> extends OffsetPage {
  /** By id, ascending, if absent. */
  readonly order?: Order<Field> | undefined;
  /** Only rows behind this position, exclusive; `offset` counts from there. By `id` the key does not matter. */
  readonly after?: Position | undefined;
}

export interface QueryPage<Row> {
  readonly rows: readonly Row[];
  /** All rows that fit the query, not only this page's. */
  readonly total: number;
}
