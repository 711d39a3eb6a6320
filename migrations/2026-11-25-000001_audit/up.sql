-- Who did what to whom, when, from where, with what outcome. Each row's hash covers the row and the hash before it.
-- That rows are only ever added is enforced by triggers, which SQLite and PostgreSQL write differently: db/guards.rs makes them.
CREATE TABLE audit (
    id BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT,
    action TEXT NOT NULL,
    target TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('success', 'failure', 'denied')),
    address TEXT,
    request_id TEXT,
    detail TEXT,
    hash TEXT NOT NULL
);
CREATE INDEX audit_by_actor ON audit (actor, at, id);
CREATE INDEX audit_by_action ON audit (action, at, id);
CREATE INDEX audit_by_target ON audit (target, at, id);
CREATE INDEX audit_by_time ON audit (at, id);

-- The newest row, so that a missing end is noticed like a missing middle.
CREATE TABLE audit_head (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, last, hash) VALUES (1, 0, '');

-- Where the chain begins after old rows have been let go: the last of them and its hash.
CREATE TABLE audit_anchors (
    id BIGINT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    at BIGINT NOT NULL
);
