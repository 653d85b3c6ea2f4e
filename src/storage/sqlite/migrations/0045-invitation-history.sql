-- Who made, sent again, changed and withdrew an invitation, kept with it: the audit may be pruned earlier.
ALTER TABLE invitations ADD COLUMN history TEXT NOT NULL DEFAULT '[]';
ALTER TABLE invitations ADD COLUMN resent_count INTEGER NOT NULL DEFAULT 0;
