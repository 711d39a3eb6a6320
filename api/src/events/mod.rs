//! What changed about a person, and how it reaches those who watch.

pub mod outbox;
pub mod presence;
