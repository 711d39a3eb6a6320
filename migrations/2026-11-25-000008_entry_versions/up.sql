-- How an entry was before each change, and who changed it. `valid_from` is when that began, `replaced_at` when it ended.
CREATE TABLE entry_versions (
    user_id TEXT NOT NULL,
    entry_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    value INTEGER NOT NULL,
    at BIGINT NOT NULL,
    day TEXT NOT NULL,
    note TEXT,
    tags TEXT NOT NULL,
    deleted_at BIGINT,
    valid_from BIGINT NOT NULL,
    replaced_at BIGINT NOT NULL,
    replaced_by TEXT NOT NULL,
    PRIMARY KEY (user_id, entry_id, number),
    FOREIGN KEY (user_id, entry_id) REFERENCES entries (user_id, id) ON DELETE CASCADE
);
-- With the id, so that entries that were changed at one instant can be walked through, too.
DROP INDEX entries_by_change;
CREATE INDEX entries_by_change ON entries (user_id, updated_at, id);
