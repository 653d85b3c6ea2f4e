-- An address proves itself by a mail that was answered; until then it can be taken back by whoever receives its mail.
ALTER TABLE users ADD COLUMN email_verified_at INTEGER;
