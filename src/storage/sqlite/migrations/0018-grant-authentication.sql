-- A grant says how and when the person had proved who they are: UserInfo and introspection tell it after the session is gone.
ALTER TABLE application_grants ADD COLUMN auth_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE application_grants ADD COLUMN amr TEXT NOT NULL DEFAULT '[]';
