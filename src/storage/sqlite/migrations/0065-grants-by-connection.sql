-- How the session was opened in which something was let known: what goes on after a sign-out ends with that way in.
ALTER TABLE application_grants ADD COLUMN connection_id TEXT;
ALTER TABLE application_grants ADD COLUMN emergency INTEGER NOT NULL DEFAULT 0;
UPDATE application_grants SET (connection_id, emergency) = (
  SELECT opened.connection_id, opened.emergency FROM sessions AS opened
  WHERE opened.organization_id = application_grants.organization_id AND opened.id = application_grants.session_id
) WHERE EXISTS (
  SELECT 1 FROM sessions AS opened
  WHERE opened.organization_id = application_grants.organization_id AND opened.id = application_grants.session_id
);
CREATE INDEX application_grants_by_connection ON application_grants (organization_id, connection_id, id)
  WHERE connection_id IS NOT NULL;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('application_grants', 'application_grants_by_connection', '1000000 100000 10000 1');
ANALYZE sqlite_schema;
