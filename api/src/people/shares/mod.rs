//! Asking for a share, answering, narrowing and ending it, and who looked.
//!
//! `POST /people/{username}/share-requests`, `GET /me/shares`, `GET PATCH DELETE /me/shares/{username}`, `GET /me/audience`

pub mod handlers;
pub mod model;
pub mod terms;

pub use handlers::page_of_shares;
pub use model::{ShareView, share_view};
