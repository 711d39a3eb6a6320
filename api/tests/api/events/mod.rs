//! The live streams.

mod changes;
mod listener;
