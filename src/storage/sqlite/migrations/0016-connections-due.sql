-- When a connection wants to be looked at again: metadata to be read, a certificate near its end. All SAML ones at once, to begin with.
ALTER TABLE connections ADD COLUMN due_at INTEGER;
UPDATE connections SET due_at = 0 WHERE json_extract(settings, '$.protocol') = 'saml' AND status <> 'disabled';
CREATE INDEX connections_due ON connections (due_at) WHERE due_at IS NOT NULL;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('connections', 'connections_due', '10000 10');
