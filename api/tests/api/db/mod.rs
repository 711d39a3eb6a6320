//! The database: its migrations, its plans, its faults, and what is left after a crash.

pub mod crash;
pub mod faults;
pub mod migrated;
pub mod migrations;
pub mod plans;
