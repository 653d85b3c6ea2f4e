-- Whether a claim that a sign-in does not carry ends the roles it gave.
ALTER TABLE organizations ADD COLUMN strict_claims INTEGER NOT NULL DEFAULT 0;
