//! A name at which five sign-ins failed is locked for half an hour (OWASP ASVS 6.3.1).
//!
//! An attempt is counted before its password is looked at and taken back when it was right. So of any number of guesses sent at once
//! five are verified, and the count outlives a restart. Names that nobody has are counted alike: a lock tells nothing about who exists.
//! Attempts at a locked name are not counted, or a stranger could keep somebody out for ever; sessions that live go on.

use diesel::prelude::*;

use crate::{
    audit::{Action, Event, Trace},
    clock::{MINUTE, SECOND, Timestamp},
    db::{DbConnection, schema::sign_in_failures::dsl},
    error::{ApiError, ApiResult, Code},
};

pub(super) const FAILURES: i32 = 5;
const LOCKED_FOR: i64 = 30 * MINUTE;
/// Longer than any name there can be; what is typed beyond it is not kept.
const KEY_LENGTH: usize = 64;

fn key(username: &str) -> String {
    username.to_ascii_lowercase().chars().take(KEY_LENGTH).collect()
}

/// Counts an attempt that is about to be verified: how many there are with it, or [`Code::Locked`], which leaves the count as it is.
///
/// # Errors
/// Those of the database. That the name is locked is none, because the caller records it in the same transaction.
pub fn begin_attempt(conn: &mut DbConnection, username: &str, now: Timestamp) -> QueryResult<ApiResult<i32>> {
    // What is over is forgotten, so the table stays as small as half an hour.
    diesel::delete(dsl::sign_in_failures.filter(dsl::last_at.le(now.0 - LOCKED_FOR))).execute(conn)?;
    let found: Option<(i32, i64)> =
        dsl::sign_in_failures.find(key(username)).select((dsl::failures, dsl::last_at)).first(conn).optional()?;
    match found {
        Some((failures, last_at)) if failures >= FAILURES => Ok(Err(locked(last_at + LOCKED_FOR - now.0))),
        Some((failures, _)) => {
            diesel::update(dsl::sign_in_failures.find(key(username)))
                .set((dsl::failures.eq(failures + 1), dsl::last_at.eq(now.0)))
                .execute(conn)?;
            Ok(Ok(failures + 1))
        }
        None => {
            diesel::insert_into(dsl::sign_in_failures)
                .values((dsl::username.eq(key(username)), dsl::failures.eq(1), dsl::last_at.eq(now.0)))
                .execute(conn)?;
            Ok(Ok(1))
        }
    }
}

/// Takes one attempt back, because its password was never looked at, or was right while the second factor is still to come.
pub fn take_back(conn: &mut DbConnection, username: &str) -> QueryResult<()> {
    diesel::update(dsl::sign_in_failures.find(key(username)))
        .set(dsl::failures.eq(dsl::failures - 1))
        .execute(conn)
        .map(drop)
}

/// An admin lifts the lock from a name. Whether there was anything to lift.
///
/// # Errors
/// Those of the database.
pub fn unlock(conn: &mut DbConnection, trace: &Trace, username: &str) -> ApiResult<bool> {
    let was_locked = forget(conn, username)?;
    if was_locked {
        trace.record(conn, &Event::new(Action::Unlock).on(key(username)))?;
    }
    Ok(was_locked)
}

/// Whether `username` is locked at `now`, and until when.
pub fn locked_until(conn: &mut DbConnection, username: &str, now: Timestamp) -> QueryResult<Option<Timestamp>> {
    let found: Option<(i32, i64)> =
        dsl::sign_in_failures.find(key(username)).select((dsl::failures, dsl::last_at)).first(conn).optional()?;
    let until = found.filter(|(failures, _)| *failures >= FAILURES).map(|(_, last_at)| last_at + LOCKED_FOR);
    Ok(until.filter(|until| *until > now.0).map(Timestamp))
}

/// The names that are locked at `now`, and until when; the last to be unlocked first.
pub fn lockouts(conn: &mut DbConnection, now: Timestamp) -> QueryResult<Vec<(String, Timestamp)>> {
    let found: Vec<(String, i64)> = dsl::sign_in_failures
        .filter(dsl::last_at.gt(now.0 - LOCKED_FOR).and(dsl::failures.ge(FAILURES)))
        .order(dsl::last_at.desc())
        .limit(100)
        .select((dsl::username, dsl::last_at))
        .load(conn)?;
    Ok(found.into_iter().map(|(username, last_at)| (username, Timestamp(last_at + LOCKED_FOR))).collect())
}

/// Forgets the failures at a name, because somebody signed in. Whether there were any.
pub fn forget(conn: &mut DbConnection, username: &str) -> QueryResult<bool> {
    diesel::delete(dsl::sign_in_failures.find(key(username))).execute(conn).map(|count| count > 0)
}

fn locked(remaining: i64) -> ApiError {
    let minutes = (remaining + MINUTE - 1) / MINUTE;
    ApiError::new(
        Code::Locked,
        format!("Wait {minutes} minutes, or ask an admin to unlock it. Devices that are signed in stay signed in."),
    )
    .retry_after((remaining + SECOND - 1) / SECOND)
}
