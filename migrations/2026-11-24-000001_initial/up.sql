-- Column types stay within what SQLite and PostgreSQL share: instants are BIGINT milliseconds since the Unix epoch,
-- flags are SMALLINT 0 or 1, ids are UUIDv7 as text, lists are JSON text.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    -- Always lower case, so that one name cannot be taken twice in two spellings.
    username TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'viewer')),
    disabled SMALLINT NOT NULL DEFAULT 0,
    password_hash TEXT NOT NULL,
    privacy_policy_version TEXT,
    privacy_policy_accepted_at BIGINT,
    time_zone TEXT NOT NULL,
    day_starts_at SMALLINT NOT NULL CHECK (day_starts_at BETWEEN 0 AND 6),
    unit TEXT NOT NULL CHECK (unit IN ('ml', 'fl_oz')),
    daily_goal_ml INTEGER NOT NULL,
    water_presets_ml TEXT NOT NULL,
    last_login_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX users_by_role ON users (role, disabled, username, id);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('cookie', 'jwt')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id, expires_at);

-- An entry's id is chosen by the client that logs it and is unique within its owner only: the id of somebody else's
-- entry is then simply unknown, and a retry under the same id finds its first attempt.
CREATE TABLE entries (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    metric TEXT NOT NULL,
    value INTEGER NOT NULL,
    at BIGINT NOT NULL,
    day TEXT NOT NULL,
    note TEXT,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (user_id, id),
    CHECK ((metric = 'water' AND value BETWEEN 1 AND 5000) OR (metric = 'altitude' AND value BETWEEN 1 AND 10))
);
-- In this order: where SQLite thinks both as good for a metric within a span of time, it takes the one that was made first.
CREATE INDEX entries_by_metric_time ON entries (user_id, metric, at, id) WHERE deleted_at IS NULL;
CREATE INDEX entries_by_time ON entries (user_id, at, id) WHERE deleted_at IS NULL;
CREATE INDEX entries_by_day ON entries (user_id, metric, day, value) WHERE deleted_at IS NULL;
CREATE INDEX entries_by_change ON entries (user_id, updated_at);
