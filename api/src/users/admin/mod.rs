//! What admins do with other people's accounts. Each route asks for an [`AdminUser`](crate::auth::guard::AdminUser), and none shows what
//! somebody logged.
//!
//! `GET POST /admin/users`, `GET PATCH DELETE /admin/users/{username}`, `POST .../unlock`, `.../reset-password`,
//! `GET DELETE .../sessions`, `DELETE .../totp`

mod handlers;
pub mod model;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(handlers::list_users)
        .service(handlers::create_user)
        .service(handlers::get_user)
        .service(handlers::update_user)
        .service(handlers::delete_user)
        .service(handlers::unlock_user)
        .service(handlers::reset_user_password)
        .service(handlers::list_user_sessions)
        .service(handlers::delete_user_sessions)
        .service(handlers::delete_user_totp);
}
