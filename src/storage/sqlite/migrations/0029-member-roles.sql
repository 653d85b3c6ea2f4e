-- Who administers: few rows, found without a walk through everybody. People with the usual roles are not in it, and cost nothing.
CREATE INDEX memberships_by_high_role ON memberships (organization_id, org_role, id)
  WHERE org_role NOT IN ('viewer', 'member');

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('memberships', 'memberships_by_high_role', '10000 1000 500 1');
ANALYZE sqlite_schema;
