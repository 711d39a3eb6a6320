//! Requests byte by byte, and the checks in front of every route.

pub mod nginx;
pub mod requests;
pub mod wire;
