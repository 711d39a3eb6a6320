//! The HTTP surface, tested from outside. Each test has a server, a port and a database file of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop and say where")]

mod acting_as;
mod admin_users;
mod audit;
mod audit_private;
mod auth;
mod continuation;
mod contract;
mod crash;
mod documents;
mod entries;
mod events;
mod faults;
mod floors;
mod forged;
mod invites;
mod limits;
mod lockout;
mod log;
mod maintenance;
mod matrix;
mod migrated;
mod migrations;
mod names;
mod nginx;
mod normal_form;
mod operator;
mod ops;
mod penalties;
mod people;
mod plans;
mod program;
mod put_back;
mod requests;
mod security;
mod sessions;
mod sharing;
mod start;
mod support;
mod tokens;
mod totp;
mod untold;
mod users;
mod waiting;
mod wire;
