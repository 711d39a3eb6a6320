//! The live streams.

mod changes;
mod ids;
mod limits;
pub mod listener;
mod raw;
mod returning;
mod revoked;
