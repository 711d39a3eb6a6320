//! Accounts: how they come about, what each keeps about themself, and how admins manage them.
//!
//! `GET PATCH DELETE /me`, `GET /privacy-policy`, `POST /auth/register`, and what `admin` and `invites` list

pub mod admin;
mod changed;
pub mod cli;
mod erase;
mod handlers;
mod invites;
pub mod me;
pub mod model;
pub mod names;
pub mod privacy_policy;
mod registration;
pub mod username;
pub mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(handlers::get_me)
        .service(handlers::update_me)
        .service(handlers::delete_me)
        .service(privacy_policy::get_privacy_policy)
        .service(registration::register_user)
        .configure(admin::routes)
        .configure(invites::routes);
}
