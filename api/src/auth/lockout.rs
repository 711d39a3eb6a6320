//! A name at which five sign-ins failed is locked for half an hour (OWASP ASVS 6.3.1).
//!
//! An attempt is a row from before its password is verified until it is settled. It counts beside the failures, so that of any number of
//! guesses sent at once five are verified; settling removes its own row and no other. Attempts and failures outlive a restart. Names that
//! nobody has are counted alike: a lock does not tell who exists. Attempts at a locked name are not counted, or a stranger could keep
//! somebody out for ever; living sessions go on.

use diesel::prelude::*;

use super::ids::AttemptId;
use crate::{
    account::username::Username,
    clock::{MINUTE, SECOND, Timestamp},
    db::{
        DbConnection,
        schema::{sign_in_attempts::dsl as attempts, sign_in_failures::dsl},
    },
    error::{ApiError, ApiResult, Code},
    trail::{Action, AuditContext, AuditEvent},
};

pub(super) const FAILURES: i32 = 5;
const LOCKED_FOR: i64 = 30 * MINUTE;
/// An attempt that is not settled by then has failed: its process or its client is gone. No hash takes so long.
const SETTLED_WITHIN: i64 = 2 * MINUTE;
/// Longer than any name there can be; the rest of what was typed is not stored.
const KEY_LENGTH: usize = 64;

fn key(username: &Username) -> String {
    username.as_str().chars().take(KEY_LENGTH).collect()
}

/// Whether an attempt may be made, decided before its password is looked at.
#[derive(Debug)]
pub enum Begun {
    Counted,
    /// The attempts under way could lock the name if all of them failed.
    WaitForOthers,
    Locked(ApiError),
}

/// Counts an attempt that is about to be verified, unless the name is locked.
///
/// # Errors
/// Errors of the database. A locked name is no error, because the caller records it in the same transaction.
pub fn begin_attempt(
    conn: &mut DbConnection,
    id: &AttemptId,
    username: &Username,
    now: Timestamp,
) -> QueryResult<Begun> {
    forget_past(conn, now)?;
    let name = key(username);
    let unsettled = attempts::username.eq(&name).and(attempts::at.le(now.0 - SETTLED_WITHIN));
    for _ in 0..diesel::delete(attempts::sign_in_attempts.filter(unsettled)).execute(conn)? {
        add_failure(conn, &name, now)?;
    }
    let (failures, last_at) = failures(conn, &name)?;
    if failures >= FAILURES {
        return Ok(Begun::Locked(locked(last_at + LOCKED_FOR - now.0)));
    }
    let under_way: i64 = attempts::sign_in_attempts.filter(attempts::username.eq(&name)).count().get_result(conn)?;
    if i64::from(failures) + under_way >= i64::from(FAILURES) {
        return Ok(Begun::WaitForOthers);
    }
    diesel::insert_into(attempts::sign_in_attempts)
        .values((attempts::id.eq(id), attempts::username.eq(&name), attempts::at.eq(now.0)))
        .execute(conn)?;
    Ok(Begun::Counted)
}

/// Forgets failures and attempts that are over, so that the tables hold half an hour at most. After the
/// clock was put back, instants in the future become now, or a lock would last until they have come.
///
/// # Errors
/// Errors of the database.
pub fn forget_past(conn: &mut DbConnection, now: Timestamp) -> QueryResult<()> {
    diesel::update(dsl::sign_in_failures.filter(dsl::last_at.gt(now.0))).set(dsl::last_at.eq(now.0)).execute(conn)?;
    diesel::update(attempts::sign_in_attempts.filter(attempts::at.gt(now.0)))
        .set(attempts::at.eq(now.0))
        .execute(conn)?;
    diesel::delete(dsl::sign_in_failures.filter(dsl::last_at.le(now.0 - LOCKED_FOR))).execute(conn)?;
    diesel::delete(attempts::sign_in_attempts.filter(attempts::at.le(now.0 - LOCKED_FOR))).execute(conn).map(drop)
}

fn failures(conn: &mut DbConnection, name: &str) -> QueryResult<(i32, i64)> {
    let found = dsl::sign_in_failures.find(name).select((dsl::failures, dsl::last_at)).first(conn).optional()?;
    Ok(found.unwrap_or_default())
}

fn add_failure(conn: &mut DbConnection, name: &str, at: Timestamp) -> QueryResult<i32> {
    let (failures, last_at) = failures(conn, name)?;
    let row = (dsl::failures.eq(failures + 1), dsl::last_at.eq(last_at.max(at.0)));
    if failures == 0 {
        diesel::insert_into(dsl::sign_in_failures).values((dsl::username.eq(name), row)).execute(conn)?;
    } else {
        diesel::update(dsl::sign_in_failures.find(name)).set(row).execute(conn)?;
    }
    Ok(failures + 1)
}

/// Removes an attempt that neither failed nor proved anything. Returns whether it was still there.
pub fn take_back(conn: &mut DbConnection, id: &AttemptId) -> QueryResult<bool> {
    diesel::delete(attempts::sign_in_attempts.find(id)).execute(conn).map(|count| count > 0)
}

/// Turns an attempt into a failure. Returns how many failures there are now.
pub fn fail(conn: &mut DbConnection, id: &AttemptId, username: &Username, at: Timestamp) -> QueryResult<i32> {
    let name = key(username);
    // An attempt that took too long has been counted as a failure already.
    if take_back(conn, id)? {
        add_failure(conn, &name, at)
    } else {
        failures(conn, &name).map(|(failures, _)| failures)
    }
}

/// Lifts the lock from a name, for an admin. Returns whether there was anything to lift.
///
/// # Errors
/// Errors of the database.
pub fn unlock(conn: &mut DbConnection, context: &AuditContext, username: &Username) -> ApiResult<bool> {
    let was_locked = forget(conn, username)?;
    if was_locked {
        context.record(conn, &AuditEvent::new(Action::Unlock).on(key(username)))?;
    }
    Ok(was_locked)
}

/// The end of the lock on `username`, if it is locked at `now`.
pub fn locked_until(conn: &mut DbConnection, username: &Username, now: Timestamp) -> QueryResult<Option<Timestamp>> {
    let (failures, last_at) = failures(conn, &key(username))?;
    let until = (failures >= FAILURES).then_some(last_at.min(now.0) + LOCKED_FOR);
    Ok(until.filter(|until| *until > now.0).map(Timestamp))
}

/// The names that are locked at `now`, and until when; the last to be unlocked first.
pub fn lockouts(conn: &mut DbConnection, now: Timestamp) -> QueryResult<Vec<(Username, Timestamp)>> {
    let found: Vec<(Username, i64)> = dsl::sign_in_failures
        .filter(dsl::last_at.gt(now.0 - LOCKED_FOR).and(dsl::failures.ge(FAILURES)))
        .order(dsl::last_at.desc())
        .limit(100)
        .select((dsl::username, dsl::last_at))
        .load(conn)?;
    let until = |last_at: i64| Timestamp(last_at.min(now.0) + LOCKED_FOR);
    Ok(found.into_iter().map(|(username, last_at)| (username, until(last_at))).collect())
}

/// Forgets the failures at a name once somebody signed in; attempts under way still count. Returns whether there were failures.
pub fn forget(conn: &mut DbConnection, username: &Username) -> QueryResult<bool> {
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
