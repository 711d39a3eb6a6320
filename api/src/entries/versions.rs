//! How entries were before they were changed. Nothing of what was logged is lost by an edit or a delete.

use diesel::{dsl::max, prelude::*};

use super::model::Entry;
use crate::db::{DbConnection, schema::entry_versions};

/// How an entry was from `valid_from` until `replaced_at`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = entry_versions)]
pub struct EntryVersion {
    user_id: String,
    pub entry_id: String,
    /// 1 is the oldest of this entry.
    pub number: i32,
    pub value: i32,
    pub at: i64,
    pub day: String,
    pub note: Option<String>,
    pub tags: String,
    pub deleted_at: Option<i64>,
    pub valid_from: i64,
    pub replaced_at: i64,
    /// The user name of whoever changed it.
    pub replaced_by: String,
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
        tags: before.tags_text().to_owned(),
        deleted_at: before.deleted_at,
        valid_from: before.updated_at,
        replaced_at,
        replaced_by: by.to_owned(),
    };
    diesel::insert_into(entry_versions::table).values(version).execute(conn).map(drop)
}
