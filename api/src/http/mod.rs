//! What every room takes from a request and gives in an answer: valid JSON, valid queries, pages and their cursors, the client's address.

pub mod caller;
pub mod extract;
pub mod paging;
pub mod request;
pub mod state;
