-- An address that is the name of its user as well is found by the name: it has no row besides.
DELETE FROM directory_user_emails WHERE EXISTS (
  SELECT 1 FROM directory_users AS named
  WHERE named.organization_id = directory_user_emails.organization_id
    AND named.directory_id = directory_user_emails.directory_id
    AND named.id = directory_user_emails.user_id
    AND named.user_name_key = directory_user_emails.value_key
);
