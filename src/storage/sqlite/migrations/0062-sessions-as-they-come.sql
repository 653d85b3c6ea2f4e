-- Sessions lie in the order in which they began. In the order of their hashes each one went to another page, with what is kept of
-- the identity provider's word, and every index carried the hash: beginning one took twice the time, and three times the room.
CREATE TABLE sessions_new (
  token_hash TEXT NOT NULL UNIQUE,
  organization_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  connection_id TEXT,
  org_role TEXT NOT NULL,
  previous_token_hash TEXT,
  rotated_at INTEGER,
  confirmed_at INTEGER,
  amr TEXT NOT NULL,
  upstream TEXT,
  upstream_name_id TEXT,
  upstream_sid TEXT,
  emergency INTEGER NOT NULL,
  ip TEXT,
  user_agent TEXT,
  auth_time INTEGER NOT NULL,
  authenticated_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  UNIQUE (organization_id, id),
  FOREIGN KEY (organization_id, membership_id) REFERENCES memberships (organization_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE
) STRICT;
INSERT INTO sessions_new (
  token_hash, organization_id, id, user_id, membership_id, connection_id, org_role, previous_token_hash, rotated_at, confirmed_at,
  amr, upstream, upstream_name_id, upstream_sid, emergency, ip, user_agent, auth_time, authenticated_at, created_at, last_seen_at,
  expires_at)
SELECT
  token_hash, organization_id, id, user_id, membership_id, connection_id, org_role, previous_token_hash, rotated_at, confirmed_at,
  amr, upstream, upstream_name_id, upstream_sid, emergency, ip, user_agent, auth_time, authenticated_at, created_at, last_seen_at,
  expires_at
FROM sessions ORDER BY created_at, id;
DROP TABLE sessions;
ALTER TABLE sessions_new RENAME TO sessions;
CREATE INDEX sessions_by_membership ON sessions (organization_id, membership_id, id);
CREATE INDEX sessions_by_connection ON sessions (organization_id, connection_id, id) WHERE connection_id IS NOT NULL;
CREATE INDEX sessions_by_name_id ON sessions (organization_id, connection_id, upstream_name_id, id) WHERE upstream_name_id IS NOT NULL;
CREATE INDEX sessions_by_sid ON sessions (organization_id, connection_id, upstream_sid, id) WHERE upstream_sid IS NOT NULL;
CREATE UNIQUE INDEX sessions_by_previous_token ON sessions (previous_token_hash) WHERE previous_token_hash IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
DELETE FROM sqlite_stat1 WHERE tbl IN ('sessions', 'sessions_new');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('sessions', 'sqlite_autoindex_sessions_1', '1000000 1'),
  ('sessions', 'sqlite_autoindex_sessions_2', '1000000 100000 1'),
  ('sessions', 'sessions_by_membership', '1000000 100000 10 1'),
  ('sessions', 'sessions_by_connection', '1000000 100000 10000 1'),
  ('sessions', 'sessions_by_name_id', '1000000 100000 10000 10 1'),
  ('sessions', 'sessions_by_sid', '1000000 100000 10000 10 1'),
  ('sessions', 'sessions_by_previous_token', '1000000 1'),
  ('sessions', 'sessions_by_expiry', '1000000 10');
ANALYZE sqlite_schema;
