DROP INDEX sessions_by_user;
ALTER TABLE sessions RENAME TO sessions_new;
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('cookie', 'jwt')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
ALTER TABLE sessions ADD COLUMN user_agent TEXT;
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN last_seen_at BIGINT NOT NULL DEFAULT 0;
INSERT INTO sessions (id, user_id, kind, created_at, expires_at, user_agent, address, last_seen_at)
SELECT id, user_id, kind, created_at, expires_at, user_agent, address, last_seen_at FROM sessions_new WHERE kind <> 'api_token';
DROP TABLE sessions_new;
CREATE INDEX sessions_by_user ON sessions (user_id, expires_at);
