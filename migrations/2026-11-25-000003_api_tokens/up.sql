-- An API token is a session like any other, with a name, scopes and the hash of what was shown once. The table is made anew, because
-- a CHECK cannot be changed in place.
DROP INDEX sessions_by_user;
ALTER TABLE sessions RENAME TO sessions_old;
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('cookie', 'jwt', 'api_token')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT,
    address TEXT,
    last_seen_at BIGINT NOT NULL,
    name TEXT,
    scopes TEXT,
    secret_hash TEXT
);
INSERT INTO sessions (id, user_id, kind, created_at, expires_at, user_agent, address, last_seen_at)
SELECT id, user_id, kind, created_at, expires_at, user_agent, address, last_seen_at FROM sessions_old;
DROP TABLE sessions_old;
CREATE INDEX sessions_by_user ON sessions (user_id, expires_at);
