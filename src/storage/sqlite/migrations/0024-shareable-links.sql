-- Links that an admin passes on, and who joined through them. `uses` moves by one conditional write and never above its limit.
CREATE TABLE shareable_links (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  role TEXT NOT NULL,
  teams TEXT NOT NULL,
  domains TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  max_uses INTEGER NOT NULL,
  uses INTEGER NOT NULL CHECK (uses BETWEEN 0 AND max_uses),
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  PRIMARY KEY (organization_id, id)
) STRICT;

CREATE TABLE shareable_link_uses (
  organization_id TEXT NOT NULL,
  link_id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  email TEXT NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, link_id, membership_id),
  FOREIGN KEY (organization_id, link_id) REFERENCES shareable_links (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('shareable_links', 'sqlite_autoindex_shareable_links_1', '10000 1'),
  ('shareable_links', 'sqlite_autoindex_shareable_links_2', '10000 100 1'),
  ('shareable_link_uses', 'shareable_link_uses', '100000 1000 10 1');
ANALYZE sqlite_schema;
