//! The whole server on a real port with a database file of its own, and clients of every kind.

mod answer;
mod app;
mod client;

use serde_json::Value;
use status_tracker::clock::Timestamp;

pub use self::{
    answer::Answer,
    app::{TestApp, config},
    client::Client,
};

/// The password of everybody in the tests.
pub const PASSWORD: &str = "Quiet-Harbour-71-lanterns";
/// The beginning of every test: a Sunday noon, in UTC.
pub const NOON: &str = "2026-03-01T12:00:00.000Z";

/// The code that an authenticator with this secret shows at `now`.
pub fn code_at(secret: &Value, now: Timestamp) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret.as_str().unwrap()).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(now.0 / 1000).unwrap()).to_string()
}
