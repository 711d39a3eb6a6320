//! Who did what: a chain of records that is only ever added to. Each is written in the transaction of what it records, so there is
//! neither a change without its record nor a record of what did not happen.
//!
//! `GET /admin/audit`, `/admin/audit/export`

pub mod cli;
pub mod csv;
pub mod handlers;
pub mod model;
mod private;
pub mod retention;
