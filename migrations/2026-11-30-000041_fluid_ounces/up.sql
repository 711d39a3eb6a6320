-- What was typed in fluid ounces keeps its tenths of an ounce beside the millilitres, so that sums in ounces are sums of what was typed.
ALTER TABLE entries ADD COLUMN fl_oz_tenths INTEGER;
ALTER TABLE entry_versions ADD COLUMN fl_oz_tenths INTEGER;
-- With them, so that a day is summed from the index alone.
DROP INDEX entries_by_day;
CREATE INDEX entries_by_day ON entries (user_id, metric, day, value, fl_oz_tenths) WHERE deleted_at IS NULL;
