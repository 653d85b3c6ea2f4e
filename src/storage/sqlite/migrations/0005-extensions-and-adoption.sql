-- Schema extensions of a directory with the values that must be unique in it, doubtful matches that wait for an admin, and
-- what is remembered of removed people so that they come back as themselves.

ALTER TABLE directories ADD COLUMN extensions TEXT NOT NULL DEFAULT '[]';

CREATE TABLE directory_user_unique_values (
  organization_id TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  value_key TEXT NOT NULL,
  user_id TEXT NOT NULL,
  path TEXT NOT NULL,
  PRIMARY KEY (organization_id, directory_id, value_key),
  FOREIGN KEY (organization_id, directory_id, user_id)
    REFERENCES directory_users (organization_id, directory_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_user_unique_values_by_user
  ON directory_user_unique_values (organization_id, directory_id, user_id);

CREATE TABLE adoption_conflicts (
  organization_id TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  directory_id TEXT NOT NULL,
  directory_user_id TEXT NOT NULL,
  candidate_membership_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  settled_at INTEGER,
  PRIMARY KEY (organization_id, id),
  FOREIGN KEY (organization_id, directory_id, directory_user_id)
    REFERENCES directory_users (organization_id, directory_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX adoption_conflicts_by_user ON adoption_conflicts (organization_id, directory_user_id);
CREATE INDEX adoption_conflicts_by_status ON adoption_conflicts (organization_id, directory_id, status, id);

-- No reference to user and membership: the row is there because they are gone.
CREATE TABLE removed_directory_users (
  organization_id TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_name_key TEXT NOT NULL,
  external_id TEXT,
  user_id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  is_suspended INTEGER NOT NULL,
  removed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, directory_id, id),
  FOREIGN KEY (organization_id, directory_id) REFERENCES directories (organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX removed_directory_users_by_user_name
  ON removed_directory_users (organization_id, directory_id, user_name_key);
CREATE INDEX removed_directory_users_by_external_id
  ON removed_directory_users (organization_id, directory_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX removed_directory_users_by_expiry ON removed_directory_users (expires_at);
