-- Events have a place in the order in which they were committed, so that whoever reads on from the last one misses none. The
-- number of a row that went with its organization is never given again.
CREATE TABLE outbox_next (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  organization_id TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  type TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due_at INTEGER,
  delivered_at INTEGER,
  last_error TEXT,
  UNIQUE (organization_id, id)
) STRICT;
INSERT INTO outbox_next
  (organization_id, id, kind, type, payload, created_at, attempts, due_at, delivered_at, last_error)
  SELECT organization_id, id, kind, type, payload, created_at, attempts, due_at, delivered_at, last_error
  FROM outbox ORDER BY rowid;
DROP TABLE outbox;
ALTER TABLE outbox_next RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_events ON outbox (organization_id, position) WHERE kind = 'event';

DELETE FROM sqlite_stat1 WHERE tbl IN ('outbox', 'outbox_next');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('outbox', 'sqlite_autoindex_outbox_1', '1000000 100000 1'),
  ('outbox', 'outbox_due', '1000000 10 1'),
  ('outbox', 'outbox_events', '1000000 100000 1');
ANALYZE sqlite_schema;
