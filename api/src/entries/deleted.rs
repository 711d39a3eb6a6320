//! Deleted entries, which their owner can find and restore long after the deletion.

use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    model::{self, Entry},
    view::EntryView,
};
use crate::{
    auth::guard::AdminUser,
    clock::Timestamp,
    error::ApiResult,
    http::{
        extract::ValidQuery,
        paging::{Page, PageQuery},
        state::AppState,
    },
    id::EntryId,
};

/// An entry as it was when it was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeletedEntry {
    #[serde(flatten)]
    entry: EntryView,
    deleted_at: Timestamp,
}

impl Entry {
    fn deleted_view(self) -> Option<DeletedEntry> {
        let deleted_at = self.deleted_at?;
        Some(DeletedEntry { entry: self.view(), deleted_at })
    }
}

/// List the entries that you deleted.
///
/// The latest deletion comes first. `POST /entries/{id}/restore` restores an entry.
#[utoipa::path(
    tag = "entries",
    params(PageQuery),
    responses(
        (status = 200, description = "One page", body = Page<DeletedEntry>),
    )
)]
#[get("/entries/deleted")]
pub async fn list_deleted_entries(
    state: web::Data<AppState>,
    admin: AdminUser,
    query: ValidQuery<PageQuery>,
) -> ApiResult<web::Json<Page<DeletedEntry>>> {
    let page = state.cursors.page::<(i64, EntryId)>(format!("deleted|{}", admin.0.user.id), query.0)?;
    let newest = (i64::MAX, EntryId::new(""));
    let (at, id) = page.after.as_ref().unwrap_or(&newest);
    let entries = admin
        .0
        .read(&state.db, |conn, owner| Ok(model::deleted_entries(conn, &owner.as_person(), (*at, id), page.rows())?))
        .await?;
    let entries = page.of(entries, |last| (last.deleted_at.map_or(0, |at| at.0), last.id.clone()));
    Ok(web::Json(entries.filter_map(Entry::deleted_view)))
}
