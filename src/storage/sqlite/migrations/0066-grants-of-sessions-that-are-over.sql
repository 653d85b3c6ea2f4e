-- What an emergency code opened is over with its session, offline access or not.
UPDATE application_grants SET expires_at = (
  SELECT s.expires_at FROM sessions AS s
  WHERE s.organization_id = application_grants.organization_id AND s.id = application_grants.session_id)
WHERE emergency = 1 AND EXISTS (
  SELECT 1 FROM sessions AS s
  WHERE s.organization_id = application_grants.organization_id AND s.id = application_grants.session_id);

-- Of a session that was gone before grants knew how it had been opened the audit tells it.
UPDATE application_grants SET connection_id = (
  SELECT a.details ->> 'connectionId' FROM audit_events AS a
  WHERE a.organization_id = application_grants.organization_id AND a.target_id = application_grants.membership_id
    AND a.type = 'session.started' AND a.details ->> 'sessionId' = application_grants.session_id)
WHERE connection_id IS NULL AND emergency = 0 AND NOT EXISTS (
  SELECT 1 FROM sessions AS s
  WHERE s.organization_id = application_grants.organization_id AND s.id = application_grants.session_id);

-- Where nobody tells it the grant ends, and so does what an end of before would have reached: through a connection that is no way in
-- any more, without one where one is required, by an emergency code (`otp` and nothing else).
DELETE FROM application_grants
WHERE NOT EXISTS (
  SELECT 1 FROM sessions AS s
  WHERE s.organization_id = application_grants.organization_id AND s.id = application_grants.session_id)
AND (
  emergency = 1
  OR (connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM connections AS c
    WHERE c.organization_id = application_grants.organization_id AND c.id = application_grants.connection_id
      AND c.status = 'active'))
  OR (connection_id IS NULL AND (
    amr = '["otp"]'
    OR EXISTS (
      SELECT 1 FROM organizations AS o
      WHERE o.id = application_grants.organization_id AND o.sso_policy = 'required')
    OR NOT EXISTS (
      SELECT 1 FROM audit_events AS a
      WHERE a.organization_id = application_grants.organization_id AND a.target_id = application_grants.membership_id
        AND a.type = 'session.started' AND a.details ->> 'sessionId' = application_grants.session_id))));
DELETE FROM provider_records
WHERE grant_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM application_grants AS g
  WHERE g.organization_id = provider_records.organization_id AND g.id = provider_records.grant_id);
