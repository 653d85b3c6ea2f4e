-- When the holder of an invitation or a link that works no more asked for another; told once.
ALTER TABLE invitations ADD COLUMN asked_at INTEGER;
ALTER TABLE shareable_links ADD COLUMN asked_at INTEGER;
