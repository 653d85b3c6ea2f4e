-- A key may belong to one team and goes with it; every key is warned of before it ends. The table is made anew, because a
-- column that joins a key of two columns cannot be added.
CREATE TABLE api_keys_next (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  membership_id TEXT,
  team_id TEXT,
  created_by TEXT NOT NULL,
  scopes TEXT NOT NULL,
  org_role TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  expiry_warned_days INTEGER,
  last_used_at INTEGER,
  PRIMARY KEY (organization_id, id),
  FOREIGN KEY (organization_id, membership_id) REFERENCES memberships (organization_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organization_id, team_id) REFERENCES teams (organization_id, id) ON DELETE CASCADE
) STRICT;
INSERT INTO api_keys_next
  SELECT organization_id, id, name, kind, membership_id, NULL, created_by, scopes, org_role, token_hash, created_at,
    expires_at, NULL, last_used_at
  FROM api_keys;
DROP TABLE api_keys;
ALTER TABLE api_keys_next RENAME TO api_keys;
CREATE INDEX api_keys_by_membership ON api_keys (organization_id, membership_id) WHERE membership_id IS NOT NULL;
CREATE INDEX api_keys_by_team ON api_keys (organization_id, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at, id) WHERE expires_at IS NOT NULL;

DELETE FROM sqlite_stat1 WHERE tbl IN ('api_keys', 'api_keys_next');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('api_keys', 'sqlite_autoindex_api_keys_1', '10000 1'),
  ('api_keys', 'sqlite_autoindex_api_keys_2', '10000 100 1'),
  ('api_keys', 'api_keys_by_membership', '10000 100 10'),
  ('api_keys', 'api_keys_by_team', '10000 100 10'),
  ('api_keys', 'api_keys_by_expiry', '10000 10 1');
ANALYZE sqlite_schema;
