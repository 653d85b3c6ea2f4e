-- Lists in an order of the caller's choice, and deep pages without a walk from the first row.

-- Rows without a value are listed too, first or last: a partial index would leave them to a walk of the directory.
DROP INDEX directory_users_by_external_id;
CREATE INDEX directory_users_by_external_id
  ON directory_users (organization_id, external_id, directory_id, id);
DROP INDEX directory_users_by_display_name;
CREATE INDEX directory_users_by_display_name
  ON directory_users (organization_id, directory_id, display_name_key, id);
DROP INDEX directory_groups_by_external_id;
CREATE INDEX directory_groups_by_external_id
  ON directory_groups (organization_id, external_id, directory_id, id);
CREATE INDEX directory_users_by_update ON directory_users (organization_id, directory_id, updated_at, id);

-- How often a row came to stand elsewhere in the list by id: while this stays, the n-th row stays the n-th. New ids sort
-- behind the old ones, so that ordinary inserts do not count.
ALTER TABLE directories ADD COLUMN user_moves INTEGER NOT NULL DEFAULT 0;
ALTER TABLE directories ADD COLUMN group_moves INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER directory_users_counted;
CREATE TRIGGER directory_users_counted AFTER INSERT ON directory_users
BEGIN
  UPDATE directories SET
    user_count = user_count + 1,
    user_moves = user_moves + EXISTS (
      SELECT 1 FROM directory_users
      WHERE organization_id = NEW.organization_id AND directory_id = NEW.directory_id AND id > NEW.id
    )
  WHERE organization_id = NEW.organization_id AND id = NEW.directory_id;
END;
DROP TRIGGER directory_users_uncounted;
CREATE TRIGGER directory_users_uncounted AFTER DELETE ON directory_users
BEGIN
  UPDATE directories SET user_count = user_count - 1, user_moves = user_moves + 1
  WHERE organization_id = OLD.organization_id AND id = OLD.directory_id;
END;
DROP TRIGGER directory_groups_counted;
CREATE TRIGGER directory_groups_counted AFTER INSERT ON directory_groups
BEGIN
  UPDATE directories SET
    group_count = group_count + 1,
    group_moves = group_moves + EXISTS (
      SELECT 1 FROM directory_groups
      WHERE organization_id = NEW.organization_id AND directory_id = NEW.directory_id AND id > NEW.id
    )
  WHERE organization_id = NEW.organization_id AND id = NEW.directory_id;
END;
DROP TRIGGER directory_groups_uncounted;
CREATE TRIGGER directory_groups_uncounted AFTER DELETE ON directory_groups
BEGIN
  UPDATE directories SET group_count = group_count - 1, group_moves = group_moves + 1
  WHERE organization_id = OLD.organization_id AND id = OLD.directory_id;
END;
