DROP TABLE watchers;
DROP TABLE processes;
DROP TABLE outbox_head;
DROP TABLE outbox;
