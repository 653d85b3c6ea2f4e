-- The first schema. Every table that belongs to an organization starts its keys with organization_id, and every
-- foreign key carries it, so that a row of one organization cannot point at a row of another.
-- Times are epoch milliseconds; `…_key` columns hold folded text; JSON columns are never searched.

CREATE TABLE organizations (
  id TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  plan_preset TEXT NOT NULL,
  plan_seats INTEGER,
  plan_invitations INTEGER NOT NULL,
  plan_teams TEXT NOT NULL,
  plan_sso INTEGER NOT NULL,
  plan_scim INTEGER NOT NULL,
  provisioning TEXT NOT NULL,
  default_role TEXT NOT NULL,
  conflict_policy TEXT NOT NULL,
  seats_used INTEGER NOT NULL CHECK (seats_used >= 0),
  active_owners INTEGER NOT NULL CHECK (active_owners >= 0),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  email TEXT,
  email_key TEXT UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
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
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, user_id)
) STRICT;
CREATE INDEX memberships_by_email ON memberships (organization_id, email_key);
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE teams (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  is_default INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE team_members (
  organization_id TEXT NOT NULL,
  team_id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  role TEXT NOT NULL,
  PRIMARY KEY (organization_id, team_id, membership_id),
  FOREIGN KEY (organization_id, team_id) REFERENCES teams (organization_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organization_id, membership_id) REFERENCES memberships (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX team_members_by_membership ON team_members (organization_id, membership_id);

CREATE TABLE grants (
  organization_id TEXT NOT NULL,
  id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  scope_kind TEXT NOT NULL,
  team_id TEXT,
  role TEXT NOT NULL,
  source TEXT NOT NULL,
  rank INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id),
  FOREIGN KEY (organization_id, membership_id) REFERENCES memberships (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_membership ON grants (organization_id, membership_id, id);

CREATE TABLE invitations (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL,
  role TEXT NOT NULL,
  teams TEXT NOT NULL,
  message TEXT,
  delivery TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,
  invited_by TEXT NOT NULL,
  accepted_by TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  settled_at INTEGER,
  PRIMARY KEY (organization_id, id)
) STRICT;
CREATE UNIQUE INDEX invitations_pending ON invitations (organization_id, email_key) WHERE status = 'pending';
CREATE INDEX invitations_by_status ON invitations (organization_id, status, id);

CREATE TABLE directories (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  adoption TEXT NOT NULL,
  user_count INTEGER NOT NULL DEFAULT 0,
  group_count INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE directory_tokens (
  organization_id TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,
  PRIMARY KEY (organization_id, id),
  FOREIGN KEY (organization_id, directory_id) REFERENCES directories (organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX directory_tokens_by_directory ON directory_tokens (organization_id, directory_id, id);

CREATE TABLE directory_users (
  organization_id TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  membership_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  is_active INTEGER NOT NULL,
  user_name TEXT NOT NULL,
  user_name_key TEXT NOT NULL,
  external_id TEXT,
  display_name_key TEXT,
  email_keys TEXT NOT NULL,
  attributes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, directory_id, id),
  FOREIGN KEY (organization_id, directory_id) REFERENCES directories (organization_id, id) ON DELETE CASCADE
) STRICT;
-- userName before directory: the same index answers "in this directory" and "anywhere in the organization".
CREATE UNIQUE INDEX directory_users_by_user_name
  ON directory_users (organization_id, user_name_key, directory_id);
-- Look-ups end with id: lists are ordered by it, and without it the planner walks the directory instead.
CREATE INDEX directory_users_by_external_id
  ON directory_users (organization_id, external_id, directory_id, id) WHERE external_id IS NOT NULL;
CREATE INDEX directory_users_by_display_name
  ON directory_users (organization_id, directory_id, display_name_key, id) WHERE display_name_key IS NOT NULL;
CREATE INDEX directory_users_by_membership ON directory_users (organization_id, membership_id);

-- Not a foreign key: ending a membership must not take away what the directory still holds.
CREATE TRIGGER directory_users_membership BEFORE INSERT ON directory_users
WHEN NOT EXISTS (
  SELECT 1 FROM memberships WHERE organization_id = NEW.organization_id AND id = NEW.membership_id
)
BEGIN
  SELECT RAISE (ABORT, 'missing reference: membership_id');
END;
CREATE TRIGGER directory_users_membership_moved BEFORE UPDATE OF membership_id ON directory_users
WHEN NEW.membership_id <> OLD.membership_id AND NOT EXISTS (
  SELECT 1 FROM memberships WHERE organization_id = NEW.organization_id AND id = NEW.membership_id
)
BEGIN
  SELECT RAISE (ABORT, 'missing reference: membership_id');
END;

-- Kept counts: the total of an unfiltered list is asked for with every page of it.
CREATE TRIGGER directory_users_counted AFTER INSERT ON directory_users
BEGIN
  UPDATE directories SET user_count = user_count + 1
  WHERE organization_id = NEW.organization_id AND id = NEW.directory_id;
END;
CREATE TRIGGER directory_users_uncounted AFTER DELETE ON directory_users
BEGIN
  UPDATE directories SET user_count = user_count - 1
  WHERE organization_id = OLD.organization_id AND id = OLD.directory_id;
END;

CREATE TABLE directory_user_emails (
  organization_id TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  value_key TEXT NOT NULL,
  PRIMARY KEY (organization_id, directory_id, user_id, value_key),
  FOREIGN KEY (organization_id, directory_id, user_id)
    REFERENCES directory_users (organization_id, directory_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_user_emails_by_value
  ON directory_user_emails (organization_id, directory_id, value_key, user_id);

CREATE TABLE directory_groups (
  organization_id TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  display_name TEXT NOT NULL,
  display_name_key TEXT NOT NULL,
  external_id TEXT,
  attributes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, directory_id, id),
  UNIQUE (organization_id, id),
  FOREIGN KEY (organization_id, directory_id) REFERENCES directories (organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX directory_groups_by_display_name
  ON directory_groups (organization_id, display_name_key, directory_id, id);
CREATE INDEX directory_groups_by_external_id
  ON directory_groups (organization_id, external_id, directory_id, id) WHERE external_id IS NOT NULL;

CREATE TRIGGER directory_groups_counted AFTER INSERT ON directory_groups
BEGIN
  UPDATE directories SET group_count = group_count + 1
  WHERE organization_id = NEW.organization_id AND id = NEW.directory_id;
END;
CREATE TRIGGER directory_groups_uncounted AFTER DELETE ON directory_groups
BEGIN
  UPDATE directories SET group_count = group_count - 1
  WHERE organization_id = OLD.organization_id AND id = OLD.directory_id;
END;

CREATE TABLE group_members (
  organization_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  member_kind TEXT NOT NULL,
  PRIMARY KEY (organization_id, group_id, member_id),
  FOREIGN KEY (organization_id, group_id) REFERENCES directory_groups (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_by_member ON group_members (organization_id, member_id, group_id);

CREATE TABLE group_mappings (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  match TEXT NOT NULL,
  grants TEXT NOT NULL,
  rank INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE connections (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  settings TEXT NOT NULL,
  jit INTEGER NOT NULL,
  idp_initiated INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  user_name_claim TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id)
) STRICT;

CREATE TABLE identities (
  organization_id TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, connection_id, issuer, subject),
  FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organization_id, membership_id) REFERENCES memberships (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX identities_by_membership ON identities (organization_id, membership_id, connection_id);

CREATE TABLE domains (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  domain TEXT NOT NULL,
  status TEXT NOT NULL,
  challenge TEXT NOT NULL,
  verified_at INTEGER,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, domain)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX domains_verified ON domains (domain) WHERE status = 'verified';

CREATE TABLE pending_sign_ins (
  organization_id TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  handle_hash TEXT NOT NULL,
  id TEXT NOT NULL,
  binding_hash TEXT NOT NULL,
  request_id TEXT,
  nonce TEXT,
  code_verifier TEXT,
  return_to TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, connection_id, handle_hash),
  FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_sign_ins_by_expiry ON pending_sign_ins (expires_at);

CREATE TABLE consumed_assertions (
  organization_id TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  assertion_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, connection_id, assertion_id),
  FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX consumed_assertions_by_expiry ON consumed_assertions (expires_at);

CREATE TABLE sessions (
  id_hash TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  connection_id TEXT,
  authenticated_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  FOREIGN KEY (organization_id, membership_id) REFERENCES memberships (organization_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_membership ON sessions (organization_id, membership_id);
CREATE INDEX sessions_by_connection ON sessions (organization_id, connection_id) WHERE connection_id IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- The journal outlives what it tells about: no foreign keys, so that the end of an organization can still be told.
CREATE TABLE audit_events (
  organization_id TEXT NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  actor TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target_id TEXT NOT NULL,
  details TEXT NOT NULL,
  request_id TEXT NOT NULL,
  ip TEXT,
  at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, id)
) STRICT;
CREATE INDEX audit_events_by_target ON audit_events (organization_id, target_id, id);

CREATE TABLE outbox (
  organization_id TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  type TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due_at INTEGER,
  delivered_at INTEGER,
  last_error TEXT,
  PRIMARY KEY (organization_id, id)
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE installation (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
