-- Which mail carries an invitation, and which addresses get no mail any more.
ALTER TABLE invitations ADD COLUMN mail_id TEXT;

CREATE TABLE mail_suppressions (
  id TEXT NOT NULL PRIMARY KEY,
  address TEXT NOT NULL,
  address_key TEXT NOT NULL UNIQUE,
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('mail_suppressions', 'mail_suppressions', '100000 1'),
  ('mail_suppressions', 'sqlite_autoindex_mail_suppressions_2', '100000 1');
ANALYZE sqlite_schema;
