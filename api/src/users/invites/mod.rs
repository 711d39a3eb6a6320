//! Invitations: a link that lets somebody register with the role an admin chose, for so many people and so long.
//!
//! `GET POST /admin/invites`, `DELETE /admin/invites/{id}`

mod handlers;
pub mod model;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(handlers::list_invites).service(handlers::create_invite).service(handlers::delete_invite);
}
