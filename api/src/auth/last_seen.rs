//! When each session was used last, gathered in memory and written once a minute: noting every use at once would turn every read
//! into a write.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix_web::web;

use super::{ids::SessionId, model, service::Auth};
use crate::{clock::Timestamp, db::Db, error::ApiResult, http::state::AppState};

const FLUSH_EVERY: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, Default)]
pub struct LastSeen(Arc<Mutex<HashMap<SessionId, Timestamp>>>);

impl LastSeen {
    pub fn note(&self, session_id: &SessionId, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(session_id.clone(), now);
    }

    /// Writes the uses gathered so far.
    ///
    /// # Errors
    /// Errors of the database. Uses that could not be written are lost, until the next use is noted.
    pub async fn flush(&self, db: &Db) -> ApiResult<()> {
        let gathered = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if gathered.is_empty() {
            return Ok(());
        }
        db.write(move |conn| Ok(gathered.iter().try_for_each(|(id, seen)| model::note_use(conn, id, *seen))?)).await
    }
}

/// Flushes for as long as the server runs.
pub async fn flush_periodically(state: web::Data<AppState>, auth: web::Data<Auth>) {
    loop {
        tokio::time::sleep(FLUSH_EVERY).await;
        if let Err(error) = auth.last_seen.flush(&state.db).await {
            log::warn!(cause:% = error; "the last use of sessions could not be noted");
        }
    }
}
