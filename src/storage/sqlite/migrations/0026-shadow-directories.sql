-- People of a directory that is not switched on yet: stored as pushed, with ids reserved for a membership that is not there.
-- `shadow` holds what the membership would say of the person; NULL for everybody who has one.
ALTER TABLE directories ADD COLUMN is_shadow INTEGER NOT NULL DEFAULT 0;
ALTER TABLE directory_users ADD COLUMN shadow TEXT;

DROP TRIGGER directory_users_membership;
DROP TRIGGER directory_users_membership_moved;
CREATE TRIGGER directory_users_membership BEFORE INSERT ON directory_users
WHEN NEW.shadow IS NULL AND NOT EXISTS (
  SELECT 1 FROM memberships WHERE organization_id = NEW.organization_id AND id = NEW.membership_id
)
BEGIN
  SELECT RAISE (ABORT, 'missing reference: membership_id');
END;
CREATE TRIGGER directory_users_membership_moved BEFORE UPDATE OF membership_id, shadow ON directory_users
WHEN NEW.shadow IS NULL AND (NEW.membership_id <> OLD.membership_id OR OLD.shadow IS NOT NULL) AND NOT EXISTS (
  SELECT 1 FROM memberships WHERE organization_id = NEW.organization_id AND id = NEW.membership_id
)
BEGIN
  SELECT RAISE (ABORT, 'missing reference: membership_id');
END;
