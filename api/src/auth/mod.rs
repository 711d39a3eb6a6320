//! Authentication: passwords, the second factor, sessions and the three ways to carry one: a cookie for the page, a JWT for other
//! clients, an API token for scripts. All depend on one session row that every request reads, so ending the row ends them at once.
//!
//! `POST /auth/login`, `/auth/token`, `/auth/logout`, `PUT /me/password`, `GET DELETE /me/sessions[/{id}]`, `GET POST DELETE /me/totp`,
//! `POST /me/totp/confirm`, `GET POST /me/tokens`, `DELETE /me/tokens/{id}`

pub mod acting_as;
pub mod api_tokens;
mod attempt;
mod continuation;
pub mod guard;
pub mod handlers;
mod hs256;
mod ids;
pub mod jwt;
pub mod last_seen;
pub mod lockout;
pub mod model;
pub mod password;
pub mod second_factor;
mod service;
pub mod sessions;
pub mod sign_in;
pub mod totp;

pub use attempt::confirm_password;
pub use ids::{AttemptId, Named, SessionId};
pub use service::Auth;
pub use sessions::SessionView;
pub use sign_in::COOKIE_LIFE;
