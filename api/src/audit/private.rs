//! The records about somebody's own life: when they log, whom they let watch and on what terms, and who looked at them. HTTP shows them
//! only to the people they name, and nothing tells others that they are there. The operator's commands show all of them.

use diesel::prelude::*;

use super::handlers::AuditRecord;
use crate::{
    account::model::User,
    clock::Timestamp,
    db::{DbConnection, schema::audit},
    trail::{Action, AuditRow},
};

pub(super) const PRIVATE: [Action; 10] = [
    Action::EntryCreate,
    Action::EntryUpdate,
    Action::EntryDelete,
    Action::EntryRestore,
    Action::EntryRewind,
    Action::EntryRecompute,
    Action::ShareRequest,
    Action::ShareUpdate,
    Action::ShareEnd,
    Action::PersonLook,
];

/// An admin who reads the log.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(super) username: String,
    /// The creation of the account: older records are about an earlier owner of the name.
    pub(super) since: Timestamp,
}

impl Reader {
    #[must_use]
    pub fn new(user: &User) -> Self {
        Self { username: (&user.username).into(), since: user.created_at }
    }

    /// The number of records after the first and up to the second that are hidden from the reader.
    fn hidden_between(&self, conn: &mut DbConnection, after: i64, up_to: i64) -> QueryResult<i64> {
        let Self { username, since } = self;
        let by_others = audit::actor.is_null().or(audit::actor.ne(username));
        let about_others = audit::target.is_null().or(audit::target.ne(username));
        audit::table
            .filter(audit::id.gt(after))
            .filter(audit::id.le(up_to))
            .filter(audit::action.eq_any(PRIVATE))
            .filter(audit::at.lt(since.0).or(by_others.and(about_others)))
            .count()
            .get_result(conn)
    }
}

/// Numbers records for their reader as if there were no others, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbering {
    last: i64,
    hidden: i64,
}

impl Numbering {
    pub fn next(&mut self, conn: &mut DbConnection, reader: &Reader, row: AuditRow) -> QueryResult<AuditRecord> {
        // Records sorted by time are not in the order of their ids where the clock was set back.
        if row.id < self.last {
            *self = Self::default();
        }
        self.hidden += reader.hidden_between(conn, self.last, row.id)?;
        self.last = row.id;
        let id = row.id - self.hidden;
        Ok(AuditRow { id, ..row }.view())
    }
}
