-- Whether nobody said when the person of a session proved who they are: then it counts for no application that asks for a new proof.
ALTER TABLE sessions ADD COLUMN auth_time_assumed INTEGER NOT NULL DEFAULT 0;
