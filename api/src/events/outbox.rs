//! Outbox rows: what changed about a person, written in the transaction that changes it. They hold no value: whoever reads one reads
//! what it is about as it is by then, and as far as it is shared.

use diesel::prelude::*;

use crate::{
    clock::Timestamp,
    db::{
        DbConnection,
        schema::{outbox, outbox_head},
    },
    entries::model::{Entry, Metric},
    people::sharing::Detail,
    users::model::User,
};

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Metric(Metric),
    /// How the person is presented: name, zone, goal, hours.
    Person,
    /// One viewer's share.
    Share,
    /// What only the person themself is told: their preferences, and who watches.
    Own,
}

impl Topic {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Metric(metric) => metric.as_str(),
            Self::Person => "person",
            Self::Share => "share",
            Self::Own => "own",
        }
    }

    /// Anything the database should not hold reaches the person alone.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let known = [Self::Metric(Metric::Water), Self::Metric(Metric::Altitude), Self::Person, Self::Share];
        known.into_iter().find(|topic| topic.as_str() == text).unwrap_or(Self::Own)
    }
}

/// What is kept of a change.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct Row {
    pub id: i64,
    topic: String,
    pub level: i16,
    pub subject: Option<String>,
}

impl Row {
    #[must_use]
    pub fn topic(&self) -> Topic {
        Topic::parse(&self.topic)
    }
}

/// The newest number given out, and the newest one let go.
pub fn ends(conn: &mut DbConnection) -> QueryResult<(i64, i64)> {
    outbox_head::table.find(1).select((outbox_head::last, outbox_head::pruned)).first(conn)
}

/// Whom the first `limit` rows after `after` are about, with repetitions.
pub fn persons_after(conn: &mut DbConnection, after: i64, limit: i64) -> QueryResult<Vec<String>> {
    outbox::table.filter(outbox::id.gt(after)).order(outbox::id).limit(limit).select(outbox::person_id).load(conn)
}

/// The first `limit` rows about a person after `after`.
pub fn rows_after(conn: &mut DbConnection, person_id: &str, after: i64, limit: i64) -> QueryResult<Vec<Row>> {
    outbox::table
        .filter(outbox::person_id.eq(person_id))
        .filter(outbox::id.gt(after))
        .order(outbox::id)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)
}

/// The newest row about a person, 0 if there is none.
pub fn newest(conn: &mut DbConnection, person_id: &str) -> QueryResult<i64> {
    let all = outbox::table.filter(outbox::person_id.eq(person_id));
    Ok(all.order(outbox::id.desc()).select(outbox::id).first(conn).optional()?.unwrap_or_default())
}

/// The newest row of one topic and one level, 0 if there is none.
pub fn newest_of(conn: &mut DbConnection, person_id: &str, topic: Topic, level: i16) -> QueryResult<i64> {
    let those = outbox::table
        .filter(outbox::person_id.eq(person_id))
        .filter(outbox::topic.eq(topic.as_str()))
        .filter(outbox::level.eq(level));
    Ok(those.order(outbox::id.desc()).select(outbox::id).first(conn).optional()?.unwrap_or_default())
}

/// The newest row about one viewer's share, 0 if there is none.
pub fn newest_of_share(conn: &mut DbConnection, person_id: &str, viewer_id: &str) -> QueryResult<i64> {
    let those = outbox::table
        .filter(outbox::person_id.eq(person_id))
        .filter(outbox::topic.eq(Topic::Share.as_str()))
        .filter(outbox::level.eq(Detail::Logged.as_number()))
        .filter(outbox::subject.eq(viewer_id));
    Ok(those.order(outbox::id.desc()).select(outbox::id).first(conn).optional()?.unwrap_or_default())
}

/// Lets go of some rows that are older than `before`; how many.
pub fn prune(conn: &mut DbConnection, before: Timestamp) -> QueryResult<usize> {
    // Numbers follow time but for a clock that was set back, so all up to the newest of the old ones go.
    let old: Option<i64> = outbox::table
        .filter(outbox::at.lt(before.0))
        .order(outbox::at)
        .limit(PRUNED_AT_ONCE)
        .select(outbox::id)
        .load::<i64>(conn)?
        .into_iter()
        .max();
    let Some(last) = old else { return Ok(0) };
    diesel::update(outbox_head::table.find(1)).set(outbox_head::pruned.eq(last)).execute(conn)?;
    diesel::delete(outbox::table.filter(outbox::id.le(last))).execute(conn)
}

const PRUNED_AT_ONCE: i64 = 1000;

/// Notes that something about a person changed, for whoever sees at least `level` of it. `subject` is the entry or the viewer it is about;
/// without one it is about all there is of the topic.
pub fn add(
    conn: &mut DbConnection,
    person_id: &str,
    topic: Topic,
    level: Detail,
    subject: Option<&str>,
    now: Timestamp,
) -> QueryResult<()> {
    let last: i64 = outbox_head::table.find(1).select(outbox_head::last).first(conn)?;
    let id = last + 1;
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(id),
            outbox::person_id.eq(person_id),
            outbox::at.eq(now.0),
            outbox::topic.eq(topic.as_str()),
            outbox::level.eq(level.as_number()),
            outbox::subject.eq(subject),
        ))
        .execute(conn)?;
    diesel::update(outbox_head::table.find(1)).set(outbox_head::last.eq(id)).execute(conn).map(drop)
}

/// An entry was logged, changed, deleted or brought back: `before` is how it was, if it was.
pub fn entry_changed(conn: &mut DbConnection, before: Option<&Entry>, after: &Entry) -> QueryResult<()> {
    let Some(level) = before.map_or(Some(Detail::Logged), |before| least_detail(before, after)) else { return Ok(()) };
    add(conn, &after.user_id, Topic::Metric(after.metric()), level, Some(&after.id), Timestamp(after.updated_at))
}

/// The least that somebody has to see of a metric to tell the two apart; `None` if nobody can.
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

/// A person changed something about themself.
pub fn person_changed(conn: &mut DbConnection, before: &User, after: &User, now: Timestamp) -> QueryResult<()> {
    let presented = |user: &User| {
        let hours = (user.day_starts_at, user.ageing_after_hours, user.stale_after_hours);
        (user.display_name.clone(), user.time_zone.clone(), hours)
    };
    let own = |user: &User| (user.unit(), user.water_presets_ml(), user.sharing());
    if presented(before) != presented(after) {
        add(conn, &after.id, Topic::Person, Detail::Logged, None, now)?;
    } else if before.daily_goal_ml != after.daily_goal_ml {
        add(conn, &after.id, Topic::Person, Detail::Exact, None, now)?;
    } else if own(before) != own(after) {
        add(conn, &after.id, Topic::Own, Detail::Logged, None, now)?;
    }
    Ok(())
}
