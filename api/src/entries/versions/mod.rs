//! How entries were before they were changed. Nothing of what was logged is lost by an edit or a delete.
//!
//! `GET /entries/{id}/versions`, `POST /entries/{id}/versions/{number}/restore`

pub mod handlers;

use diesel::{dsl::max, prelude::*};

use super::model::Entry;
use crate::{
    clock::Timestamp,
    db::{DbConnection, schema::entry_versions},
};

/// How an entry was from `valid_from` until `replaced_at`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = entry_versions)]
pub struct EntryVersion {
    user_id: String,
    entry_id: String,
    /// 1 is the oldest of this entry.
    pub number: i32,
    pub value: i32,
    pub at: i64,
    pub day: String,
    pub note: Option<String>,
    tags: String,
    pub deleted_at: Option<i64>,
    pub valid_from: i64,
    pub replaced_at: i64,
    /// The user name of whoever changed it.
    pub replaced_by: String,
}

impl EntryVersion {
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        serde_json::from_str(&self.tags).unwrap_or_default()
    }

    /// `entry` once it is put back to this, with the day it had.
    #[must_use]
    pub fn put_back(self, entry: &Entry, now: Timestamp) -> Entry {
        Entry {
            value: self.value,
            at: self.at,
            day: self.day,
            note: self.note,
            tags: self.tags,
            updated_at: now.0,
            deleted_at: self.deleted_at.map(|_| now.0),
            ..entry.clone()
        }
    }
}

/// Keeps how the entry was `before` it was changed by `by` at `replaced_at`.
pub fn keep(conn: &mut DbConnection, before: &Entry, by: &str, replaced_at: i64) -> QueryResult<()> {
    let newest: Option<i32> = entry_versions::table
        .filter(entry_versions::user_id.eq(&before.user_id))
        .filter(entry_versions::entry_id.eq(&before.id))
        .select(max(entry_versions::number))
        .first(conn)?;
    let version = EntryVersion {
        user_id: before.user_id.clone(),
        entry_id: before.id.clone(),
        number: newest.unwrap_or(0) + 1,
        value: before.value,
        at: before.at,
        day: before.day.clone(),
        note: before.note.clone(),
        tags: before.tags.clone(),
        deleted_at: before.deleted_at,
        valid_from: before.updated_at,
        replaced_at,
        replaced_by: by.to_owned(),
    };
    diesel::insert_into(entry_versions::table).values(version).execute(conn).map(drop)
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

/// The version that an entry, changed since `to`, was at that moment; `None` where it was not there yet, or nothing was kept of it.
///
/// The last one that began by then: a clock that was set back may tell the same hour twice, and what was written last under it counts.
pub fn version_at(conn: &mut DbConnection, entry: &Entry, to: Timestamp) -> QueryResult<Option<EntryVersion>> {
    entry_versions::table
        .filter(entry_versions::user_id.eq(&entry.user_id))
        .filter(entry_versions::entry_id.eq(&entry.id))
        .filter(entry_versions::valid_from.le(to.0))
        .order(entry_versions::number.desc())
        .select(EntryVersion::as_select())
        .first(conn)
        .optional()
}
