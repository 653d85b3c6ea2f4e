-- Applications behind Gatehouse, what people let them know, the records and keys of the OpenID Provider, and the clients whose
-- access tokens open one directory.

CREATE TABLE applications (
  id TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  redirect_uris TEXT NOT NULL,
  post_logout_redirect_uris TEXT NOT NULL,
  backchannel_logout_uri TEXT,
  organization_ids TEXT NOT NULL,
  auth_method TEXT NOT NULL,
  jwks TEXT NOT NULL,
  id_token_algorithm TEXT NOT NULL,
  secrets TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- No reference to the session: a grant for offline access outlives it.
CREATE TABLE application_grants (
  organization_id TEXT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  membership_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
  session_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id),
  FOREIGN KEY (organization_id, membership_id) REFERENCES memberships (organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX application_grants_by_session
  ON application_grants (organization_id, session_id, application_id);
CREATE INDEX application_grants_by_membership ON application_grants (organization_id, membership_id, id);
CREATE INDEX application_grants_by_application ON application_grants (application_id);
CREATE INDEX application_grants_by_expiry ON application_grants (expires_at);

CREATE TABLE provider_records (
  kind TEXT NOT NULL,
  id_hash TEXT NOT NULL,
  organization_id TEXT,
  grant_id TEXT,
  payload TEXT NOT NULL,
  consumed_at INTEGER,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (kind, id_hash),
  FOREIGN KEY (organization_id, grant_id) REFERENCES application_grants (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_records_by_grant ON provider_records (organization_id, grant_id)
  WHERE grant_id IS NOT NULL;
CREATE INDEX provider_records_by_expiry ON provider_records (expires_at);

CREATE TABLE signing_keys (
  id TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  secret TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  signs_from INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;

CREATE TABLE directory_clients (
  organization_id TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  PRIMARY KEY (organization_id, id),
  FOREIGN KEY (organization_id, directory_id) REFERENCES directories (organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX directory_clients_by_directory ON directory_clients (organization_id, directory_id, id);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('applications', 'sqlite_autoindex_applications_1', '100 1'),
  ('application_grants', 'sqlite_autoindex_application_grants_1', '1000000 1'),
  ('application_grants', 'sqlite_autoindex_application_grants_2', '1000000 100000 1'),
  ('application_grants', 'application_grants_by_session', '1000000 100000 10 1'),
  ('application_grants', 'application_grants_by_membership', '1000000 100000 10 1'),
  ('application_grants', 'application_grants_by_application', '1000000 10000'),
  ('application_grants', 'application_grants_by_expiry', '1000000 10'),
  ('provider_records', 'provider_records', '1000000 100000 1'),
  ('provider_records', 'provider_records_by_grant', '1000000 100000 10'),
  ('provider_records', 'provider_records_by_expiry', '1000000 10'),
  ('signing_keys', 'sqlite_autoindex_signing_keys_1', '10 1'),
  ('directory_clients', 'sqlite_autoindex_directory_clients_1', '10000 1'),
  ('directory_clients', 'sqlite_autoindex_directory_clients_2', '10000 1000 1'),
  ('directory_clients', 'directory_clients_by_directory', '10000 1000 1000 1');
ANALYZE sqlite_schema;
