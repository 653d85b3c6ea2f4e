-- Who came by another way than a directory: found without a walk through everybody. Whom a directory pushes is not in it, and costs nothing.
CREATE INDEX memberships_by_source ON memberships (organization_id, source, id) WHERE source <> 'directory';

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('memberships', 'memberships_by_source', '100000 10000 2500 1');
ANALYZE sqlite_schema;
