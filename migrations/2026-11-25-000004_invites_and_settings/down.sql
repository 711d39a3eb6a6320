DROP TABLE settings;
DROP TABLE invites;
