-- Callers who went on after they had been refused: `caller` is `user <id>` or `address <network>`.
CREATE TABLE penalties (
    id TEXT NOT NULL PRIMARY KEY,
    caller TEXT NOT NULL UNIQUE,
    level INTEGER NOT NULL,
    until BIGINT NOT NULL,
    imposed_at BIGINT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX penalties_by_end ON penalties (until);

-- What looked like an attack, and what browsers report as refused by the page's policy.
CREATE TABLE security_events (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    address TEXT,
    username TEXT,
    detail TEXT NOT NULL,
    request_id TEXT
);
CREATE INDEX security_events_by_time ON security_events (at, kind);
