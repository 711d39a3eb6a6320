DROP INDEX entries_by_day;
CREATE INDEX entries_by_day ON entries (user_id, metric, day, value) WHERE deleted_at IS NULL;
ALTER TABLE entry_versions DROP COLUMN fl_oz_tenths;
ALTER TABLE entries DROP COLUMN fl_oz_tenths;
