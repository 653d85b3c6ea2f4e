-- The department somebody was invited to, kept with the membership it became.
ALTER TABLE invitations ADD COLUMN department TEXT;
ALTER TABLE memberships ADD COLUMN department TEXT;
