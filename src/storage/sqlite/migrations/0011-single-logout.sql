-- SAML connections made before single logout: nobody has said where their identity providers take it.
UPDATE connections
SET settings = json_set(settings, '$.sloUrl', NULL, '$.sloResponseUrl', NULL)
WHERE json_extract(settings, '$.protocol') = 'saml';
