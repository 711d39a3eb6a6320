//! The HTTP surface, tested from outside. Each test has a server, a port and a database file of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop and say where")]

mod audit;
mod auth;
mod contract;
mod db;
mod documents;
mod entries;
mod events;
mod floors;
mod ids;
mod limits;
mod matrix;
mod ops;
mod people;
mod security;
mod server;
mod support;
mod untold;
mod users;
