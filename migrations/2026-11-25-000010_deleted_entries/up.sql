-- What somebody deleted is listed by when, beside however much they kept.
CREATE INDEX entries_deleted ON entries (user_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
