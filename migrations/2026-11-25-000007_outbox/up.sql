-- What changed about a person, in order, for those who watch. `level` is the least that somebody has to see of the topic to notice:
-- 1 that something was logged, 2 bands, 3 exact values. It holds no value itself.
CREATE TABLE outbox (
    id BIGINT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    topic TEXT NOT NULL CHECK (topic IN ('water', 'altitude', 'person', 'share', 'own')),
    level SMALLINT NOT NULL CHECK (level BETWEEN 1 AND 3),
    -- The entry, or the viewer whose share or presence changed; none where it is about all there is of the topic. What is the
    -- person's `own` reaches nobody else.
    subject TEXT
);
CREATE INDEX outbox_by_person ON outbox (person_id, id);
CREATE INDEX outbox_by_topic ON outbox (person_id, topic, level, id);

-- The newest number given out and the newest one let go, so that no number is given twice and a gap is known to be one.
CREATE TABLE outbox_head (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL,
    pruned BIGINT NOT NULL
);
INSERT INTO outbox_head (id, last, pruned) VALUES (1, 0, 0);

-- Who watches whom at the moment, through which server process. A process that stopped telling is gone, and its watchers with it.
CREATE TABLE processes (
    id TEXT NOT NULL PRIMARY KEY,
    seen_at BIGINT NOT NULL
);
CREATE INDEX processes_by_time ON processes (seen_at);
CREATE TABLE watchers (
    person_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    viewer_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    process_id TEXT NOT NULL REFERENCES processes (id) ON DELETE CASCADE,
    since BIGINT NOT NULL,
    PRIMARY KEY (person_id, viewer_id, process_id)
);
CREATE INDEX watchers_by_viewer ON watchers (viewer_id);
CREATE INDEX watchers_by_process ON watchers (process_id);
