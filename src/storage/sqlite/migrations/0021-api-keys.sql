-- Keys for programs. Personal ones hang on a membership and go with it; team keys have none.
CREATE TABLE api_keys (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  membership_id TEXT,
  created_by TEXT NOT NULL,
  scopes TEXT NOT NULL,
  org_role TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,
  PRIMARY KEY (organization_id, id),
  FOREIGN KEY (organization_id, membership_id) REFERENCES memberships (organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX api_keys_by_membership ON api_keys (organization_id, membership_id) WHERE membership_id IS NOT NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('api_keys', 'sqlite_autoindex_api_keys_1', '10000 1'),
  ('api_keys', 'sqlite_autoindex_api_keys_2', '10000 100 1'),
  ('api_keys', 'api_keys_by_membership', '10000 100 10');
ANALYZE sqlite_schema;
