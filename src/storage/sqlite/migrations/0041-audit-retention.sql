-- For how many days an organization keeps its audit; null: for ever.
ALTER TABLE organizations ADD COLUMN audit_retention_days INTEGER;
