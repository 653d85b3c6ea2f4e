-- Attempts to sign in, for the admins of an organization. What is only shown and searched stands in one JSON text.
CREATE TABLE sign_in_attempts (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  protocol TEXT NOT NULL,
  connection_id TEXT,
  sign_in_id TEXT,
  step TEXT NOT NULL,
  at INTEGER NOT NULL,
  ms REAL NOT NULL,
  is_failed INTEGER NOT NULL,
  told TEXT NOT NULL,
  PRIMARY KEY (organization_id, id)
) STRICT;
-- What went well and what did not are kept, counted and listed by themselves.
CREATE INDEX sign_in_attempts_by_outcome ON sign_in_attempts (organization_id, is_failed, id);
CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (at);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('sign_in_attempts', 'sqlite_autoindex_sign_in_attempts_1', '1000000 100000 1'),
  ('sign_in_attempts', 'sign_in_attempts_by_outcome', '1000000 100000 50000 1'),
  ('sign_in_attempts', 'sign_in_attempts_by_time', '1000000 10');
ANALYZE sqlite_schema;

-- Which product an identity provider is; and what an ID token is held to, for the connections there are.
ALTER TABLE connections ADD COLUMN preset TEXT;
UPDATE connections
  SET settings = json_set(settings, '$.idTokenAlgs', json('["RS256","ES256","PS256"]'), '$.tenantId', NULL)
  WHERE json_extract(settings, '$.protocol') = 'oidc';
