-- SAML connections made before single logout: nobody has said where their identity providers take it.
UPDATE connections
SET settings = json_set(settings, '$.sloUrl', NULL, '$.sloResponseUrl', NULL)
WHERE json_extract(settings, '$.protocol') = 'saml';

-- What is held for a browser: a verified answer that waits for a yes, the way to a sign-out at an identity provider.
ALTER TABLE pending_sign_ins ADD COLUMN held TEXT;
