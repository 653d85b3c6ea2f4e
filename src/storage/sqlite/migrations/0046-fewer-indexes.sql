-- Tables that every pushed person has a row in, with fewer trees: each tree is at least one more page in every commit.

-- People: found by id, and by a sign-in address where there is one; people of a directory have none.
CREATE TABLE users_next (
  id TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  email TEXT,
  email_key TEXT,
  name TEXT NOT NULL,
  password_hash TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  email_verified_at INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO users_next
  (id, version, email, email_key, name, password_hash, created_at, updated_at, email_verified_at)
  SELECT id, version, email, email_key, name, password_hash, created_at, updated_at, email_verified_at FROM users;
DROP TABLE users;
ALTER TABLE users_next RENAME TO users;
CREATE UNIQUE INDEX users_by_email ON users (email_key) WHERE email_key IS NOT NULL;

-- Memberships: one index says who is a member only once, and where a person is a member.
DROP TRIGGER directory_users_membership;
DROP TRIGGER directory_users_membership_moved;
CREATE TABLE memberships_next (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  email TEXT,
  email_key TEXT,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  status TEXT NOT NULL,
  source TEXT NOT NULL,
  org_role TEXT NOT NULL,
  last_active_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  department TEXT,
  PRIMARY KEY (organization_id, id),
  UNIQUE (user_id, organization_id)
) STRICT;
INSERT INTO memberships_next
  (organization_id, id, version, user_id, email, email_key, name, name_key, status, source, org_role, last_active_at,
    created_at, updated_at, department)
  SELECT organization_id, id, version, user_id, email, email_key, name, name_key, status, source, org_role, last_active_at,
    created_at, updated_at, department
  FROM memberships ORDER BY rowid;
DROP TABLE memberships;
ALTER TABLE memberships_next RENAME TO memberships;
CREATE INDEX memberships_by_email ON memberships (organization_id, email_key);
CREATE INDEX memberships_by_custom_role ON memberships (org_role)
  WHERE org_role NOT IN ('viewer', 'member', 'admin', 'owner');
CREATE INDEX memberships_by_high_role ON memberships (organization_id, org_role, id)
  WHERE org_role NOT IN ('viewer', 'member');
CREATE TRIGGER directory_users_membership BEFORE INSERT ON directory_users
WHEN NEW.shadow IS NULL AND NOT EXISTS (
  SELECT 1 FROM memberships WHERE organization_id = NEW.organization_id AND id = NEW.membership_id
)
BEGIN
  SELECT RAISE (ABORT, 'missing reference: membership_id');
END;
CREATE TRIGGER directory_users_membership_moved BEFORE UPDATE OF membership_id, shadow ON directory_users
WHEN NEW.shadow IS NULL AND (NEW.membership_id <> OLD.membership_id OR OLD.shadow IS NOT NULL) AND NOT EXISTS (
  SELECT 1 FROM memberships WHERE organization_id = NEW.organization_id AND id = NEW.membership_id
)
BEGIN
  SELECT RAISE (ABORT, 'missing reference: membership_id');
END;

-- Grants stand beside each other by member: that is how they are read and ended.
CREATE TABLE grants_next (
  organization_id TEXT NOT NULL,
  id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  scope_kind TEXT NOT NULL,
  team_id TEXT,
  role TEXT NOT NULL,
  source TEXT NOT NULL,
  rank INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  resource_type TEXT,
  resource_id TEXT,
  begun_by TEXT,
  PRIMARY KEY (organization_id, membership_id, id),
  FOREIGN KEY (organization_id, membership_id) REFERENCES memberships (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO grants_next
  (organization_id, id, membership_id, scope_kind, team_id, role, source, rank, created_at, resource_type, resource_id, begun_by)
  SELECT organization_id, id, membership_id, scope_kind, team_id, role, source, rank, created_at, resource_type, resource_id, begun_by
  FROM grants;
DROP TABLE grants;
ALTER TABLE grants_next RENAME TO grants;
CREATE INDEX grants_by_custom_role ON grants (role)
  WHERE scope_kind = 'org' AND role NOT IN ('viewer', 'member', 'admin', 'owner');

-- Addresses of pushed people are looked up by value; whose they are is known from the person's own row.
CREATE TABLE directory_user_emails_next (
  organization_id TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  value_key TEXT NOT NULL,
  user_id TEXT NOT NULL,
  PRIMARY KEY (organization_id, directory_id, value_key, user_id),
  FOREIGN KEY (organization_id, directory_id) REFERENCES directories (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO directory_user_emails_next (organization_id, directory_id, value_key, user_id)
  SELECT organization_id, directory_id, value_key, user_id FROM directory_user_emails;
DROP TABLE directory_user_emails;
ALTER TABLE directory_user_emails_next RENAME TO directory_user_emails;
CREATE TRIGGER directory_users_unlisted AFTER DELETE ON directory_users
BEGIN
  DELETE FROM directory_user_emails
  WHERE organization_id = OLD.organization_id AND directory_id = OLD.directory_id AND user_id = OLD.id
    AND value_key IN (SELECT value FROM json_each(OLD.email_keys));
END;

DELETE FROM sqlite_stat1 WHERE tbl IN ('users', 'memberships', 'grants', 'directory_user_emails')
  OR tbl LIKE '%\_next' ESCAPE '\';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('users', 'users', '1000000 1'),
  ('users', 'users_by_email', '100000 1'),
  ('memberships', 'sqlite_autoindex_memberships_1', '1000000 100000 1'),
  ('memberships', 'sqlite_autoindex_memberships_2', '1000000 10 1'),
  ('memberships', 'memberships_by_email', '1000000 100000 10'),
  ('memberships', 'memberships_by_custom_role', '10000 1000'),
  ('memberships', 'memberships_by_high_role', '10000 1000 500 1'),
  ('grants', 'grants', '1000000 100000 10 1'),
  ('grants', 'grants_by_custom_role', '10000 1000'),
  ('directory_user_emails', 'directory_user_emails', '1000000 100000 100000 10 1');
ANALYZE sqlite_schema;
