-- What people in given groups are expected to come out as; every change of a group mapping runs them.
CREATE TABLE mapping_tests (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  given TEXT NOT NULL,
  expect TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('mapping_tests', 'mapping_tests', '10000 100 1');
ANALYZE sqlite_schema;
