//! Who is asking. Passwords, sessions and the two ways to carry one: a cookie for the page, a JWT for other clients.
//! Both stand on one session row that is looked at on every request, so ending the row ends both at once.
//!
//! `POST /auth/login`, `/auth/token`, `/auth/logout`, `PUT /me/password`, `GET DELETE /me/sessions[/{id}]`

pub mod api_tokens;
pub mod guard;
mod handlers;
pub mod lockout;
pub mod model;
pub mod password;
pub mod seen;
mod sessions;
pub mod token;

pub use handlers::COOKIE_LIFE;
pub use sessions::SessionView;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(handlers::create_session)
        .service(handlers::create_token)
        .service(handlers::delete_current_session)
        .service(sessions::list_sessions)
        .service(sessions::delete_session)
        .service(sessions::delete_other_sessions)
        .service(sessions::update_password);
}
