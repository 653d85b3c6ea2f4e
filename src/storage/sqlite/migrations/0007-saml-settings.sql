-- SAML connections made before these settings existed: what they did so far, said in words. Their identity providers were never
-- given a certificate of ours, so they go on without signed requests until somebody turns them on.
UPDATE connections
SET settings = json_set(
  settings,
  '$.ssoPostUrl', NULL,
  '$.spEntityId', NULL,
  '$.spKeys', json('[]'),
  '$.requestBinding', 'redirect',
  '$.signRequests', json('false'),
  '$.forceAuthn', json('false'),
  '$.authnContexts', json('[]'),
  '$.nameIdFormat', NULL,
  '$.metadata', NULL,
  '$.sha1Until', NULL,
  '$.expiryWarnings', json('{}')
)
WHERE json_extract(settings, '$.protocol') = 'saml';
