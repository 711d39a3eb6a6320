ALTER TABLE invites DROP COLUMN until;
ALTER TABLE invites DROP COLUMN export;
ALTER TABLE invites DROP COLUMN history;
ALTER TABLE invites DROP COLUMN altitude;
ALTER TABLE invites DROP COLUMN water;
