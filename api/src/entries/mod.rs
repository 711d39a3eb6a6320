//! What is logged: water and altitude, each entry at the instant it happened. Only its owner writes one; whoever may watch the
//! person reads the history.
//!
//! `POST /entries`, `GET PATCH DELETE /entries/{id}`, `POST /entries/{id}/restore`, `GET /entries/deleted`,
//! `GET /people/{username}/entries`; and what `bulk` and `versions` list

mod bulk;
pub mod change;
mod deleted;
mod handlers;
mod history;
pub mod model;
pub mod ounces;
pub mod versions;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub use history::since as entries_since;
pub use view::EntryView;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(handlers::create_entry)
        // Before the entries by their id, which this is none of.
        .service(deleted::list_deleted_entries)
        .service(handlers::get_entry)
        .service(handlers::update_entry)
        .service(handlers::delete_entry)
        .service(handlers::restore_entry)
        .service(versions::handlers::list_versions)
        .service(versions::handlers::restore_version)
        .service(bulk::rewind::rewind_entries)
        .service(bulk::recompute::recompute_entries)
        .service(history::list_entries);
}
