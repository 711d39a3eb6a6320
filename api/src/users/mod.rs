//! Accounts: registration, a user's own account, and how admins manage all of them.
//!
//! `GET PATCH DELETE /me`, `POST /auth/register`, and what `admin` and `invites` list

pub mod admin;
mod changed;
pub mod cli;
mod erase;
pub mod handlers;
pub mod invites;
pub mod me;
pub mod registration;
