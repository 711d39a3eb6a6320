//! Administration of other people's accounts. Each route asks for an
//! [`AdminUser`](crate::auth::guard::AdminUser), and none shows what somebody logged.
//!
//! `GET POST /admin/users`, `GET PATCH DELETE /admin/users/{username}`, `POST .../unlock`, `.../reset-password`,
//! `GET DELETE .../sessions`, `DELETE .../totp`

pub mod handlers;
pub mod model;
