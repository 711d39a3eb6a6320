//! Running the thing: is it alive, is it ready, and data to try it with.
//!
//! `GET /health`, `/health/live`, `/health/ready`

pub mod demo;
pub mod doctor;
mod health;
pub mod healthcheck;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(health::get_health).service(health::get_liveness).service(health::get_readiness);
}
