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

export interface QueryPage<Row> {
  readonly rows: readonly Row[];
  /** All rows that fit the query, not only this page's. */
  readonly total: number;
}
