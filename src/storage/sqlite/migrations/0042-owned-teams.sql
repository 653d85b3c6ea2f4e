-- Whether a team has ever had an owner: then its owners decide about it, and after them those of the organization.
ALTER TABLE teams ADD COLUMN was_owned INTEGER NOT NULL DEFAULT 0;
UPDATE teams SET was_owned = 1 WHERE EXISTS (
  SELECT 1 FROM team_members
  WHERE organization_id = teams.organization_id AND team_id = teams.id AND role = 'owner'
);

DELETE FROM sqlite_stat1 WHERE idx = 'team_members_owning';
DROP INDEX team_members_owning;
