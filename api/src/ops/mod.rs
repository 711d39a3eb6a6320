//! Running the thing: is it alive, is it ready, what an admin decides about it, and data to try it with.
//!
//! `GET /health`, `/health/live`, `/health/ready`, `/instance`, `GET PATCH /admin/settings`, `GET /admin/database`, `POST /admin/database/{check,optimize}`

pub mod care;
pub mod demo;
pub mod doctor;
pub mod handlers;
pub mod health;
pub mod healthcheck;
pub mod put_back;
