//! Asking too often: limits, penalties, and waiting as one is told.

pub mod penalties;
pub mod tiers;
pub mod waiting;
