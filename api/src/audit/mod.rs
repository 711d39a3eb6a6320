//! The audit log: a chain of records that is only ever added to. Each record is written in the transaction of the change
//! that it records, so there is neither a change without its record nor a record of a change that did not happen.
//!
//! `GET /admin/audit`, `/admin/audit/export`

pub mod cli;
pub mod csv;
pub mod handlers;
pub mod model;
mod private;
pub mod retention;
