-- How the mails of an organization look, and which ones it sends; null: as it comes.
ALTER TABLE organizations ADD COLUMN branding TEXT;
ALTER TABLE organizations ADD COLUMN notifications TEXT;
