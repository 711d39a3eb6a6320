//! Accounts: how they come about, what each keeps about themself, and how admins manage them.
//!
//! `GET PATCH DELETE /me`, `GET /privacy-policy`, `POST /auth/register`, and what `admin` and `invites` list

pub mod admin;
mod changed;
pub mod cli;
mod erase;
mod handlers;
mod invites;
pub mod model;
pub mod names;
pub mod privacy_policy;
mod registration;

use std::borrow::Cow;

use utoipa_actix_web::service_config::ServiceConfig;
use validator::ValidationError;

pub use handlers::{Me, UserView};
pub use names::validate_name;

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

/// What other products have at their addresses: whoever asks for it is taken for an attacker by what stands in front of many servers.
const TAKEN_FOR_ATTACKS: [&str; 7] = [".php", ".asp", ".aspx", ".jsp", ".cgi", ".sql", ".bak"];

/// A user name that nobody has yet.
///
/// # Errors
/// Says what a user name looks like.
pub fn validate_new_username(username: &str) -> Result<(), ValidationError> {
    validate_username(username)?;
    let name = username.to_ascii_lowercase();
    if name.starts_with("wp-") || TAKEN_FOR_ATTACKS.iter().any(|end| name.ends_with(end)) {
        let message = format!(
            "has to begin otherwise than with wp-, and to end otherwise than in {}",
            TAKEN_FOR_ATTACKS.join(" ")
        );
        return Err(ValidationError::new("username").with_message(Cow::Owned(message)));
    }
    Ok(())
}

/// 3 to 32 letters, digits, `.`, `_` or `-`, beginning with a letter or digit: it stands in addresses and file names.
///
/// # Errors
/// Says what a user name looks like.
pub fn validate_username(username: &str) -> Result<(), ValidationError> {
    let fits = (3..=32).contains(&username.len())
        && username.starts_with(|c: char| c.is_ascii_alphanumeric())
        && username.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if fits {
        return Ok(());
    }
    Err(ValidationError::new("username").with_message(Cow::Borrowed(
        "has to be 3 to 32 letters, digits, dots, underscores or hyphens, and begin with a letter or digit",
    )))
}
