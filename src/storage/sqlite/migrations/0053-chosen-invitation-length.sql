-- How long whoever invited chose, in milliseconds: sending again starts the same length anew. NULL: nobody chose, the organization's counts.
ALTER TABLE invitations ADD COLUMN chosen_ttl_ms INTEGER;
