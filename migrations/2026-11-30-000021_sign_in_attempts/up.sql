-- Passwords and codes that are being looked at. Each counts at its name until it is settled, and is taken away by nobody else.
CREATE TABLE sign_in_attempts (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX sign_in_attempts_by_name ON sign_in_attempts (username, at);
CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (at);

-- Sign-ins whose password was right and whose code is still to come: good once, from one network, for this very password.
CREATE TABLE sign_in_continuations (
    hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    network TEXT NOT NULL,
    password_digest TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_continuations_by_user ON sign_in_continuations (user_id);
CREATE INDEX sign_in_continuations_by_end ON sign_in_continuations (expires_at);
