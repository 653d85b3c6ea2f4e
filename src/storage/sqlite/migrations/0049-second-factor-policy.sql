-- Whether members who come in by themselves show a second factor.
ALTER TABLE organizations ADD COLUMN require_second_factor INTEGER NOT NULL DEFAULT 0;
