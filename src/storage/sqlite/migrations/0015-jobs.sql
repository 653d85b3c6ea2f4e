-- Long work of an organization, done in steps after the answer has left.
CREATE TABLE jobs (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  cause TEXT NOT NULL,
  progress TEXT NOT NULL,
  done_count INTEGER NOT NULL,
  total_count INTEGER,
  result TEXT,
  problem TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  due_at INTEGER,
  PRIMARY KEY (organization_id, id)
) STRICT;
CREATE INDEX jobs_by_due ON jobs (due_at, organization_id, id) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_by_end ON jobs (updated_at) WHERE due_at IS NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('jobs', 'sqlite_autoindex_jobs_1', '10000 100 1'),
  ('jobs', 'jobs_by_due', '10000 10 10 1'),
  ('jobs', 'jobs_by_end', '10000 10');
ANALYZE sqlite_schema;
