//! Outbox rows: what changed about a person, written in the transaction that changes it. They hold
//! no value: a reader of a row sees its subject as it is by then, and as far as it is shared.

pub mod presence;
pub mod retention;

use std::collections::HashMap;

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    dsl::{exists, not},
    expression::AsExpression,
    prelude::*,
    serialize::{self, Output, ToSql},
    sql_types::Text,
};

use crate::{
    account::ids::{PersonId, UserId, ViewerId},
    clock::{DAY, Timestamp},
    db::{
        DbConnection,
        schema::{outbox, outbox_head, users},
    },
    id::{EntryId, id},
    metric::{Detail, Metric},
};

/// The topic of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum Topic {
    Metric(Metric),
    /// How the person is presented: name, zone, goal.
    Person,
    /// One viewer's share.
    Share,
    /// A change that only the person is notified of: their preferences, such as when a day starts, can change their own status.
    Own,
    /// A viewer came, went or was renamed. It is stored as the person's `own` with that viewer as its subject.
    Viewer,
}

impl Topic {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Metric(metric) => metric.as_str(),
            Self::Person => "person",
            Self::Share => "share",
            Self::Own | Self::Viewer => "own",
        }
    }

    /// Anything the database should not hold reaches the person alone.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut known = Metric::ALL.map(Self::Metric).into_iter().chain([Self::Person, Self::Share]);
        known.find(|topic| topic.as_str() == text).unwrap_or(Self::Own)
    }
}

impl<DB: Backend> FromSql<Text, DB> for Topic
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        String::from_sql(bytes).map(|text| Self::parse(&text))
    }
}

impl<DB: Backend> ToSql<Text, DB> for Topic
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.as_str().to_sql(out)
    }
}

id! {
    /// The id of the one thing that a row is about: of what kind, its topic says.
    SubjectId
}

/// The part of a topic that a row is about.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    All,
    /// One entry, by its id.
    Entry(&'a EntryId),
    Viewer(&'a ViewerId),
}

impl<'a> Subject<'a> {
    fn id(self) -> Option<&'a str> {
        match self {
            Self::All => None,
            Self::Entry(id) => Some(id.as_str()),
            Self::Viewer(id) => Some(id.as_str()),
        }
    }
}

/// The stored part of a change.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct OutboxRow {
    pub id: i64,
    /// As it is stored: [`Topic::Own`] for [`Topic::Viewer`] too.
    topic: Topic,
    /// The least detail with which a viewer notices it.
    pub level: Detail,
    pub subject: Option<SubjectId>,
}

impl OutboxRow {
    #[must_use]
    pub fn topic(&self) -> Topic {
        match self.topic {
            Topic::Own if self.subject.is_some() => Topic::Viewer,
            topic => topic,
        }
    }

    /// The entry that it is about, if it is about one.
    #[must_use]
    pub fn entry(&self) -> Option<EntryId> {
        let of_entry = matches!(self.topic(), Topic::Metric(_));
        self.subject.as_ref().filter(|_| of_entry).map(EntryId::new)
    }

    /// The viewer that it is about, if it is about one.
    #[must_use]
    pub fn viewer(&self) -> Option<ViewerId> {
        let of_viewer = matches!(self.topic(), Topic::Share | Topic::Viewer);
        self.subject.as_ref().filter(|_| of_viewer).map(|id| UserId::new(id).as_viewer())
    }
}

/// The newest number given out, and the one up to which only the newest row of each kind is left.
pub fn ends(conn: &mut DbConnection) -> QueryResult<(i64, i64)> {
    outbox_head::table.find(1).select((outbox_head::last, outbox_head::pruned)).first(conn)
}

/// The people whom the first `limit` rows after `after` are about, with repetitions.
pub fn persons_after(conn: &mut DbConnection, after: i64, limit: u32) -> QueryResult<Vec<PersonId>> {
    outbox::table
        .filter(outbox::id.gt(after))
        .order(outbox::id)
        .limit(i64::from(limit))
        .select(outbox::person_id)
        .load(conn)
}

/// The first `limit` rows about a person after `after`.
pub fn rows_after(
    conn: &mut DbConnection,
    person_id: &PersonId,
    after: i64,
    limit: u32,
) -> QueryResult<Vec<OutboxRow>> {
    outbox::table
        .filter(outbox::person_id.eq(person_id))
        .filter(outbox::id.gt(after))
        .order(outbox::id)
        .limit(i64::from(limit))
        .select(OutboxRow::as_select())
        .load(conn)
}

/// The newest row about a person, 0 if there is none.
pub fn newest(conn: &mut DbConnection, person_id: &PersonId) -> QueryResult<i64> {
    let all = outbox::table.filter(outbox::person_id.eq(person_id));
    Ok(all.order(outbox::id.desc()).select(outbox::id).first(conn).optional()?.unwrap_or_default())
}

/// The newest row of one topic and one level, 0 if there is none.
pub fn newest_of(conn: &mut DbConnection, person_id: &PersonId, topic: Topic, level: Detail) -> QueryResult<i64> {
    let those = outbox::table
        .filter(outbox::person_id.eq(person_id))
        .filter(outbox::topic.eq(topic))
        .filter(outbox::level.eq(level));
    Ok(those.order(outbox::id.desc()).select(outbox::id).first(conn).optional()?.unwrap_or_default())
}

/// The newest row about one viewer's share, 0 if there is none.
pub fn newest_of_share(conn: &mut DbConnection, person_id: &PersonId, viewer_id: &ViewerId) -> QueryResult<i64> {
    let those = outbox::table
        .filter(outbox::person_id.eq(person_id))
        .filter(outbox::topic.eq(Topic::Share))
        .filter(outbox::level.eq(Detail::Logged))
        .filter(outbox::subject.eq(viewer_id));
    Ok(those.order(outbox::id.desc()).select(outbox::id).first(conn).optional()?.unwrap_or_default())
}

/// How long rows are stored: a reader who was away for longer loads everything again.
const KEPT_FOR: i64 = 7 * DAY;
const PRUNED_AT_ONCE: i64 = 1000;

/// Walks on over rows that are older than a week, in their order, and prunes earlier rows about the same; returns how many it walked over.
/// The newest of each kind stays, so that a reader's place follows from what they may see alone: otherwise it would change once something
/// hidden is a week old.
pub fn prune(conn: &mut DbConnection, now: Timestamp) -> QueryResult<usize> {
    let (_, pruned) = ends(conn)?;
    let next: Vec<(i64, PersonId, OutboxRow)> = outbox::table
        .filter(outbox::id.gt(pruned))
        .order(outbox::id)
        .limit(PRUNED_AT_ONCE)
        .select((outbox::at, outbox::person_id, OutboxRow::as_select()))
        .load(conn)?;
    // A row from the future was written before the clock was set back.
    let kept = now.0 - KEPT_FOR..=now.0 + KEPT_FOR;
    let old: Vec<_> = next.into_iter().take_while(|(at, ..)| !kept.contains(at)).collect();
    let Some((.., last)) = old.last() else { return forget_gone(conn, pruned).map(|()| 0) };
    diesel::update(outbox_head::table.find(1)).set(outbox_head::pruned.eq(last.id)).execute(conn)?;
    let of_viewer = |row: &OutboxRow| row.subject.clone().filter(|_| row.topic() == Topic::Share);
    let newest: HashMap<_, i64> =
        old.iter().map(|(_, person, row)| ((person, row.topic, row.level, of_viewer(row)), row.id)).collect();
    for ((person, topic, level, viewer), newest) in newest {
        let older = outbox::table
            .filter(outbox::person_id.eq(person))
            .filter(outbox::topic.eq(topic))
            .filter(outbox::level.eq(level))
            .filter(outbox::id.lt(newest));
        match viewer {
            Some(viewer) => diesel::delete(older.filter(outbox::subject.eq(viewer))).execute(conn)?,
            None => diesel::delete(older).execute(conn)?,
        };
    }
    Ok(old.len())
}

/// Removes the rows about viewers whose accounts are gone. Where one is a person's newest row, it stays without naming the viewer.
fn forget_gone(conn: &mut DbConnection, pruned: i64) -> QueryResult<()> {
    let gone: Vec<(i64, PersonId)> = outbox::table
        .filter(outbox::id.le(pruned))
        .filter(outbox::topic.eq_any([Topic::Share, Topic::Own]))
        .filter(not(exists(users::table.filter(users::id.nullable().eq(outbox::subject)))))
        .select((outbox::id, outbox::person_id))
        .load(conn)?;
    for (id, person) in gone {
        if newest(conn, &person)? == id {
            diesel::update(outbox::table.find(id)).set(outbox::subject.eq(None::<SubjectId>)).execute(conn)?;
        } else {
            diesel::delete(outbox::table.find(id)).execute(conn)?;
        }
    }
    Ok(())
}

/// Notes that something about a person changed, for viewers who see at least `level` of it.
pub fn add(
    conn: &mut DbConnection,
    person_id: &PersonId,
    topic: Topic,
    level: Detail,
    subject: Subject<'_>,
    now: Timestamp,
) -> QueryResult<()> {
    let last: i64 = outbox_head::table.find(1).select(outbox_head::last).first(conn)?;
    let id = last + 1;
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(id),
            outbox::person_id.eq(person_id),
            outbox::at.eq(now.0),
            outbox::topic.eq(topic),
            outbox::level.eq(level),
            outbox::subject.eq(subject.id()),
        ))
        .execute(conn)?;
    diesel::update(outbox_head::table.find(1)).set(outbox_head::last.eq(id)).execute(conn).map(drop)
}
