CREATE INDEX audit_by_number ON audit (id, action, actor, target, at);
