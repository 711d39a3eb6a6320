//! Prunes rows that are older than any reader could still ask for. A reader who was away for longer loads everything again.

use std::time::Duration;

use actix_web::web;

use crate::{error::ApiResult, http::state::AppState};

const EVERY: Duration = Duration::from_hours(1);

/// Prunes for as long as the server runs.
pub async fn prune_periodically(state: web::Data<AppState>) {
    loop {
        if let Err(error) = prune(&state).await {
            log::warn!(cause:% = error; "old events could not be pruned");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// # Errors
/// Errors of the database.
pub async fn prune(state: &AppState) -> ApiResult<()> {
    let now = state.clock.now();
    while state.db.write(move |conn| Ok(super::prune(conn, now)?)).await? > 0 {}
    Ok(())
}
