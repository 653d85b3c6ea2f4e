-- What held before. A grant that ends moves to ended_grants; any other value that ends leaves a row in past_values. While
-- something holds, nothing of it is written here.
ALTER TABLE grants ADD COLUMN begun_by TEXT;

CREATE TABLE ended_grants (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  membership_id TEXT NOT NULL,
  ended_at INTEGER NOT NULL,
  id TEXT NOT NULL,
  scope_kind TEXT NOT NULL,
  team_id TEXT,
  resource_type TEXT,
  resource_id TEXT,
  role TEXT NOT NULL,
  source TEXT NOT NULL,
  rank INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  begun_by TEXT,
  ended_by TEXT NOT NULL,
  PRIMARY KEY (organization_id, membership_id, ended_at, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE past_values (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  subject_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  until INTEGER NOT NULL,
  value TEXT NOT NULL,
  ended_by TEXT NOT NULL,
  PRIMARY KEY (organization_id, subject_id, kind, until)
) STRICT, WITHOUT ROWID;

-- Organizations from before: what ended before this moment is not known.
INSERT INTO past_values (organization_id, subject_id, kind, until, value, ended_by)
SELECT id, id, 'unrecorded', CAST(unixepoch('subsec') * 1000 AS INTEGER), 'null', 'null' FROM organizations;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('ended_grants', 'ended_grants', '1000000 100000 10 2 1'),
  ('past_values', 'past_values', '1000000 100000 10 5 1');
ANALYZE sqlite_schema;
