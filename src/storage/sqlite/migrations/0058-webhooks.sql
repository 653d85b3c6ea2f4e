-- Addresses that events are sent to, each with its place in the order of events. No foreign key: the operator's belong to no organization.
CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  organization_id TEXT NOT NULL,
  url TEXT NOT NULL,
  types TEXT NOT NULL,
  status TEXT NOT NULL,
  disabled_because TEXT,
  secret TEXT NOT NULL,
  previous_secret TEXT NOT NULL,
  position INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  failing_since INTEGER,
  due_at INTEGER,
  last_result TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhooks_by_organization ON webhooks (organization_id, id);
CREATE INDEX webhooks_due ON webhooks (id, due_at) WHERE due_at IS NOT NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('webhooks', 'webhooks', '10000 1'),
  ('webhooks', 'webhooks_by_organization', '10000 10 1'),
  ('webhooks', 'webhooks_due', '10000 1 1');
ANALYZE sqlite_schema;
