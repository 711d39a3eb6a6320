//! The one place where an entry, how it was before and its row in the outbox are written together.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{
    model::{Entry, changed_at},
    versions,
};
use crate::{
    account::{ids::PersonId, username::Username},
    clock::Timestamp,
    db::{DbConnection, schema::entries::dsl},
    id::EntryId,
    metric::Detail,
    outbox::{self, Subject, Topic},
};

/// Logs an entry and notifies those who watch.
pub fn insert_entry(conn: &mut DbConnection, entry: &Entry) -> QueryResult<()> {
    insert_entries(conn, std::slice::from_ref(entry))?;
    entry_changed(conn, None, entry)
}

/// Inserts in bulk, for data that is made rather than logged: nobody is notified.
pub fn insert_entries(conn: &mut DbConnection, entries: &[Entry]) -> QueryResult<()> {
    entries.iter().try_for_each(|entry| diesel::insert_into(dsl::entries).values(entry).execute(conn).map(drop))
}

/// Changes an entry from `before` to `after` in the name of `by`, saves the version before, and notifies those who watch.
///
/// `after.updated_at` has to be the time at which the writer runs: changes overtake one another on their way there, and a client takes the
/// entry that was changed last. It counts as later than the change before it, even where the clock was put back.
pub fn change_entry(conn: &mut DbConnection, before: &Entry, after: &mut Entry, by: &Username) -> QueryResult<()> {
    after.updated_at = changed_after(before, after.updated_at);
    versions::save_versions(conn, &before.user_id, &[&before.id], by, after.updated_at)?;
    update_entry(conn, after)?;
    entry_changed(conn, Some(before), after)
}

/// Changes many entries of `owner`, each from before to after, as a change by `by`. Nobody is notified.
///
/// The `updated_at` of each is `changed_after` the one before.
///
/// Changes that only move entries to one day, or only delete them, take one statement.
pub fn change_entries(
    conn: &mut DbConnection,
    owner: &PersonId,
    changes: &[(Entry, Entry)],
    by: &Username,
    now: Timestamp,
) -> QueryResult<()> {
    let ids: Vec<&EntryId> = changes.iter().map(|(before, _)| &before.id).collect();
    versions::save_versions(conn, owner, &ids, by, now)?;
    let mut alike: BTreeMap<_, Vec<&EntryId>> = BTreeMap::new();
    for (before, after) in changes {
        if before.at == after.at && before.same_content(after) {
            alike.entry((&after.day, after.deleted_at)).or_default().push(&after.id);
        } else {
            update_entry(conn, after)?;
        }
    }
    for ((day, deleted_at), ids) in alike {
        diesel::update(dsl::entries.filter(dsl::user_id.eq(owner)).filter(dsl::id.eq_any(ids)))
            .set((dsl::day.eq(day), dsl::updated_at.eq(changed_at(now)), dsl::deleted_at.eq(deleted_at)))
            .execute(conn)?;
    }
    Ok(())
}

/// The time that a change at `now` counts as: at least a millisecond after the change before it, whatever the clock says.
pub(super) fn changed_after(before: &Entry, now: Timestamp) -> Timestamp {
    now.max(Timestamp(before.updated_at.0 + 1))
}

/// Leaves out the columns that never change: SQLite would look for rows that refer to them.
fn update_entry(conn: &mut DbConnection, entry: &Entry) -> QueryResult<()> {
    diesel::update(dsl::entries.find((&entry.user_id, &entry.id)))
        .set((
            dsl::value.eq(entry.value),
            dsl::at.eq(entry.at),
            dsl::day.eq(&entry.day),
            dsl::note.eq(&entry.note),
            dsl::tags.eq(&entry.tags),
            dsl::updated_at.eq(entry.updated_at),
            dsl::deleted_at.eq(entry.deleted_at),
            dsl::fl_oz_tenths.eq(entry.fl_oz_tenths),
        ))
        .execute(conn)
        .map(drop)
}

/// Records that an entry was logged, changed, deleted or restored: `before` is how it was, if it existed.
fn entry_changed(conn: &mut DbConnection, before: Option<&Entry>, after: &Entry) -> QueryResult<()> {
    let Some(level) = before.map_or(Some(Detail::Logged), |before| least_detail(before, after)) else { return Ok(()) };
    outbox::add(conn, &after.user_id, Topic::Metric(after.metric()), level, Subject::Entry(&after.id), after.updated_at)
}

/// The least detail of a metric with which somebody can tell the two apart; `None` if nobody can.
#[must_use]
pub fn least_detail(before: &Entry, after: &Entry) -> Option<Detail> {
    if before.deleted_at.is_some() && after.deleted_at.is_some() {
        return None;
    }
    if (before.deleted_at.is_some(), before.at, &before.day) != (after.deleted_at.is_some(), after.at, &after.day) {
        return Some(Detail::Logged);
    }
    let metric = after.metric();
    if metric.band(before.value) != metric.band(after.value) {
        return Some(Detail::Band);
    }
    (!before.same_content(after)).then_some(Detail::Exact)
}
