-- Audit rows of one organization are a chain: each holds its place and a hash over itself and the hash before. The head stands
-- in a row of its own, so that a cut tail is noticed. Rows from before have no place; the chain begins behind them.
ALTER TABLE audit_events ADD COLUMN seq INTEGER;
ALTER TABLE audit_events ADD COLUMN salt TEXT;
ALTER TABLE audit_events ADD COLUMN personal_digest TEXT;
ALTER TABLE audit_events ADD COLUMN hash TEXT;
CREATE UNIQUE INDEX audit_events_by_seq ON audit_events (organization_id, seq) WHERE seq IS NOT NULL;

CREATE TABLE audit_heads (
  organization_id TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  base_seq INTEGER NOT NULL,
  base_hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('audit_events', 'audit_events_by_seq', '1000000 100000 1'),
  ('audit_heads', 'audit_heads', '10 1');
ANALYZE sqlite_schema;
