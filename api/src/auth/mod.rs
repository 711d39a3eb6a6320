//! Who is asking. Passwords, the second factor, sessions and the three ways to carry one: a cookie for the page, a JWT for other clients,
//! an API token for scripts. All stand on one session row that is looked at on every request, so ending the row ends them at once.
//!
//! `POST /auth/login`, `/auth/token`, `/auth/logout`, `PUT /me/password`, `GET DELETE /me/sessions[/{id}]`, `GET POST DELETE /me/totp`,
//! `POST /me/totp/confirm`, `GET POST /me/tokens`, `DELETE /me/tokens/{id}`

pub mod acting_as;
pub mod api_tokens;
mod attempt;
mod continuation;
pub mod guard;
mod handlers;
mod hs256;
pub mod lockout;
pub mod model;
pub mod password;
pub mod second_factor;
pub mod seen;
mod sessions;
mod sign_in;
pub mod token;
mod tokens;
mod totp;

pub use attempt::{Turns, confirm_password};
pub use sessions::SessionView;
pub use sign_in::COOKIE_LIFE;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(sign_in::create_session)
        .service(sign_in::create_token)
        .service(handlers::delete_current_session)
        .service(sessions::list_sessions)
        .service(sessions::delete_session)
        .service(sessions::delete_other_sessions)
        .service(sessions::update_password)
        .service(totp::get_totp)
        .service(totp::create_totp)
        .service(totp::confirm_totp)
        .service(totp::delete_totp)
        .service(tokens::list_api_tokens)
        .service(tokens::create_api_token)
        .service(tokens::delete_api_token);
}
