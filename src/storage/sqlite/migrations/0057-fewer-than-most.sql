-- Whoever is not what most are (a member, active) is found without a walk through everybody; most are not in these, and cost nothing.
DROP INDEX memberships_by_high_role;
CREATE INDEX memberships_by_role ON memberships (organization_id, org_role, id) WHERE org_role <> 'member';
CREATE INDEX memberships_by_status ON memberships (organization_id, status, id) WHERE status <> 'active';

DELETE FROM sqlite_stat1 WHERE idx = 'memberships_by_high_role';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('memberships', 'memberships_by_role', '100000 10000 2500 1'),
  ('memberships', 'memberships_by_status', '100000 10000 5000 1');
ANALYZE sqlite_schema;
