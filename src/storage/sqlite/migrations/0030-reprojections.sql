-- The job that carries changed rules over to everybody in the organization, while it is under way.
ALTER TABLE organizations ADD COLUMN reprojection_job_id TEXT;
