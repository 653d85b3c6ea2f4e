-- Where the person signed in last decides which organization a password opens; what moves last_active_at is more than signing in.
ALTER TABLE memberships ADD COLUMN last_signed_in_at INTEGER;
UPDATE memberships SET last_signed_in_at = last_active_at;
