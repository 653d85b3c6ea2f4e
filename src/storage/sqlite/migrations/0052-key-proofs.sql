-- How the person had proved who they are in the session in which a personal key was made; of earlier keys nothing is known.
ALTER TABLE api_keys ADD COLUMN amr TEXT NOT NULL DEFAULT '[]';
