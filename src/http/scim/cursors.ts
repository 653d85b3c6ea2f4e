/** Cursors of RFC 9865: a place in one ordered list, carried by the SCIM client, believed only with our own mark on it. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Position, SortKey } from '../../core/ports/paging.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { ListWishes } from './list-wishes.ts';

/** How long a cursor may be used, in seconds; advertised as `pagination.cursorTimeout`. */
export const CURSOR_TIMEOUT_SECONDS = 3600;

/** The list a cursor is for; with another directory, type, filter or sorting it is refused. */
export interface CursorList {
  readonly directoryId: string;
  /** `/Users`, `/Groups`, or both joined by a comma for a search over all types. */
  readonly endpoint: string;
  readonly wishes: Pick<ListWishes, 'filter' | 'sortBy' | 'sortOrder'>;
}

/** What a cursor says. */
export interface CursorPlace {
  /** The last resource of the page before. */
  readonly position: Position;
  /** Resources per page; the whole walk keeps to it. */
  readonly count: number;
}

/** Makes and reads cursors. `now` in epoch milliseconds. */
export interface Cursors {
  issue(list: CursorList, place: CursorPlace, now: number): string;
  /**
   * Throws `invalid_cursor` (forged, foreign, of another filter or sorting: one text for all), `expired_cursor` after
   * 3,600 seconds, `invalid_count` when `count` is given and is not that of the first page.
   */
  read(
    list: CursorList,
    cursor: string,
    request: { readonly now: number; readonly count?: number | undefined },
  ): CursorPlace;
}

const MARK_BYTES = 32;

/** `key`: 32 bytes, used for nothing else. A cursor is base64url of the mark (HMAC-SHA256) and a small JSON text. */
export function createCursors(key: Buffer): Cursors {
  const markOf = (list: CursorList, content: Buffer): Buffer =>
    createHmac('sha256', key).update(boundTo(list)).update(content).digest();
  return {
    issue(list, { position, count }, now) {
      const content = Buffer.from(JSON.stringify([now, count, position.key, position.id]));
      return Buffer.concat([markOf(list, content), content]).toString('base64url');
    },
    read(list, cursor, { now, count }) {
      const bytes = /^[A-Za-z0-9_-]*$/.test(cursor) ? Buffer.from(cursor, 'base64url') : Buffer.alloc(0);
      const content = bytes.subarray(MARK_BYTES);
      if (bytes.length <= MARK_BYTES) throw invalidCursor();
      if (!timingSafeEqual(bytes.subarray(0, MARK_BYTES), markOf(list, content))) throw invalidCursor();
      const place = placeOf(content);
      if (now - place.issuedAt > CURSOR_TIMEOUT_SECONDS * 1000) {
        throw new GatehouseError('expired_cursor', 'The cursor is too old.', { field: 'cursor' });
      }
      if (count !== undefined && count !== place.count) {
        throw new GatehouseError('invalid_count', 'The count is not that of the first page.', {
          field: 'count',
        });
      }
      return place;
    },
  };
}

/** Length first, so that no two lists give the same bytes. */
function boundTo({ directoryId, endpoint, wishes }: CursorList): string {
  const { filter, sortBy = '', sortOrder = '' } = wishes;
  // What sorts alike may be spelled in another letter case on the next page; a filter is repeated as it is.
  const parts = [directoryId, endpoint, filter ?? null, sortBy.toLowerCase(), sortOrder.toLowerCase()];
  const text = JSON.stringify(parts);
  return `${text.length}:${text}`;
}

function placeOf(content: Buffer): CursorPlace & { readonly issuedAt: number } {
  const [issuedAt, count, key, id]: readonly unknown[] = JSON.parse(content.toString('utf8'));
  if (typeof issuedAt !== 'number' || typeof count !== 'number' || typeof id !== 'string' || !isKey(key)) {
    throw invalidCursor();
  }
  return { issuedAt, count, position: { key, id } };
}

const isKey = (value: unknown): value is SortKey =>
  value === null || typeof value === 'string' || typeof value === 'number';

const invalidCursor = () =>
  new GatehouseError('invalid_cursor', 'The cursor does not belong to this list.', { field: 'cursor' });
