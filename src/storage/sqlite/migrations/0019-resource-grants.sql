-- Roles on single things of the product: grants of the scope resource:TYPE:ID.
ALTER TABLE grants ADD COLUMN resource_type TEXT;
ALTER TABLE grants ADD COLUMN resource_id TEXT;
