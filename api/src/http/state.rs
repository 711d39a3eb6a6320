//! State that every handler may need. Everything else is a service that a handler asks for in its signature.

use actix_web::{HttpRequest, web};

use super::paging::Cursors;
use crate::{
    clock::Clock,
    config::Config,
    db::Db,
    error::{ApiError, ApiResult},
};

/// One for the whole process.
#[derive(Debug)]
pub struct AppState {
    pub config: Config,
    pub clock: Clock,
    pub db: Db,
    pub cursors: Cursors,
}

impl AppState {
    #[must_use]
    pub fn new(config: Config, clock: Clock, db: Db) -> Self {
        Self { cursors: Cursors::new(&config.session_secret), config, clock, db }
    }

    /// The `__Host-` prefix binds the cookie to this very host, but browsers accept it only over TLS.
    #[must_use]
    pub fn cookie_name(&self) -> &'static str {
        if self.config.served_over_tls() { "__Host-session" } else { "session" }
    }
}

/// The service of this type, for code that has no handler's signature.
///
/// # Errors
/// 500 where `server/services.rs` makes none.
pub fn service<T: 'static>(req: &HttpRequest) -> ApiResult<&web::Data<T>> {
    req.app_data().ok_or_else(|| ApiError::internal(format!("no {}", std::any::type_name::<T>())))
}
