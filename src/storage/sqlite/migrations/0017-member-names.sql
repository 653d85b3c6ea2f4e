-- The name a member is shown by, beside the member: a group is shown by one walk over its rows, without a look at any of
-- its members. Whoever changes a name changes it here, too.
ALTER TABLE group_members ADD COLUMN member_name TEXT;
UPDATE group_members SET member_name = CASE member_kind
  WHEN 'group' THEN (
    SELECT display_name FROM directory_groups
    WHERE organization_id = group_members.organization_id AND id = group_members.member_id
  )
  ELSE (
    SELECT coalesce(json_extract(attributes, '$.displayName'), user_name) FROM directory_users
    WHERE organization_id = group_members.organization_id AND id = group_members.member_id AND directory_id = (
      SELECT directory_id FROM directory_groups
      WHERE organization_id = group_members.organization_id AND id = group_members.group_id
    )
  )
END;
