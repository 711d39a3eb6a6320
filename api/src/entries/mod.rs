//! Entries: water and altitude, each at the instant it happened. Only the owner writes one; people
//! who may watch read them in `people/history.rs`.
//!
//! `POST /entries`, `GET PATCH DELETE /entries/{id}`, `POST /entries/{id}/restore`, `GET /entries/deleted`,
//! and what `bulk` and `versions` list

pub mod bulk;
pub mod change;
pub mod day;
pub mod deleted;
pub mod handlers;
pub mod model;
pub mod ounces;
pub mod versions;
pub mod view;
