-- Org roles of the operator's own, and what the operator added to the built-in ones. A role keeps its key for life: grants,
-- memberships, invitations, rules, tests, default roles and API keys name it.
CREATE TABLE org_roles (
  key TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  rank INTEGER NOT NULL UNIQUE,
  permissions TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Only rows that name a custom role: most installations have none, and "where is this role used?" is still one look.
CREATE INDEX grants_by_custom_role ON grants (role)
  WHERE scope_kind = 'org' AND role NOT IN ('viewer', 'member', 'admin', 'owner');
CREATE INDEX memberships_by_custom_role ON memberships (org_role)
  WHERE org_role NOT IN ('viewer', 'member', 'admin', 'owner');
CREATE INDEX invitations_by_custom_role ON invitations (role)
  WHERE status = 'pending' AND role NOT IN ('viewer', 'member', 'admin', 'owner');

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('org_roles', 'org_roles', '20 1'),
  ('org_roles', 'sqlite_autoindex_org_roles_2', '20 1'),
  ('grants', 'grants_by_custom_role', '10000 1000'),
  ('memberships', 'memberships_by_custom_role', '10000 1000'),
  ('invitations', 'invitations_by_custom_role', '10000 1000');
ANALYZE sqlite_schema;
