//! Changes of a person, and how they reach those who watch: from the outbox, by one thread, to all streams.
//!
//! `GET /people/{username}/events`, `GET /me/events`

pub mod handlers;
mod hub;
mod ids;
mod notice;
mod reading;
mod send_buffer;
mod socket;
mod stream;
mod subscription;
mod watching;

pub use self::{
    hub::Streams,
    socket::{is_taking_over, retain_socket},
};
