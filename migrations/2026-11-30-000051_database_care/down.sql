DROP TABLE schema_floor;
DROP TABLE database_care;
