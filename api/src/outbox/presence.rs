//! Presence: the viewers who watch at the moment, through any process. Each process writes that it is alive; the rows of one that no longer
//! does count for nothing.

use diesel::prelude::*;

use crate::{
    account::ids::{PersonId, ViewerId},
    clock::{SECOND, Timestamp},
    db::{
        DbConnection,
        schema::{processes, watchers},
    },
};

/// How long a process counts as alive after its last sign of life, and as long before it, in case the clock was set back.
pub const LEASE: i64 = 45 * SECOND;

/// Whether somebody watches a person at `now`.
pub fn is_watching(
    conn: &mut DbConnection,
    person_id: &PersonId,
    viewer_id: &ViewerId,
    now: Timestamp,
) -> QueryResult<bool> {
    let found: Option<String> = watchers::table
        .inner_join(processes::table)
        .filter(watchers::person_id.eq(person_id))
        .filter(watchers::viewer_id.eq(viewer_id))
        .filter(processes::seen_at.between(now.0 - LEASE + 1, now.0 + LEASE))
        .select(watchers::viewer_id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// The ids of those who watch a person at `now`, each with the instant since when, in no order. Somebody may be there twice, through two
/// processes.
pub fn watchers_of(
    conn: &mut DbConnection,
    person_id: &PersonId,
    now: Timestamp,
) -> QueryResult<Vec<(ViewerId, Timestamp)>> {
    watchers::table
        .inner_join(processes::table)
        .filter(watchers::person_id.eq(person_id))
        .filter(processes::seen_at.between(now.0 - LEASE + 1, now.0 + LEASE))
        .select((watchers::viewer_id, watchers::since))
        .load(conn)
}
