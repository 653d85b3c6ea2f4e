-- Whether members must come in through a connection; which connection a domain belongs to; and what the last look at a
-- domain's record found. Domains proved so far stay proved: nobody knows any more on whose word, so none of them lapses.
ALTER TABLE organizations ADD COLUMN sso_policy TEXT NOT NULL DEFAULT 'optional';
ALTER TABLE domains ADD COLUMN connection_id TEXT;
ALTER TABLE domains ADD COLUMN proof TEXT;
ALTER TABLE domains ADD COLUMN checked_at INTEGER;
ALTER TABLE domains ADD COLUMN missing_since INTEGER;
UPDATE domains SET proof = 'operator' WHERE status = 'verified';
CREATE INDEX domains_by_check ON domains (checked_at, organization_id, id) WHERE proof = 'dns';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('domains', 'domains_by_check', '10000 10 10 1');
ANALYZE sqlite_schema;
