//! Once an hour the head of the chain goes to the log, where an editor of the database cannot
//! change it too, and records older than the configuration asks for are pruned.

use std::time::Duration;

use actix_web::web;

use super::model;
use crate::{
    clock::{DAY, Timestamp},
    error::ApiResult,
    http::state::AppState,
    trail::{AuditContext, RETENTION},
};

const EVERY: Duration = Duration::from_hours(1);

/// Prunes for as long as the server runs.
pub async fn prune_periodically(state: web::Data<AppState>) {
    loop {
        if let Err(error) = prune(&state).await {
            log::warn!(cause:% = error; "old audit records could not be pruned");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// # Errors
/// Errors of the database. Records that were pruned before the error have their anchor.
pub async fn prune(state: &AppState) -> ApiResult<()> {
    let (id, hash) = state.db.read(|conn| Ok(model::head(conn)?)).await?;
    log::info!(record = id, hash = hash.as_str(); "audit head");
    let now = state.clock.now();
    let before = Timestamp(now.0 - i64::from(state.config.audit_retention_days) * DAY);
    loop {
        let context = AuditContext { at: now, actor: Some(RETENTION.to_owned()), address: None, request_id: None };
        if state.db.write(move |conn| Ok(model::prune(conn, &context, before)?)).await? == 0 {
            return Ok(());
        }
    }
}
