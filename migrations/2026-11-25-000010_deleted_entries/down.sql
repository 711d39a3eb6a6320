DROP INDEX entries_deleted;
