-- Test sign-ins, which open no session, and the sealed codes that let one owner past a required single sign-on. A sign-in
-- under way knows what it is for.
ALTER TABLE pending_sign_ins ADD COLUMN purpose TEXT NOT NULL DEFAULT '{"kind":"sign_in"}';

CREATE TABLE test_sign_ins (
  organization_id TEXT NOT NULL,
  id TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  started_by TEXT NOT NULL,
  membership_id TEXT,
  connects INTEGER NOT NULL,
  settings_mark TEXT NOT NULL,
  status TEXT NOT NULL,
  report TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (organization_id, id),
  FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX test_sign_ins_by_connection ON test_sign_ins (organization_id, connection_id, id);
CREATE INDEX test_sign_ins_by_expiry ON test_sign_ins (expires_at);

CREATE TABLE emergency_codes (
  organization_id TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  membership_id TEXT NOT NULL,
  code_hash TEXT NOT NULL UNIQUE,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  revoked_at INTEGER,
  PRIMARY KEY (organization_id, id),
  FOREIGN KEY (organization_id, membership_id) REFERENCES memberships (organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX emergency_codes_by_membership ON emergency_codes (organization_id, membership_id);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('test_sign_ins', 'sqlite_autoindex_test_sign_ins_1', '10000 1'),
  ('test_sign_ins', 'sqlite_autoindex_test_sign_ins_2', '10000 100 1'),
  ('test_sign_ins', 'test_sign_ins_by_connection', '10000 100 10 1'),
  ('test_sign_ins', 'test_sign_ins_by_expiry', '10000 10'),
  ('emergency_codes', 'sqlite_autoindex_emergency_codes_1', '10000 1'),
  ('emergency_codes', 'sqlite_autoindex_emergency_codes_2', '10000 100 1'),
  ('emergency_codes', 'emergency_codes_by_membership', '10000 100 10');
ANALYZE sqlite_schema;
