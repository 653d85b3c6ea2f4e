-- A mail whose text is gone cannot be tried: settled twice, some were due all the same, for ever.
UPDATE outbox SET due_at = NULL, last_error = coalesce(last_error, 'its text cannot be read')
WHERE kind = 'mail' AND payload = '' AND due_at IS NOT NULL;
