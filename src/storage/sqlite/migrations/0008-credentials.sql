-- What people sign in with besides a password, and the one-time values between two steps. They belong to people, not to
-- organizations, and go with them.
CREATE TABLE one_time_records (
  purpose TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
  binding_hash TEXT,
  data TEXT NOT NULL,
  tries_left INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (token_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_records_by_user ON one_time_records (user_id, purpose);
CREATE INDEX one_time_records_by_expiry ON one_time_records (expires_at);

CREATE TABLE second_factors (
  user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  secret TEXT NOT NULL,
  confirmed_at INTEGER,
  last_step INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE,
  code_hash TEXT NOT NULL,
  PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (
  id TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  credential_id TEXT NOT NULL UNIQUE,
  public_key TEXT NOT NULL,
  counter INTEGER NOT NULL,
  transports TEXT NOT NULL,
  is_synced INTEGER NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT;
CREATE INDEX passkeys_by_user ON passkeys (user_id, id);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('one_time_records', 'one_time_records', '1000000 1'),
  ('one_time_records', 'one_time_records_by_user', '1000000 10 10 1'),
  ('one_time_records', 'one_time_records_by_expiry', '1000000 10 1'),
  ('second_factors', 'second_factors', '1000000 1'),
  ('recovery_codes', 'recovery_codes', '1000000 10 1'),
  ('passkeys', 'sqlite_autoindex_passkeys_1', '1000000 1'),
  ('passkeys', 'sqlite_autoindex_passkeys_2', '1000000 1'),
  ('passkeys', 'passkeys_by_user', '1000000 10 1');
ANALYZE sqlite_schema;
