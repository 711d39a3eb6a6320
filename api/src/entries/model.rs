//! Entry rows. Every query is bound to one owner, so that another's entry cannot even be named.

use chrono::NaiveDate;
use diesel::{
    dsl::{case_when, sum},
    prelude::*,
};

use super::{day::Day, ounces::DayTotal};
use crate::{
    account::ids::PersonId,
    clock::{Timestamp, bounds_of_day},
    db::{
        DbConnection,
        schema::entries::{self, dsl},
    },
    id::EntryId,
    metric::Metric,
};

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = entries)]
pub struct Entry {
    pub user_id: PersonId,
    pub id: EntryId,
    pub(super) metric: Metric,
    pub value: i32,
    pub at: Timestamp,
    pub day: Day,
    pub note: Option<String>,
    /// As JSON.
    pub(super) tags: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    /// The ounces, in tenths, of water that was typed in fluid ounces.
    pub fl_oz_tenths: Option<i32>,
}

impl Entry {
    #[must_use]
    pub fn new(
        user_id: PersonId,
        id: EntryId,
        metric: Metric,
        value: i32,
        at: Timestamp,
        day: NaiveDate,
        now: Timestamp,
    ) -> Self {
        Self {
            user_id,
            id,
            metric,
            value,
            at,
            day: day.into(),
            note: None,
            tags: "[]".to_owned(),
            created_at: now,
            updated_at: now,
            deleted_at: None,
            fl_oz_tenths: None,
        }
    }

    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric
    }

    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        serde_json::from_str(&self.tags).unwrap_or_default()
    }

    pub fn set_tags(&mut self, tags: &[String]) {
        self.tags = serde_json::json!(tags).to_string();
    }

    /// Moves the entry to `at`, which belongs to `day`. The day of an entry that is there already was fixed when it was written.
    pub fn move_to(&mut self, at: Timestamp, day: NaiveDate) {
        if self.at != at {
            self.at = at;
            self.day = day.into();
        }
    }

    /// Whether both have the same content, whenever it happened.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        let content = |entry: &Self| (entry.metric, entry.value, entry.fl_oz_tenths);
        content(self) == content(other) && (&self.note, &self.tags) == (&other.note, &other.tags)
    }
}

/// The owner's entry of this id, deleted or not.
pub fn find_entry(conn: &mut DbConnection, owner: &PersonId, id: &EntryId) -> QueryResult<Option<Entry>> {
    dsl::entries.find((owner, id)).select(Entry::as_select()).first(conn).optional()
}

/// The owner's entries with these ids, deleted or not.
pub fn entries_of(conn: &mut DbConnection, owner: &PersonId, ids: &[&EntryId]) -> QueryResult<Vec<Entry>> {
    dsl::entries
        .filter(dsl::user_id.eq(owner))
        .filter(dsl::id.eq_any(ids.to_vec()))
        .select(Entry::as_select())
        .load(conn)
}

/// `changed_after` (entries/change.rs) as an expression, for many at once.
#[must_use]
#[diesel::dsl::auto_type(no_type_alias)]
pub fn changed_at(now: Timestamp) -> _ {
    diesel::dsl::case_when(dsl::updated_at.ge(now), dsl::updated_at + 1_i64).otherwise(now)
}

/// At most `limit` entries of `owner`, deleted ones too, beyond the position `after`, in the order in which they were last changed.
pub fn entries_by_change(
    conn: &mut DbConnection,
    owner: &PersonId,
    (at, id): (i64, &EntryId),
    limit: u32,
) -> QueryResult<Vec<Entry>> {
    dsl::entries
        .filter(dsl::user_id.eq(owner))
        .filter(dsl::updated_at.ge(at))
        .filter(dsl::updated_at.gt(at).or(dsl::id.gt(id)))
        .order((dsl::updated_at, dsl::id))
        .limit(i64::from(limit))
        .select(Entry::as_select())
        .load(conn)
}

/// At most `limit` deleted entries of `owner` before the position, the last one deleted first.
pub fn deleted_entries(
    conn: &mut DbConnection,
    owner: &PersonId,
    (at, id): (i64, &EntryId),
    limit: u32,
) -> QueryResult<Vec<Entry>> {
    dsl::entries
        .filter(dsl::user_id.eq(owner))
        .filter(dsl::deleted_at.le(at))
        .filter(dsl::deleted_at.lt(at).or(dsl::id.lt(id)))
        .order((dsl::deleted_at.desc(), dsl::id.desc()))
        .limit(i64::from(limit))
        .select(Entry::as_select())
        .load(conn)
}

/// The part of a person's history that is wanted. `from` and `to` are logical days, both included.
#[derive(Clone, Copy, Debug)]
pub struct EntryFilter {
    pub metric: Option<Metric>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub ascending: bool,
}

/// At most `limit` living entries of `owner` beyond the position `after`, in the order of `(at, id)`.
///
/// Written so that an index is walked from the position on and no further than the page: the last page costs what the first does.
pub fn list_entries(
    conn: &mut DbConnection,
    owner: &PersonId,
    filter: EntryFilter,
    after: Option<(i64, &EntryId)>,
    limit: u32,
) -> QueryResult<Vec<Entry>> {
    let mut query = dsl::entries
        .filter(dsl::user_id.eq(owner))
        .filter(dsl::deleted_at.is_null())
        .select(Entry::as_select())
        .into_boxed();
    if let Some(metric) = filter.metric {
        query = query.filter(dsl::metric.eq(metric));
    }
    // A day lies within known bounds of time, whatever the zone it was written in; a cursor is a bound too. One on each side and no more:
    // given two, SQLite begins to walk at either of them, and from the wrong one a late page costs the whole way to it.
    let (mut earliest, mut latest) =
        (filter.from.map(|day| bounds_of_day(day).0), filter.to.map(|day| bounds_of_day(day).1));
    match after {
        Some((at, _)) if filter.ascending => earliest = earliest.max(Some(at)),
        Some((at, _)) => latest = Some(latest.map_or(at, |bound| bound.min(at))),
        None => {}
    }
    if let Some(earliest) = earliest {
        query = query.filter(dsl::at.ge(earliest));
    }
    if let Some(latest) = latest {
        query = query.filter(dsl::at.le(latest));
    }
    if let Some(from) = filter.from {
        query = query.filter(dsl::day.ge(Day::from(from)));
    }
    if let Some(to) = filter.to {
        query = query.filter(dsl::day.le(Day::from(to)));
    }
    // Together with the bound `at <= x` this is `at < x OR (at = x AND id < y)`, which by itself would be no range on the index.
    query = match (after, filter.ascending) {
        (None, _) => query,
        (Some((at, id)), true) => query.filter(dsl::at.gt(at).or(dsl::id.gt(id.clone()))),
        (Some((at, id)), false) => query.filter(dsl::at.lt(at).or(dsl::id.lt(id.clone()))),
    };
    query = if filter.ascending {
        query.order((dsl::at.asc(), dsl::id.asc()))
    } else {
        query.order((dsl::at.desc(), dsl::id.desc()))
    };
    query.limit(i64::from(limit)).load(conn)
}

/// Value, instant and ounces of the newest living entry of a metric.
pub fn latest(
    conn: &mut DbConnection,
    owner: &PersonId,
    metric: Metric,
) -> QueryResult<Option<(i32, Timestamp, Option<i32>)>> {
    dsl::entries
        .filter(dsl::user_id.eq(owner))
        .filter(dsl::metric.eq(metric))
        .filter(dsl::deleted_at.is_null())
        .order((dsl::at.desc(), dsl::id.desc()))
        .select((dsl::value, dsl::at, dsl::fl_oz_tenths))
        .first(conn)
        .optional()
}

/// Sum of the water of one logical day, in millilitres and as it was typed.
pub fn water_of_day(conn: &mut DbConnection, owner: &PersonId, day: NaiveDate) -> QueryResult<DayTotal> {
    let alone = sum(case_when(dsl::fl_oz_tenths.is_null(), dsl::value.nullable()));
    let (ml, ml_alone, tenths): (Option<i64>, Option<i64>, Option<i64>) = dsl::entries
        .filter(dsl::user_id.eq(owner))
        .filter(dsl::metric.eq(Metric::Water))
        .filter(dsl::day.eq(Day::from(day)))
        .filter(dsl::deleted_at.is_null())
        .select((sum(dsl::value), alone, sum(dsl::fl_oz_tenths)))
        .first(conn)?;
    Ok(DayTotal { ml: ml.unwrap_or_default(), ml_alone: ml_alone.unwrap_or_default(), tenths })
}

/// Whether the owner ever logged anything, be it deleted since.
pub fn has_entries(conn: &mut DbConnection, owner: &PersonId) -> QueryResult<bool> {
    last_change(conn, owner).map(|last| last.is_some())
}

/// When anything of the owner's was last written, changed or deleted.
pub fn last_change(conn: &mut DbConnection, owner: &PersonId) -> QueryResult<Option<Timestamp>> {
    dsl::entries
        .filter(dsl::user_id.eq(owner))
        .order(dsl::updated_at.desc())
        .select(dsl::updated_at)
        .first(conn)
        .optional()
}
