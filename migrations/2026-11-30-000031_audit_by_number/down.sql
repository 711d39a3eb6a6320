DROP INDEX audit_by_number;
