-- Events that a webhook does not take while it takes others: tried on their own.
ALTER TABLE webhooks ADD COLUMN set_aside TEXT NOT NULL DEFAULT '[]';
