-- The secret is sealed with a key that is not in the database. Until it is confirmed it asks nobody for anything. `last_step` is the
-- last time step whose code was taken: none is taken twice.
CREATE TABLE second_factors (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret TEXT NOT NULL,
    confirmed_at BIGINT,
    last_step BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    PRIMARY KEY (user_id, hash)
);

-- Set after a reset: until then the password lets its owner in to choose another, and no longer.
ALTER TABLE users ADD COLUMN temporary_password_until BIGINT;
