//! Admins seen as somebody who is watched: who may look at whom, and how they are now.
//!
//! `GET /people`, `GET /people/{username}/status`

mod handlers;
pub mod model;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(handlers::list_people).service(handlers::get_status);
}
