//! Triggers by which the database itself refuses to change or remove an audit record. Not part of the migrations, because triggers
//! are the one thing that SQLite and PostgreSQL write differently; created again at every start, so that a dropped one comes back.

/// A record may go only once an anchor stands for it, and an anchor never.
pub const SQLITE: &str = "
CREATE TRIGGER IF NOT EXISTS audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END;
CREATE TRIGGER IF NOT EXISTS audit_is_not_removed BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_anchors WHERE id >= OLD.id)
BEGIN SELECT RAISE(ABORT, 'audit records are removed only behind an anchor'); END;
CREATE TRIGGER IF NOT EXISTS audit_anchors_are_not_changed BEFORE UPDATE ON audit_anchors
BEGIN SELECT RAISE(ABORT, 'audit anchors are never changed'); END;
CREATE TRIGGER IF NOT EXISTS audit_anchors_are_not_removed BEFORE DELETE ON audit_anchors
BEGIN SELECT RAISE(ABORT, 'audit anchors are never removed'); END;
CREATE TRIGGER IF NOT EXISTS audit_head_moves_forward BEFORE UPDATE ON audit_head
WHEN NEW.last <> OLD.last + 1
BEGIN SELECT RAISE(ABORT, 'the audit head moves one record at a time'); END;
CREATE TRIGGER IF NOT EXISTS audit_head_is_not_removed BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit head stays'); END;
";
