//! Accounts: the row, the names, how others see it, and the privacy policy that its owner accepted.
//!
//! `GET /privacy-policy`

pub mod ids;
pub mod model;
pub mod names;
pub mod privacy_policy;
pub mod username;
pub mod view;
