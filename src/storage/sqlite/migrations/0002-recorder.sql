-- What was said between directories and Gatehouse, and which expiry warnings were given.
-- Bodies come last: what a list filters by is read without them.
CREATE TABLE recorder_entries (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  token_name TEXT,
  replay_of TEXT,
  at INTEGER NOT NULL,
  ms REAL NOT NULL,
  request_id TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  status INTEGER NOT NULL,
  is_failed INTEGER NOT NULL,
  is_request_whole INTEGER NOT NULL,
  tolerances TEXT NOT NULL,
  unknown_attributes TEXT NOT NULL,
  change TEXT,
  failure TEXT,
  request_body TEXT,
  response_body TEXT,
  PRIMARY KEY (organization_id, id)
) STRICT;
-- Failures outlive the many exchanges that went well: they are counted and listed by themselves.
CREATE INDEX recorder_entries_failed ON recorder_entries (organization_id, id) WHERE is_failed = 1;
CREATE INDEX recorder_entries_by_time ON recorder_entries (at);

ALTER TABLE directory_tokens ADD COLUMN expiry_warned_days INTEGER;
CREATE INDEX directory_tokens_by_expiry ON directory_tokens (expires_at, id) WHERE expires_at IS NOT NULL;
