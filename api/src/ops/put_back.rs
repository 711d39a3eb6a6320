//! Repairs instants after the clock was put back: those noted while it was ahead lie in the future, and would keep somebody waiting, or let
//! somebody in, for longer than the rules say.

use std::time::Duration;

use actix_web::web;
use diesel::prelude::*;

use crate::{
    auth::{lockout, model::bound_lives},
    clock::{Clock, Timestamp},
    db::{
        DbConnection,
        schema::{sessions, shares, users},
    },
    error::ApiResult,
    http::state::AppState,
    limits::penalties::{self, Penalties},
    users::admin::model::TEMPORARY,
};

/// How often the time of day is compared with the time that has passed.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Clocks are corrected by less than that all the time.
const UNNOTICED: i64 = 1_000;

/// Moves instants that were noted in the future to now. An end that somebody chose (of a share, an invitation, a token) stays.
///
/// # Errors
/// Errors of the database.
pub fn bring_back(conn: &mut DbConnection, now: Timestamp, jwt_life: Duration) -> QueryResult<()> {
    lockout::forget_past(conn, now)?;
    penalties::bring_back(conn, now)?;
    bound_lives(conn, now, jwt_life)?;
    diesel::update(sessions::table.filter(sessions::last_seen_at.gt(now.0)))
        .set(sessions::last_seen_at.eq(now.0))
        .execute(conn)?;
    diesel::update(shares::table.filter(shares::since.gt(now.0))).set(shares::since.eq(now.0)).execute(conn)?;
    let latest = now.0 + TEMPORARY;
    diesel::update(users::table.filter(users::temporary_password_until.gt(latest)))
        .set(users::temporary_password_until.eq(latest))
        .execute(conn)
        .map(drop)
}

/// Finds out whether the clock is behind where it would be, had it simply gone on since the last look.
#[derive(Debug)]
pub struct Watch(Timestamp, Duration);

impl Watch {
    #[must_use]
    pub fn new(clock: &Clock) -> Self {
        Self(clock.now(), clock.elapsed())
    }

    pub fn was_put_back(&mut self, clock: &Clock) -> bool {
        let next = Self::new(clock);
        let passed = i64::try_from(next.1.saturating_sub(self.1).as_millis()).unwrap_or(i64::MAX);
        let expected = self.0.0.saturating_add(passed);
        *self = next;
        self.0.0 < expected - UNNOTICED
    }
}

/// Brings back what lies in the future when the server starts, and whenever its clock is put back.
pub async fn watch_clock(state: web::Data<AppState>, penalties: web::Data<Penalties>) {
    let mut watch = Watch::new(&state.clock);
    let mut due = true;
    loop {
        if due && let Err(error) = run(&state, &penalties).await {
            log::warn!(cause:% = error; "what lies in the future could not be brought back");
        }
        tokio::time::sleep(LOOK_EVERY).await;
        due = watch.was_put_back(&state.clock);
    }
}

async fn run(state: &AppState, penalties: &Penalties) -> ApiResult<()> {
    let now = state.clock.now();
    penalties.bring_back(now);
    let jwt_life = state.config.jwt_ttl;
    state.db.write(move |conn| Ok(bring_back(conn, now, jwt_life)?)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_that_was_put_back_is_noticed() {
        let clock = Clock::manual(Timestamp(1_772_366_400_000));
        let mut watch = Watch::new(&clock);
        for (passes, is_set_by, noticed) in
            [(10_000, 0, false), (10_000, -200, false), (10_000, 7_200_000, false), (10_000, -7_200_000, true)]
        {
            clock.advance(passes);
            clock.set_by(is_set_by);
            assert_eq!(watch.was_put_back(&clock), noticed, "by {is_set_by}");
        }
        assert!(!watch.was_put_back(&clock));
    }
}
