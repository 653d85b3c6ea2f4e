-- Invitations give roles on single things of the product, and are open as long as their organization says.
ALTER TABLE invitations ADD COLUMN resources TEXT NOT NULL DEFAULT '[]';
ALTER TABLE organizations ADD COLUMN invitation_ttl_ms INTEGER NOT NULL DEFAULT 604800000;
