//! Asking for a share, answering, narrowing and ending it, and who looked.
//!
//! `POST /people/{username}/share-requests`, `GET /me/shares`, `GET PATCH DELETE /me/shares/{username}`, `GET /me/audience`

mod handlers;
pub mod model;
pub mod terms;

use utoipa_actix_web::service_config::ServiceConfig;

pub use handlers::page_of_shares;
pub use model::{ShareView, share_view};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(handlers::create_share_request)
        .service(handlers::list_shares)
        .service(handlers::get_share)
        .service(handlers::update_share)
        .service(handlers::delete_share)
        .service(handlers::list_audience);
}
