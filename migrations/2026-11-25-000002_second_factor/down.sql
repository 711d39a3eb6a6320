ALTER TABLE users DROP COLUMN temporary_password_until;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
