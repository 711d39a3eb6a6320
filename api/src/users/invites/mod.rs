//! Invitations: a link that lets somebody register with the role an admin chose, for so many people and so long.
//!
//! `GET POST /admin/invites`, `DELETE /admin/invites/{id}`

pub mod handlers;
pub mod model;
