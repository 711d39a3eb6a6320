use std::sync::atomic::Ordering;

use actix_web::{HttpResponse, get, http::StatusCode, web};
use diesel::{RunQueryDsl, sql_query};
use serde::Serialize;
use utoipa::ToSchema;

use crate::server::AppState;

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

/// Each part by itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthChecks {
    /// The database can be read.
    database_reads: Health,
    /// The writer takes work and commits it.
    database_writes: Health,
    /// The server takes new requests: it has not been asked to stop.
    accepting: Health,
}

/// Read the state of the whole.
#[utoipa::path(
    tag = "ops",
    security(()),
    responses(
        (status = 200, description = "All is well", body = HealthReport),
        (status = 503, description = "Something fails; see `checks`", body = HealthReport),
    )
)]
#[get("/health")]
pub async fn get_health(state: web::Data<AppState>) -> HttpResponse {
    report(&state).await
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Liveness {
    status: Health,
}

/// Is the process alive.
///
/// Looks at nothing else: a database that is away must not get the process restarted.
#[utoipa::path(tag = "ops", security(()), responses((status = 200, description = "Alive", body = Liveness)))]
#[get("/health/live")]
pub async fn get_liveness() -> web::Json<Liveness> {
    web::Json(Liveness { status: Health::Ok })
}

/// Is the server able to serve.
///
/// Migrated, reads, writes, not draining. Send it requests only while this is 200.
#[utoipa::path(
    tag = "ops",
    security(()),
    responses(
        (status = 200, description = "Ready", body = HealthReport),
        (status = 503, description = "Not ready; see `checks`", body = HealthReport),
    )
)]
#[get("/health/ready")]
pub async fn get_readiness(state: web::Data<AppState>) -> HttpResponse {
    report(&state).await
}

async fn report(state: &AppState) -> HttpResponse {
    let reads = state.db.read(|conn| Ok(sql_query("SELECT 1 FROM users LIMIT 1").execute(conn)?)).await;
    // An empty write takes the write lock and gives it back: that is what fails on a full queue or a read-only disk.
    let writes = state.db.write(|_| Ok(())).await;
    let checks = HealthChecks {
        database_reads: Health::of(reads.is_ok()),
        database_writes: Health::of(writes.is_ok()),
        accepting: Health::of(!state.draining.load(Ordering::Relaxed)),
    };
    let well =
        [checks.database_reads, checks.database_writes, checks.accepting].iter().all(|check| *check == Health::Ok);
    for error in [reads.err(), writes.err()].into_iter().flatten() {
        log::error!(cause:% = error; "a health check fails");
    }
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    HttpResponse::build(status).json(HealthReport { status: Health::of(well), checks })
}
