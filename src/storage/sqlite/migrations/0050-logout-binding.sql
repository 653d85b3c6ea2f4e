-- SAML connections made before logout by POST: their identity providers are told by redirect.
UPDATE connections
SET settings = json_set(settings, '$.sloBinding', 'redirect')
WHERE json_extract(settings, '$.protocol') = 'saml';
