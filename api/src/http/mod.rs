//! Requests and answers, as every room reads and gives them: valid JSON, valid queries, pages and their cursors, the client's address.

pub mod caller;
pub mod extract;
pub mod paging;
pub mod request;
pub mod signing;
pub mod state;
