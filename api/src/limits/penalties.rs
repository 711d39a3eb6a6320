//! A caller who goes on after having been refused is kept out for a while: a minute first, twice as long each time, a day at most.
//!
//! Offences are counted in memory. A penalty is a row, so that a restart lifts none, and removing the row
//! lifts it. Requests during a penalty are not counted, or a page left open would keep its user out for ever.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use diesel::prelude::*;

use super::handlers::Penalty;
use crate::{
    account::{ids::UserId, model::username_of},
    clock::{Clock, DAY, MINUTE, SECOND, Timestamp},
    db::{Db, DbConnection, schema::penalties},
    error::{ApiError, ApiResult, Code},
    http::caller::Caller,
    id::id,
    trail::{Action, AuditContext, AuditEvent},
};

/// The number of offences within an hour that earns a penalty.
pub const OFFENCES: u32 = 10;
const AN_HOUR: Duration = Duration::from_hours(1);
const LONGEST: i64 = DAY;
/// A level is forgotten this long after its penalty ended.
const REMEMBERED_FOR: i64 = DAY;
/// How soon somebody who is kept out gets in once their penalty was lifted elsewhere.
const SEE_EVERY: Duration = Duration::from_secs(1);
/// The most callers that are remembered. More than that are many machines at once, which a penalty for each would not stop.
const CALLERS: usize = 10_000;

#[derive(Clone, Copy, Debug)]
pub enum Offence {
    /// Refused by a rate limit.
    TooOften,
    /// Refused because no honest request looks like it.
    Suspicious,
}

id! {
    /// The id of a penalty.
    PenaltyId
}

/// A penalty as it is stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = penalties)]
pub struct PenaltyRow {
    pub id: PenaltyId,
    pub caller: String,
    pub level: i32,
    pub until: Timestamp,
    pub imposed_at: Timestamp,
    pub reason: String,
}

#[derive(Debug, Default)]
pub struct Penalties(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// How many offences, and when the first of them was, whatever the time of day is set to.
    offences: HashMap<Caller, (u32, Duration)>,
    imposed: HashMap<Caller, Imposed>,
}

#[derive(Clone, Copy, Debug)]
struct Imposed {
    level: i32,
    until: Timestamp,
    /// When its row was last seen; `None` while it is not written.
    seen: Option<Duration>,
}

impl Penalties {
    /// The penalties that were imposed before this process began.
    ///
    /// # Errors
    /// Errors of the database.
    pub fn load(db: &Db, clock: &Clock) -> ApiResult<Self> {
        let now = clock.now();
        let rows = db.read_blocking(|conn| Ok(ending_after(conn, now.0 - REMEMBERED_FOR)?))?;
        let imposed = rows
            .into_iter()
            .filter_map(|row| {
                let until = row.until.min(Timestamp(now.0 + length(row.level)));
                let imposed = Imposed { level: row.level, until, seen: Some(clock.elapsed()) };
                Some((row.caller.parse().ok()?, imposed))
            })
            .collect();
        Ok(Self(Mutex::new(Known { imposed, ..Known::default() })))
    }

    /// Until when `caller` is kept out, if they are.
    #[must_use]
    pub fn until(&self, caller: &Caller, now: Timestamp) -> Option<Timestamp> {
        let mut known = self.known();
        let penalty = known.imposed.get_mut(caller)?;
        // Not longer than it was imposed for, if the clock was put back since.
        penalty.until = penalty.until.min(Timestamp(now.0 + length(penalty.level)));
        Some(penalty.until).filter(|until| *until > now)
    }

    /// Shortens the penalties that would last longer from `now` on than they were imposed for.
    pub fn bring_back(&self, now: Timestamp) {
        for penalty in self.known().imposed.values_mut() {
            penalty.until = penalty.until.min(Timestamp(now.0 + length(penalty.level)));
        }
    }

    /// [`Penalties::until`], unless the row is gone because somebody lifted the penalty, perhaps from the command line. Asks at most once a
    /// second for each caller.
    pub async fn confirmed_until(&self, caller: &Caller, db: &Db, clock: &Clock) -> Option<Timestamp> {
        let until = self.until(caller, clock.now())?;
        if !self.is_to_be_seen(caller, clock.elapsed()) {
            return Some(until);
        }
        let name = caller.to_string();
        match db.read(move |conn| Ok(is_there(conn, &name)?)).await {
            Ok(false) => {
                self.forgive(&caller.to_string());
                None
            }
            Ok(true) | Err(_) => Some(until),
        }
    }

    fn is_to_be_seen(&self, caller: &Caller, now: Duration) -> bool {
        let mut known = self.known();
        let Some(Imposed { seen: Some(seen), .. }) = known.imposed.get_mut(caller) else { return false };
        let due = now.saturating_sub(*seen) >= SEE_EVERY;
        if due {
            *seen = now;
        }
        due
    }

    /// Notes that the row of a penalty is written: from now on the row decides.
    pub fn written(&self, caller: &Caller, clock: &Clock) {
        if let Some(penalty) = self.known().imposed.get_mut(caller) {
            penalty.seen = Some(clock.elapsed());
        }
    }

    /// Counts an offence. One too many begins a penalty at once, and the returned row has to be written.
    #[must_use]
    pub fn count(&self, caller: Caller, offence: Offence, clock: &Clock) -> Option<PenaltyRow> {
        let (now, elapsed) = (clock.now(), clock.elapsed());
        let mut known = self.known();
        // Requests that were under way when a penalty began earn no further one.
        if known.imposed.get(&caller).is_some_and(|penalty| penalty.until > now) {
            return None;
        }
        if known.offences.len() >= CALLERS && !known.offences.contains_key(&caller) {
            known.offences.retain(|_, (_, first)| elapsed.saturating_sub(*first) < AN_HOUR);
            if known.offences.len() >= CALLERS {
                known.offences.clear();
            }
        }
        let (count, first) = known.offences.entry(caller).or_insert((0, elapsed));
        if elapsed.saturating_sub(*first) >= AN_HOUR {
            (*count, *first) = (0, elapsed);
        }
        *count += 1;
        if *count < OFFENCES {
            return None;
        }
        known.offences.remove(&caller);
        known.forget_past(now);
        if known.imposed.len() >= CALLERS && !known.imposed.contains_key(&caller) {
            return None;
        }
        let level = known.imposed.get(&caller).map_or(0, |penalty| penalty.level) + 1;
        let until = Timestamp(now.0 + length(level));
        known.imposed.insert(caller, Imposed { level, until, seen: None });
        let reason = match offence {
            Offence::TooOften => "asked too often after having been refused",
            Offence::Suspicious => "sent requests that look like an attack",
        };
        Some(PenaltyRow {
            id: clock.new_id().into(),
            caller: caller.to_string(),
            level,
            until,
            imposed_at: now,
            reason: reason.to_owned(),
        })
    }

    /// Ends a penalty at once, and resets the caller's level.
    pub fn forgive(&self, caller: &str) {
        if let Ok(caller) = caller.parse() {
            self.known().imposed.remove(&caller);
        }
    }

    /// Forgets past offences and penalties, in memory and on disk.
    pub fn forget_past(&self, db: &Db, now: Timestamp) {
        if self.known().forget_past(now) {
            db.write_later("the end of penalties", move |conn| Ok(delete_past(conn, now)?));
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Returns whether there was anything to forget.
    fn forget_past(&mut self, now: Timestamp) -> bool {
        let before = self.imposed.len();
        self.imposed.retain(|_, penalty| penalty.until.0 > now.0 - REMEMBERED_FOR);
        self.imposed.len() < before
    }
}

/// A minute, doubled for each level above the first.
fn length(level: i32) -> i64 {
    let doublings = u32::try_from(level - 1).unwrap_or(0).min(16);
    (MINUTE << doublings).min(LONGEST)
}

/// The answer to everything during a penalty.
#[must_use]
pub fn refusal(remaining: i64) -> ApiError {
    let seconds = (remaining + SECOND - 1) / SECOND;
    let detail = format!(
        "Nothing was changed. Wait {seconds} seconds, or ask an admin to lift it. Asking meanwhile does not prolong it."
    );
    ApiError::new(Code::Penalised, detail).retry_after(seconds)
}

/// Writes a penalty in place of the one that the caller had before.
///
/// # Errors
/// Errors of the database.
pub fn impose(conn: &mut DbConnection, context: &AuditContext, row: &PenaltyRow) -> QueryResult<()> {
    delete_past(conn, row.imposed_at)?;
    diesel::delete(penalties::table.filter(penalties::caller.eq(&row.caller))).execute(conn)?;
    diesel::insert_into(penalties::table).values(row).execute(conn)?;
    let minutes = (row.until.0 - row.imposed_at.0) / MINUTE;
    let detail = format!("{minutes} minutes: {}", row.reason);
    let target = shown(conn, &row.caller)?;
    context.record(conn, &AuditEvent::new(Action::PenaltyImpose).on(target).detail(detail))
}

/// Lifts a penalty. Returns its caller; `None` if there is none of this id.
///
/// # Errors
/// Errors of the database.
pub fn lift(conn: &mut DbConnection, context: &AuditContext, id: &PenaltyId) -> QueryResult<Option<String>> {
    let Some(caller) = penalties::table.find(id).select(penalties::caller).first::<String>(conn).optional()? else {
        return Ok(None);
    };
    diesel::delete(penalties::table.find(id)).execute(conn)?;
    let target = shown(conn, &caller)?;
    context.record(conn, &AuditEvent::new(Action::PenaltyLift).on(target))?;
    Ok(Some(caller))
}

/// Whether there is a penalty of this caller, over or not.
fn is_there(conn: &mut DbConnection, caller: &str) -> QueryResult<bool> {
    let found = penalties::table.filter(penalties::caller.eq(caller)).select(penalties::id);
    found.first::<PenaltyId>(conn).optional().map(|found| found.is_some())
}

/// Moves penalties that were imposed in the future to now, each as long as it was.
///
/// # Errors
/// Errors of the database.
pub fn bring_back(conn: &mut DbConnection, now: Timestamp) -> QueryResult<()> {
    let ahead = penalties::table.filter(penalties::until.gt(now.0).and(penalties::imposed_at.gt(now.0)));
    let length = penalties::until - penalties::imposed_at;
    diesel::update(ahead)
        .set((penalties::until.eq(length + now.0), penalties::imposed_at.eq(now.0)))
        .execute(conn)
        .map(drop)
}

/// Penalties that hold at `now`, as they are shown; the last to end first.
///
/// # Errors
/// Errors of the database.
pub fn views(conn: &mut DbConnection, now: Timestamp) -> ApiResult<Vec<Penalty>> {
    views_after(conn, now.0, now)
}

/// Penalties that end after `after`, as they are shown at `now`.
pub(super) fn views_after(conn: &mut DbConnection, after: i64, now: Timestamp) -> ApiResult<Vec<Penalty>> {
    let rows = ending_after(conn, after)?;
    rows.into_iter()
        .map(|row| {
            let (caller, until) = (shown(conn, &row.caller)?, row.until.min(Timestamp(now.0 + length(row.level))));
            Penalty::new(row, caller, until)
        })
        .collect()
}

/// Penalties that end after `after`, the last to end first.
pub fn ending_after(conn: &mut DbConnection, after: i64) -> QueryResult<Vec<PenaltyRow>> {
    penalties::table
        .filter(penalties::until.gt(after))
        .order(penalties::until.desc())
        .select(PenaltyRow::as_select())
        .load(conn)
}

/// A caller as people know them: by name where it is a user.
pub fn shown(conn: &mut DbConnection, caller: &str) -> QueryResult<String> {
    let Ok(Caller::User(id)) = caller.parse() else { return Ok(caller.to_owned()) };
    Ok(username_of(conn, &UserId::from(id))?.map_or_else(|| caller.to_owned(), |name| format!("user {name}")))
}

fn delete_past(conn: &mut DbConnection, now: Timestamp) -> QueryResult<()> {
    diesel::delete(penalties::table.filter(penalties::until.le(now.0 - REMEMBERED_FOR))).execute(conn).map(drop)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_penalty_is_twice_as_long_as_the_one_before_up_to_a_day() {
        let minutes: Vec<i64> = (1..=13).map(|level| length(level) / MINUTE).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440]);
        assert_eq!(length(i32::MAX), DAY);
    }

    #[test]
    fn many_callers_do_not_fill_the_memory() {
        let (penalties, clock) = (Penalties::default(), Clock::manual(Timestamp(0)));
        for number in 0..3 * u128::try_from(CALLERS).unwrap() {
            assert!(penalties.count(Caller::User(Uuid::from_u128(number)), Offence::TooOften, &clock).is_none());
        }
        assert!(penalties.known().offences.len() <= CALLERS);
    }
}
