//! Health of the server: whether it lives, whether it is ready, and what is wrong in detail.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use actix_web::{HttpResponse, get, http::StatusCode, web};
use diesel::{prelude::*, sql_query};
use serde::Serialize;
use tokio::{sync::Mutex, time::timeout};
use utoipa::ToSchema;

use crate::{
    db::{Db, DbConnection, schema::probes::dsl},
    error::{ApiError, ApiResult},
    http::state::AppState,
};

/// A check that takes longer fails: monitors expect an answer within a second.
const PATIENCE: Duration = Duration::from_millis(800);
/// How long one successful write vouches for the next.
const PROVEN_FOR: Duration = Duration::from_secs(1);
/// How many ids the first probe writes, and the first after a failure: 128 KiB take more room than any write of a person.
const FILLING: usize = (128 << 10) / 36;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Ok,
    Failing,
}

impl Health {
    fn of(well: bool) -> Self {
        if well { Self::Ok } else { Self::Failing }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HealthReport {
    status: Health,
    checks: HealthChecks,
}

/// Each part on its own.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthChecks {
    /// The database can be read.
    database_reads: Health,
    /// The writer accepts work, and there is room on the disk.
    database_writes: Health,
    /// The server accepts new requests: it has not been asked to stop.
    accepting: Health,
}

/// Read the state of the server.
#[utoipa::path(
    tag = "ops",
    security(()),
    responses(
        (status = 200, description = "All is well", body = HealthReport),
        (status = 503, description = "Something fails; see `checks`", body = HealthReport),
    )
)]
#[get("/health")]
pub async fn get_health(
    state: web::Data<AppState>,
    probe: web::Data<Probe>,
    draining: web::Data<Draining>,
) -> HttpResponse {
    report(&state, &probe, &draining).await
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Liveness {
    status: Health,
}

/// Check whether the process is alive.
///
/// Nothing else is checked: a missing database must not get the process restarted.
#[utoipa::path(tag = "ops", security(()), responses((status = 200, description = "Alive", body = Liveness)))]
#[get("/health/live")]
pub async fn get_liveness() -> web::Json<Liveness> {
    web::Json(Liveness { status: Health::Ok })
}

/// Check whether the server can serve.
///
/// The database is migrated, read and written, and the server was not asked to stop. Answers within
/// a second. Send requests only while this is 200.
#[utoipa::path(
    tag = "ops",
    security(()),
    responses(
        (status = 200, description = "Ready", body = HealthReport),
        (status = 503, description = "Not ready; see `checks`", body = HealthReport),
    )
)]
#[get("/health/ready")]
pub async fn get_readiness(
    state: web::Data<AppState>,
    probe: web::Data<Probe>,
    draining: web::Data<Draining>,
) -> HttpResponse {
    report(&state, &probe, &draining).await
}

async fn report(state: &AppState, probe: &Probe, draining: &Draining) -> HttpResponse {
    let read = state.db.read(|conn| Ok(sql_query("SELECT 1 FROM users LIMIT 1").execute(conn)?));
    let write = probe.write(&state.db, state.clock.new_id().to_string());
    let (reads, writes) = futures_util::future::join(timeout(PATIENCE, read), timeout(PATIENCE, write)).await;
    let late = |_| Err(ApiError::busy().caused_by("it takes too long"));
    let (reads, writes) = (reads.map_or_else(late, |reads| reads.map(drop)), writes.unwrap_or_else(late));
    let checks = HealthChecks {
        database_reads: Health::of(reads.is_ok()),
        database_writes: Health::of(writes.is_ok()),
        accepting: Health::of(!draining.has_begun()),
    };
    let well =
        [checks.database_reads, checks.database_writes, checks.accepting].iter().all(|check| *check == Health::Ok);
    for error in [reads.err(), writes.err()].into_iter().flatten() {
        log::error!(cause:% = error; "a health check fails");
    }
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    HttpResponse::build(status).json(HealthReport { status: Health::of(well), checks })
}

/// Begun once the process has been asked to stop, so that nobody sends it new work.
#[derive(Debug, Default)]
pub struct Draining(AtomicBool);

impl Draining {
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Finds out whether writes are stored, by writing one row of its own again and again.
#[derive(Debug, Default)]
pub struct Probe(Mutex<Option<Proof>>);

/// The proof that a row was stored.
#[derive(Debug)]
struct Proof {
    at: Instant,
    /// How many writes had failed by then: after one more the proof is void.
    faults: u64,
}

impl Probe {
    /// Takes the write lock and gives it back, which fails on a full queue or behind another process. Writes only where the last write was
    /// not just now, so that asking often neither wears out the disk nor keeps the streams busy. `id` is a new one each time, because
    /// SQLite does not write a page that stays the same.
    async fn write(&self, db: &Db, id: String) -> ApiResult<()> {
        // One probe at a time, or probes would fill the queue while it does not move.
        let mut proof = self.0.lock().await;
        let (at, faults) = (Instant::now(), db.faults());
        let last = proof.as_ref().filter(|proof| proof.faults == faults).map(|proof| proof.at);
        let proven = last.is_some_and(|last| at - last < PROVEN_FOR);
        // A failed write needed room: a little of it is no proof that there is enough again.
        let filling = id.repeat(if last.is_some() { 1 } else { FILLING });
        db.write(move |conn| if proven { Ok(()) } else { Ok(leave(conn, &filling)?) }).await?;
        if !proven {
            *proof = Some(Proof { at, faults });
        }
        Ok(())
    }
}

fn leave(conn: &mut DbConnection, filling: &str) -> QueryResult<()> {
    if diesel::update(dsl::probes.find(1)).set(dsl::filling.eq(filling)).execute(conn)? == 0 {
        diesel::insert_into(dsl::probes).values((dsl::id.eq(1), dsl::filling.eq(filling))).execute(conn)?;
    }
    Ok(())
}
