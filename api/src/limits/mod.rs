//! Limits: requests are counted in tiers, callers who go on after they were refused are kept out
//! for a while, and requests that look like an attack are recorded for the admins.
//!
//! `GET /admin/security`, `DELETE /admin/penalties/{id}`, `POST /csp-reports`

pub mod cli;
mod events;
pub mod handlers;
mod journal;
mod model;
pub mod penalties;
mod rates;
pub mod suspicion;
mod tier;
mod waiting;

pub use events::{SecurityEvent, SecurityLog};
pub use rates::{Limits, Refusal, Standing, caller_of, counted, forget_periodically};
pub use tier::Tier;
pub use waiting::AT_ONCE;
