//! The audit log, and who may read it.

pub mod private;
pub mod records;
