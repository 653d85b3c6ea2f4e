-- The switch of a shadow directory, and what every member was before it: enough to take it back within its time.
CREATE TABLE cutovers (
  organization_id TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  status TEXT NOT NULL,
  report_hash TEXT NOT NULL,
  unmatched TEXT NOT NULL,
  job_id TEXT,
  counts TEXT NOT NULL,
  voided TEXT NOT NULL,
  switched_at INTEGER NOT NULL,
  rollback_until INTEGER NOT NULL,
  rolled_back_at INTEGER,
  PRIMARY KEY (organization_id, directory_id),
  FOREIGN KEY (organization_id, directory_id) REFERENCES directories (organization_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE cutover_members (
  organization_id TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  membership TEXT NOT NULL,
  grants TEXT NOT NULL,
  is_switched_off INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (organization_id, directory_id, membership_id),
  FOREIGN KEY (organization_id, directory_id) REFERENCES cutovers (organization_id, directory_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX cutover_members_by_expiry ON cutover_members (expires_at);
CREATE INDEX removed_directory_users_by_membership
  ON removed_directory_users (organization_id, directory_id, membership_id);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('cutovers', 'cutovers', '100 2 1'),
  ('cutover_members', 'cutover_members', '100000 10000 5000 1'),
  ('cutover_members', 'cutover_members_by_expiry', '100000 5000'),
  ('removed_directory_users', 'removed_directory_users_by_membership', '1000000 100000 100000 1');
ANALYZE sqlite_schema;
