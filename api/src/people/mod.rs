//! Admins seen as somebody who is watched: who may see what of whom, and how they are now.
//!
//! `GET /start`, `GET /people`, `GET /people/{username}/status`, and what `shares` lists

mod handlers;
pub mod model;
pub mod shares;
pub mod sharing;
mod start;
pub mod status;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(start::get_start)
        .service(handlers::list_people)
        .service(handlers::get_status)
        .configure(shares::routes);
}
