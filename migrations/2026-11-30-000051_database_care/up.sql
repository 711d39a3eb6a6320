-- The last time that each kind of care was taken of this file, and what it found.
CREATE TABLE database_care (
    task TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    finding TEXT
);
-- The newest migration that a program has to know to run on this database. A later migration that older programs can live with leaves it alone.
CREATE TABLE schema_floor (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    migration TEXT NOT NULL
);
INSERT INTO schema_floor (id, migration) VALUES (1, '20261130000051');
