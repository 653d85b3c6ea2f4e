-- For how long nobody has answered looks at a proved domain's record: told after days, and after weeks the end of the proof.
ALTER TABLE domains ADD COLUMN unanswered_ms INTEGER NOT NULL DEFAULT 0;
