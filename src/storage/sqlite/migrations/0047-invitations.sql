-- Who made, sent again, changed and withdrew an invitation, kept with it: the audit may be pruned earlier.
ALTER TABLE invitations ADD COLUMN history TEXT NOT NULL DEFAULT '[]';
ALTER TABLE invitations ADD COLUMN resent_count INTEGER NOT NULL DEFAULT 0;

-- The picture that somebody chose for themselves, an address that Gatehouse never loads.
ALTER TABLE users ADD COLUMN avatar_url TEXT;
ALTER TABLE memberships ADD COLUMN avatar_url TEXT;

-- Whether links for more than one use are for named domains only.
ALTER TABLE organizations ADD COLUMN links_require_domains INTEGER NOT NULL DEFAULT 0;
