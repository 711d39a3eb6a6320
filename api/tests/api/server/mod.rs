//! Requests as they come over the wire, and what stands in front of every route.

pub mod nginx;
pub mod requests;
pub mod wire;
