//! Running the thing: is it alive, is it ready, what an admin decides about it, and data to try it with.
//!
//! `GET /health`, `/health/live`, `/health/ready`, `/instance`, `GET PATCH /admin/settings`

pub mod demo;
pub mod doctor;
mod handlers;
pub mod health;
pub mod healthcheck;
pub mod put_back;
pub mod settings;

pub use handlers::Instance;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(health::get_health).service(health::get_liveness).service(health::get_readiness);
}

/// What stands below `/api/v1`.
pub fn api_routes(config: &mut ServiceConfig) {
    config.service(handlers::get_instance).service(handlers::get_settings).service(handlers::update_settings);
}
