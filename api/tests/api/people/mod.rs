//! Whom one may watch, and what one sees.

pub mod sharing;
pub mod start;
pub mod status;
