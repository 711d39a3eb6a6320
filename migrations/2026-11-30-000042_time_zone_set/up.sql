-- Whether anybody ever chose the zone: one that nobody chose gives way to the one of the first device. UTC is what an account is made with.
ALTER TABLE users ADD COLUMN time_zone_set SMALLINT NOT NULL DEFAULT 0;
UPDATE users SET time_zone_set = 1 WHERE time_zone <> 'UTC';
