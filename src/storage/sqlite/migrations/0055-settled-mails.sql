-- A mail that will not be tried again is not needed any more, nor what a server said of its address; events stay as they are.
UPDATE outbox SET
  payload = '',
  last_error = CASE
    WHEN last_error LIKE 'refused: %@%' THEN 'refused: its words are not kept'
    WHEN last_error LIKE '%@%' THEN NULL
    ELSE last_error
  END
WHERE kind = 'mail' AND due_at IS NULL;
