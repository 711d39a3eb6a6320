//! The people who are watched: who may see what of whom, and how they are now.
//!
//! `GET /people`, `GET /people/{username}/status`, `GET /people/{username}/entries`, and what `shares` lists

pub mod handlers;
pub mod history;
pub mod looks;
pub mod model;
pub mod shares;
pub mod sharing;
pub mod status;
