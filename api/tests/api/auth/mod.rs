//! Registering, signing in, and what counts as a credential from then on.

mod accounts;
mod credentials;
mod sign_in;

use serde_json::{Value, json};

fn registration(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password, "privacy_policy_version": "2026-11-25.2"})
}
