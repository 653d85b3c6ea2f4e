-- The connection of the session in which a personal key was made; null: a session without one.
ALTER TABLE api_keys ADD COLUMN connection_id TEXT;
