-- From which age on, in hours, a person's status counts as ageing and as stale.
ALTER TABLE users ADD COLUMN ageing_after_hours SMALLINT NOT NULL DEFAULT 6;
ALTER TABLE users ADD COLUMN stale_after_hours SMALLINT NOT NULL DEFAULT 24;
