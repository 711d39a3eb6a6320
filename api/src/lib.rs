//! Table of contents of the service behind the Personal Status Tracker. `docs/architecture.md` walks a request through it.

pub mod account;
pub mod audit;
pub mod auth;
pub mod clock;
pub mod config;
pub mod db;
pub mod entries;
pub mod error;
pub mod events;
pub mod http;
pub mod limits;
pub mod logging;
pub mod metric;
pub mod ops;
pub mod outbox;
pub mod people;
pub mod server;
pub mod trail;
pub mod users;
