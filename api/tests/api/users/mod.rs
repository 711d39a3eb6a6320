//! Accounts: one's own, other people's, and the ways to get one.

pub mod admin;
pub mod invites;
pub mod names;
pub mod operator;
pub mod profile;
