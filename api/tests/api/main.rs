//! The HTTP surface, tested from outside. Each test has a server, a port and a database file of its own.

mod auth;
mod contract;
mod crash;
mod entries;
mod log;
mod matrix;
mod ops;
mod people;
mod plans;
mod program;
mod support;
mod users;
