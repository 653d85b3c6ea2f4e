-- Who owns a team, found without a walk through everybody in it.
CREATE INDEX team_members_owning ON team_members (organization_id, team_id, membership_id) WHERE role = 'owner';

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('team_members', 'team_members_owning', '10000 100 2 1');
ANALYZE sqlite_schema;
