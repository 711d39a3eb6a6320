//! Who did what, and who may read it.

pub mod private;
pub mod records;
