//! People: whom a viewer may watch, and what they see.

pub mod sharing;
pub mod start;
pub mod status;
