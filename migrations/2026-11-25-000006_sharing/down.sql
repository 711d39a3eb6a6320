DROP TABLE looks;
DROP TABLE shares;
ALTER TABLE users DROP COLUMN sharing;
