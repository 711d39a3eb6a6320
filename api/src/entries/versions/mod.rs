//! How entries were before they were changed. Nothing of what was logged is lost by an edit or a delete.
//!
//! `GET /entries/{id}/versions`, `POST /entries/{id}/versions/{number}/restore`

pub mod handlers;

use std::collections::HashMap;

use diesel::{
    declare_sql_function,
    prelude::*,
    sql_types::{Integer, Nullable, Text},
};

use super::{
    day::Day,
    model::{Entry, changed_at},
};
use crate::{
    account::{ids::PersonId, username::Username},
    clock::Timestamp,
    db::{
        DbConnection,
        schema::{entries, entry_versions},
    },
    id::EntryId,
};

/// How an entry was from `valid_from` until `replaced_at`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = entry_versions)]
pub struct EntryVersion {
    entry_id: EntryId,
    /// 1 is the oldest version of this entry.
    pub number: i32,
    pub value: i32,
    pub at: Timestamp,
    pub day: Day,
    pub note: Option<String>,
    tags: String,
    pub deleted_at: Option<Timestamp>,
    pub valid_from: Timestamp,
    pub replaced_at: Timestamp,
    /// The user name of the one who changed it.
    pub replaced_by: Username,
    pub fl_oz_tenths: Option<i32>,
}

impl EntryVersion {
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        serde_json::from_str(&self.tags).unwrap_or_default()
    }

    /// `entry` put back to this version, with the day it had.
    #[must_use]
    pub fn put_back(&self, entry: &Entry, now: Timestamp) -> Entry {
        Entry {
            value: self.value,
            at: self.at,
            day: self.day.clone(),
            note: self.note.clone(),
            tags: self.tags.clone(),
            updated_at: now,
            deleted_at: self.deleted_at.map(|_| now),
            fl_oz_tenths: self.fl_oz_tenths,
            ..entry.clone()
        }
    }
}

#[declare_sql_function]
extern "SQL" {
    fn coalesce(number: Nullable<Integer>, otherwise: Integer) -> Integer;
}

/// Saves how entries of `owner` are before they are changed by `by` at `now`.
pub fn save_versions(
    conn: &mut DbConnection,
    owner: &PersonId,
    ids: &[&EntryId],
    by: &Username,
    now: Timestamp,
) -> QueryResult<()> {
    // A query of Diesel's own, because raw SQL would not be cached as a statement.
    let last = entry_versions::table
        .filter(entry_versions::user_id.eq(entries::user_id))
        .filter(entry_versions::entry_id.eq(entries::id))
        .select(entry_versions::number + 1)
        .order(entry_versions::number.desc())
        .limit(1);
    let next = coalesce(last.single_value(), 1);
    let own = entries::table.filter(entries::user_id.eq(owner)).into_boxed();
    // The usual case is a statement of its own, which is cached: the other has another text for each number of ids.
    let those = match ids {
        [id] => own.filter(entries::id.eq(*id)),
        _ => own.filter(entries::id.eq_any(ids)),
    };
    those
        .select((
            entries::user_id,
            entries::id,
            next,
            entries::value,
            entries::at,
            entries::day,
            entries::note,
            entries::tags,
            entries::deleted_at,
            entries::updated_at,
            changed_at(now),
            by.into_sql::<Text>(),
            entries::fl_oz_tenths,
        ))
        .insert_into(entry_versions::table)
        .into_columns((
            entry_versions::user_id,
            entry_versions::entry_id,
            entry_versions::number,
            entry_versions::value,
            entry_versions::at,
            entry_versions::day,
            entry_versions::note,
            entry_versions::tags,
            entry_versions::deleted_at,
            entry_versions::valid_from,
            entry_versions::replaced_at,
            entry_versions::replaced_by,
            entry_versions::fl_oz_tenths,
        ))
        .execute(conn)
        .map(drop)
}

pub fn find_version(conn: &mut DbConnection, entry: &Entry, number: i32) -> QueryResult<Option<EntryVersion>> {
    entry_versions::table
        .find((&entry.user_id, &entry.id, number))
        .select(EntryVersion::as_select())
        .first(conn)
        .optional()
}

/// At most `limit` versions of an entry below the number `before`, newest first.
pub fn list_versions(
    conn: &mut DbConnection,
    entry: &Entry,
    before: i32,
    limit: u32,
) -> QueryResult<Vec<EntryVersion>> {
    entry_versions::table
        .filter(entry_versions::user_id.eq(&entry.user_id))
        .filter(entry_versions::entry_id.eq(&entry.id))
        .filter(entry_versions::number.lt(before))
        .order(entry_versions::number.desc())
        .limit(i64::from(limit))
        .select(EntryVersion::as_select())
        .load(conn)
}

/// The version of each of these entries, all changed since `to`, that held at that moment; none where the entry was not there yet, or its
/// versions were not stored.
///
/// It is the last version that began by then: a clock that was set back may show the same hour twice, and the last write counts.
pub fn versions_at(
    conn: &mut DbConnection,
    owner: &PersonId,
    ids: Vec<&EntryId>,
    to: Timestamp,
) -> QueryResult<HashMap<EntryId, EntryVersion>> {
    let versions: Vec<EntryVersion> = entry_versions::table
        .filter(entry_versions::user_id.eq(owner))
        .filter(entry_versions::entry_id.eq_any(ids))
        .filter(entry_versions::valid_from.le(to))
        .order((entry_versions::entry_id, entry_versions::number))
        .select(EntryVersion::as_select())
        .load(conn)?;
    // The last of each wins.
    Ok(versions.into_iter().map(|version| (version.entry_id.clone(), version)).collect())
}
