-- What ended longest ago goes first where an organization keeps its audit for a time only.
CREATE INDEX ended_grants_by_end ON ended_grants (organization_id, ended_at);
CREATE INDEX past_values_by_end ON past_values (organization_id, until) WHERE kind <> 'unrecorded';

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('ended_grants', 'ended_grants_by_end', '1000000 100000 2'),
  ('past_values', 'past_values_by_end', '1000000 100000 2');
ANALYZE sqlite_schema;
