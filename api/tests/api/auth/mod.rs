//! Registering, signing in, and what counts as a credential from then on.

mod accounts;
pub mod acting_as;
pub mod continuation;
mod credentials;
pub mod forged;
pub mod lockout;
pub mod normal_form;
pub mod sessions;
mod sign_in;
pub mod tokens;
pub mod totp;

use serde_json::{Value, json};

fn registration(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password, "privacy_policy_version": "2026-11-25.2"})
}
