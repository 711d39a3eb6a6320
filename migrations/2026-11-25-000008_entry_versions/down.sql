DROP INDEX entries_by_change;
CREATE INDEX entries_by_change ON entries (user_id, updated_at);
DROP TABLE entry_versions;
