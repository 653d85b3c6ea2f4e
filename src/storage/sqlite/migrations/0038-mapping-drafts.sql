-- Whole sets of rules as somebody would have them; once applied, with what was in force before.
CREATE TABLE mapping_drafts (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT,
  rules TEXT NOT NULL,
  policy TEXT,
  basis TEXT NOT NULL,
  created_by TEXT NOT NULL,
  undoes TEXT,
  applied TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('mapping_drafts', 'mapping_drafts', '10000 100 1');
ANALYZE sqlite_schema;
