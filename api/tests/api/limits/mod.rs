//! Limits, penalties, and clients that wait as they are told.

pub mod penalties;
pub mod tiers;
pub mod waiting;
