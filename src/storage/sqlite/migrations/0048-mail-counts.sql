-- How many mails went lately, by organization, inviter, mailbox and domain: limits hold over restarts and processes.
CREATE TABLE mail_counts (
  key TEXT NOT NULL,
  slot_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (key, slot_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_counts_slot ON mail_counts (slot_at);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('mail_counts', 'mail_counts', '1000000 20 1'),
  ('mail_counts', 'mail_counts_slot', '1000000 10000');
ANALYZE sqlite_schema;
