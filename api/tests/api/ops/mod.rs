//! The program as its operator meets it.

pub mod database;
mod health;
pub mod log;
pub mod maintenance;
pub mod program;
pub mod put_back;
