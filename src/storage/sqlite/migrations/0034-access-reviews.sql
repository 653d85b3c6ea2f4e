-- Access reviews: one row for the review, one for each person in it. The person's row outlives the membership.
CREATE TABLE access_reviews (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  scope TEXT NOT NULL,
  state TEXT NOT NULL,
  created_by TEXT NOT NULL,
  due_at INTEGER,
  completed_by TEXT NOT NULL,
  completed_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE review_items (
  organization_id TEXT NOT NULL,
  review_id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  access TEXT NOT NULL,
  decision TEXT NOT NULL,
  note TEXT,
  outcome TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  decided_at INTEGER,
  PRIMARY KEY (organization_id, review_id, membership_id),
  FOREIGN KEY (organization_id, review_id) REFERENCES access_reviews (organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX review_items_by_decision ON review_items (organization_id, review_id, decision, membership_id);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('access_reviews', 'access_reviews', '10000 1000 1'),
  ('review_items', 'sqlite_autoindex_review_items_1', '1000000 100000 100 1'),
  ('review_items', 'review_items_by_decision', '1000000 100000 100 30 1');
ANALYZE sqlite_schema;
