-- Failed sign-ins by the name that was typed, whether or not anybody is called that.
CREATE TABLE sign_in_failures (
    username TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_at);
