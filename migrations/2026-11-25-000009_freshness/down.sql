ALTER TABLE users DROP COLUMN stale_after_hours;
ALTER TABLE users DROP COLUMN ageing_after_hours;
