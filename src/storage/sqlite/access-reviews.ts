/** Access reviews and the people in them, in SQLite. */
import type { AccessReview, ReviewItem } from '../../core/entities/access-review.ts';
import type { AccessReviewRepository, ReviewItemRepository } from '../../core/ports/access-reviews.ts';
import { overwriting } from './overwriting.ts';
import { NO_ID_YET } from './paging.ts';
import {
  type Columns,
  insertRow,
  integer,
  integerOrNull,
  json,
  ownedBy,
  text,
  textOrNull,
  toJson,
  updateRow,
  word,
} from './rows.ts';
import type { Row, Sql } from './sql.ts';

const FIND = 'SELECT * FROM access_reviews WHERE organization_id = ? AND id = ?';
const LIST = 'SELECT * FROM access_reviews WHERE organization_id = ? AND id < ? ORDER BY id DESC LIMIT ?';
const APPEND_ITEM = `
  INSERT INTO review_items
    (organization_id, review_id, membership_id, version, access, decision, rights, note, outcome, decided_by,
     decided_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const FIND_ITEM =
  'SELECT * FROM review_items WHERE organization_id = ? AND review_id = ? AND membership_id = ?';
const LIST_ITEMS = `
  SELECT * FROM review_items WHERE organization_id = ? AND review_id = ? AND membership_id > ?
  ORDER BY membership_id LIMIT ?`;
const LIST_ITEMS_BY_DECISION = `
  SELECT * FROM review_items WHERE organization_id = ? AND review_id = ? AND decision = ? AND membership_id > ?
  ORDER BY membership_id LIMIT ?`;
const COUNT_ITEMS = `
  SELECT decision, count(*) AS items FROM review_items WHERE organization_id = ? AND review_id = ?
  GROUP BY decision`;

const columnsOf = (review: AccessReview): Columns => ({
  name: review.name,
  scope: toJson(review.scope),
  state: review.state,
  created_by: toJson(review.createdBy),
  due_at: review.dueAt,
  completed_by: toJson(review.completedBy),
  completed_at: review.completedAt,
  created_at: review.createdAt,
  updated_at: review.updatedAt,
});

const fromRow = (row: Row): AccessReview => ({
  id: word(row, 'id'),
  version: integer(row, 'version'),
  organizationId: word(row, 'organization_id'),
  name: text(row, 'name'),
  scope: json(row, 'scope'),
  state: word(row, 'state'),
  createdBy: json(row, 'created_by'),
  dueAt: integerOrNull(row, 'due_at'),
  completedBy: json(row, 'completed_by'),
  completedAt: integerOrNull(row, 'completed_at'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
});

/** Access reviews over one connection; the promises are those of the port. */
export function accessReviewRepository(sql: Sql): AccessReviewRepository {
  return {
    insert: async (organizationId, review) =>
      insertRow(sql, 'access_reviews', {
        organization_id: ownedBy(organizationId, review),
        id: review.id,
        version: review.version,
        ...columnsOf(review),
      }),
    find: async (organizationId, id) => {
      const row = sql.get(FIND, organizationId, id);
      return row && fromRow(row);
    },
    list: async (organizationId, page) =>
      sql.all(LIST, organizationId, page.after ?? NO_ID_YET, page.limit).map(fromRow),
    update: async (organizationId, next, version) =>
      updateRow(sql, 'access_reviews', {
        key: { organization_id: ownedBy(organizationId, next), id: next.id },
        columns: columnsOf(next),
        version,
      }),
  };
}

const itemColumnsOf = (item: ReviewItem): Columns => ({
  decision: item.decision,
  rights: toJson(item.rights),
  note: item.note,
  outcome: toJson(item.outcome),
  decided_by: toJson(item.decidedBy),
  decided_at: item.decidedAt,
});

const itemFromRow = (row: Row): ReviewItem => ({
  organizationId: word(row, 'organization_id'),
  reviewId: word(row, 'review_id'),
  membershipId: word(row, 'membership_id'),
  version: integer(row, 'version'),
  access: json(row, 'access'),
  decision: word(row, 'decision'),
  rights: json(row, 'rights'),
  note: textOrNull(row, 'note'),
  outcome: json(row, 'outcome'),
  decidedBy: json(row, 'decided_by'),
  decidedAt: integerOrNull(row, 'decided_at'),
});

/** The people of reviews over one connection; the promises are those of the port. */
export function reviewItemRepository(sql: Sql): ReviewItemRepository {
  return {
    append: async (organizationId, items) => {
      for (const item of items) {
        const key = [ownedBy(organizationId, item), item.reviewId, item.membershipId, item.version] as const;
        sql.run(APPEND_ITEM, ...key, toJson(item.access), ...Object.values(itemColumnsOf(item)));
      }
    },
    find: async (organizationId, reviewId, membershipId) => {
      const row = sql.get(FIND_ITEM, organizationId, reviewId, membershipId);
      return row && itemFromRow(row);
    },
    list: async (organizationId, { reviewId, decision }, page) => {
      const [after, limit] = [page.after ?? '', page.limit];
      const rows =
        decision === undefined
          ? sql.all(LIST_ITEMS, organizationId, reviewId, after, limit)
          : sql.all(LIST_ITEMS_BY_DECISION, organizationId, reviewId, decision, after, limit);
      return rows.map(itemFromRow);
    },
    update: async (organizationId, next, version) =>
      updateRow(sql, 'review_items', {
        key: {
          organization_id: ownedBy(organizationId, next),
          review_id: next.reviewId,
          membership_id: next.membershipId,
        },
        columns: itemColumnsOf(next),
        version,
      }),
    erase: async (organizationId, next, version) =>
      overwriting(sql, () =>
        updateRow(sql, 'review_items', {
          key: {
            organization_id: ownedBy(organizationId, next),
            review_id: next.reviewId,
            membership_id: next.membershipId,
          },
          columns: { access: toJson(next.access), ...itemColumnsOf(next) },
          version,
        }),
      ),
    count: async (organizationId, reviewId) => {
      const counts = { pending: 0, confirmed: 0, revoked: 0 };
      for (const row of sql.all(COUNT_ITEMS, organizationId, reviewId))
        counts[word<keyof typeof counts>(row, 'decision')] = integer(row, 'items');
      return counts;
    },
  };
}
