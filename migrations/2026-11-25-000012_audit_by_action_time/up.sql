-- For the security report: how many of an action within an hour, and how many of them failed.
CREATE INDEX audit_by_action_time ON audit (action, at, outcome);
