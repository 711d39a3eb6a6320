//! What is logged: water and altitude, each entry at the instant it happened. Only its owner writes one; whoever may watch the
//! person reads the history.
//!
//! `POST /entries`, `GET PATCH DELETE /entries/{id}`, `POST /entries/{id}/restore`, `GET /entries/deleted`,
//! `GET /people/{username}/entries`; and what `bulk` and `versions` list

pub mod bulk;
pub mod change;
pub mod deleted;
pub mod handlers;
pub mod history;
pub mod model;
pub mod ounces;
pub mod versions;
mod view;

pub use history::since as entries_since;
pub use view::EntryView;
