-- The picture that somebody chose for themselves, an address that Gatehouse never loads.
ALTER TABLE users ADD COLUMN avatar_url TEXT;
ALTER TABLE memberships ADD COLUMN avatar_url TEXT;
