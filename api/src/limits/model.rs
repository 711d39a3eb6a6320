//! Queries of the security report: what it counts and lists.

use diesel::prelude::*;

use super::suspicion::{SecurityEventKind, private_place};
use crate::{
    account::{model::User, username::Username},
    clock::Timestamp,
    db::{
        DbConnection,
        schema::{audit, security_events},
    },
    trail::{Action, Outcome},
    words::Stored,
};

/// Failed sign-ins between two instants.
pub fn count_failed_sign_ins(conn: &mut DbConnection, from: Timestamp, to: Timestamp) -> QueryResult<i64> {
    audit::table
        .filter(audit::action.eq(Action::Login))
        .filter(audit::at.ge(from.0).and(audit::at.lt(to.0)))
        .filter(audit::outcome.ne(Outcome::Success))
        .count()
        .get_result(conn)
}

pub fn count_penalties(conn: &mut DbConnection, from: Timestamp, to: Timestamp) -> QueryResult<i64> {
    audit::table
        .filter(audit::action.eq(Action::PenaltyImpose))
        .filter(audit::at.ge(from.0).and(audit::at.lt(to.0)))
        .count()
        .get_result(conn)
}

pub fn count_csp_reports(conn: &mut DbConnection, from: Timestamp, to: Timestamp) -> QueryResult<i64> {
    security_events::table
        .filter(security_events::at.ge(from.0).and(security_events::at.lt(to.0)))
        .filter(security_events::kind.eq(SecurityEventKind::CspReport))
        .count()
        .get_result(conn)
}

/// When, at which name, from where, in which request.
pub type FailedSignInRow = (Timestamp, Option<String>, Option<String>, Option<String>);

/// The newest failed sign-ins since `since`.
pub fn failed_sign_ins(conn: &mut DbConnection, since: Timestamp, limit: i64) -> QueryResult<Vec<FailedSignInRow>> {
    audit::table
        .filter(audit::action.eq(Action::Login))
        .filter(audit::at.ge(since.0))
        .filter(audit::outcome.ne(Outcome::Success))
        .order(audit::at.desc())
        .limit(limit)
        .select((audit::at, audit::target, audit::address, audit::request_id))
        .load(conn)
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = security_events)]
pub struct SuspiciousRow {
    pub at: Timestamp,
    pub kind: Stored<SecurityEventKind>,
    pub address: Option<String>,
    pub username: Option<Username>,
    pub detail: String,
    pub request_id: Option<String>,
}

impl SuspiciousRow {
    /// A request to a private address says when its user logged, or whom they watch: only they see it.
    fn is_shown_to(&self, reader: &User) -> bool {
        let own = self.username.as_ref() == Some(&reader.username) && self.at >= reader.created_at;
        own || self.username.is_none() || private_place(&self.detail).is_none()
    }
}

/// The suspicious requests since `since` that `reader` may see, newest first. [`super::SecurityLog`] bounds how many there are.
pub fn suspicious(conn: &mut DbConnection, reader: &User, since: Timestamp) -> QueryResult<Vec<SuspiciousRow>> {
    let mut found: Vec<SuspiciousRow> = security_events::table
        .filter(security_events::at.ge(since.0))
        .filter(security_events::kind.ne(SecurityEventKind::CspReport))
        .order(security_events::at.desc())
        .select(SuspiciousRow::as_select())
        .load(conn)?;
    found.retain(|row| row.is_shown_to(reader));
    Ok(found)
}
