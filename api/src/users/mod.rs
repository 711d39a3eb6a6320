//! Accounts: how they come about, what each keeps about themself, and how admins manage them.
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
