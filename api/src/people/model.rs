//! Persons, and the one decision who may watch them.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::{
    clock::Timestamp,
    db::{DbConnection, schema::users},
    entries::model::{Metric, last_change, latest, total_of_day},
    error::{ApiError, ApiResult},
    users::model::{Role, User, find_user},
};

/// Whether `reader` may watch `person`. Every way out asks here and nowhere else.
///
/// A viewer may watch every person until persons decide it one by one; an admin watches themself and no other admin.
fn may_watch(reader: &User, person: &User) -> bool {
    let is_person = person.role() == Role::Admin && person.disabled == 0;
    is_person && (reader.id == person.id || reader.role() == Role::Viewer)
}

/// The person of this name.
///
/// # Errors
/// 404 alike for who is not there and who may not be watched, so that nobody learns who exists.
pub fn watched_person(conn: &mut DbConnection, reader: &User, username: &str) -> ApiResult<User> {
    find_user(conn, username)?.filter(|person| may_watch(reader, person)).ok_or_else(ApiError::not_found)
}

/// At most `limit` persons that `reader` may watch, by user name, beyond the name `after`.
pub fn list_people(conn: &mut DbConnection, reader: &User, after: &str, limit: u32) -> QueryResult<Vec<User>> {
    let mut query = users::table
        .filter(users::role.eq(Role::Admin.as_str()))
        .filter(users::disabled.eq(0))
        .filter(users::username.gt(after.to_owned()))
        .order(users::username)
        .limit(i64::from(limit))
        .select(User::as_select())
        .into_boxed();
    if reader.role() == Role::Admin {
        query = query.filter(users::id.eq(reader.id.clone()));
    }
    query.load(conn)
}

/// What is true of a person now.
#[derive(Debug)]
pub struct Status {
    pub day: NaiveDate,
    /// Value in ml and instant.
    pub last_water: Option<(i32, i64)>,
    pub water_today: i64,
    pub last_altitude: Option<(i32, i64)>,
    pub last_change: Option<i64>,
}

pub fn status(conn: &mut DbConnection, person: &User, now: Timestamp) -> QueryResult<Status> {
    let day = person.day_of(now);
    Ok(Status {
        day,
        last_water: latest(conn, &person.id, Metric::Water)?,
        water_today: total_of_day(conn, &person.id, Metric::Water, day)?,
        last_altitude: latest(conn, &person.id, Metric::Altitude)?,
        last_change: last_change(conn, &person.id)?,
    })
}
