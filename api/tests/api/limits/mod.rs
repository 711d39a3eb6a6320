//! Limits, penalties, and clients that wait as told.

pub mod penalties;
pub mod tiers;
pub mod waiting;
