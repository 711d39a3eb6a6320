-- The one row that health writes to find out whether writes are kept.
CREATE TABLE probes (
    id INTEGER PRIMARY KEY NOT NULL,
    filling TEXT NOT NULL
);
