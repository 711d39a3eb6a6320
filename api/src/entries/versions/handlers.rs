//! Endpoints of an entry's earlier versions: list them, restore one.

use actix_web::{get, post, web};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{EntryVersion, find_version, list_versions as list};
use crate::{
    account::username::Username,
    auth::guard::AdminUser,
    clock::Timestamp,
    entries::{
        change::{change_entry, least_detail},
        day::Day,
        model::find_entry,
        view::EntryView,
    },
    error::{ApiError, ApiResult},
    http::{
        extract::ValidQuery,
        paging::{Page, PageQuery},
        state::AppState,
    },
    id::EntryId,
    trail::{Action, AuditEvent},
};

/// An entry as it was before a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionView {
    /// 1 is the oldest version of this entry.
    #[schema(example = 1)]
    number: i32,
    #[schema(example = 250)]
    value: i32,
    /// For water that was typed in fluid ounces (US), the typed amount in tenths.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 85)]
    fl_oz_tenths: Option<i32>,
    at: Timestamp,
    #[schema(value_type = String, format = Date, example = "2026-03-01")]
    day: Day,
    #[schema(required = true, example = "after the run")]
    note: Option<String>,
    tags: Vec<String>,
    /// Whether it was deleted then.
    deleted: bool,
    /// The beginning of this version.
    valid_from: Timestamp,
    /// The end of this version.
    replaced_at: Timestamp,
    /// The user name of the one who changed it.
    #[schema(value_type = String, example = "robin")]
    replaced_by: Username,
}

impl EntryVersion {
    fn view(self) -> VersionView {
        VersionView {
            number: self.number,
            value: self.value,
            fl_oz_tenths: self.fl_oz_tenths,
            at: self.at,
            tags: self.tags(),
            day: self.day,
            note: self.note,
            deleted: self.deleted_at.is_some(),
            valid_from: self.valid_from,
            replaced_at: self.replaced_at,
            replaced_by: self.replaced_by,
        }
    }
}

/// List the previous versions of one of your entries.
///
/// Newest first; this includes deleted entries.
#[utoipa::path(
    tag = "entries",
    params(("id" = Uuid, Path, description = "The entry's id"), PageQuery),
    responses(
        (status = 200, description = "One page", body = Page<VersionView>),
        (status = 404, description = "Not an entry of yours"),
    )
)]
#[get("/entries/{id}/versions")]
pub async fn list_versions(
    state: web::Data<AppState>,
    admin: AdminUser,
    id: web::Path<Uuid>,
    query: ValidQuery<PageQuery>,
) -> ApiResult<web::Json<Page<VersionView>>> {
    let page = state.cursors.page(format!("versions|{}|{id}", admin.0.user.id), query.0)?;
    let before = page.after.unwrap_or(i32::MAX);
    let versions = admin
        .0
        .read(&state.db, |conn, owner| {
            let entry = find_entry(conn, &owner.as_person(), &EntryId::from(*id))?.ok_or_else(ApiError::not_found)?;
            Ok(list(conn, &entry, before, page.rows())?)
        })
        .await?;
    Ok(web::Json(page.of(versions, |last| last.number).map(EntryVersion::view)))
}

/// An entry after one of its versions was restored.
#[derive(Debug, Serialize, ToSchema)]
pub struct RestoredEntry {
    /// `null` if it was deleted in that version, and therefore is again.
    #[schema(required = true)]
    entry: Option<EntryView>,
}

/// Put one of your entries back to a version.
///
/// The entry gets the day it had. The present state is kept as a version in turn; if nothing
/// differs, nothing is done.
#[utoipa::path(
    tag = "entries",
    params(
        ("id" = Uuid, Path, description = "The entry's id"),
        ("number" = i32, Path, description = "The version's number", example = 1),
    ),
    responses(
        (status = 200, description = "The entry as it is now", body = RestoredEntry),
        (status = 404, description = "Not an entry of yours, or no such version of it"),
    )
)]
#[post("/entries/{id}/versions/{number}/restore")]
pub async fn restore_version(
    state: web::Data<AppState>,
    admin: AdminUser,
    path: web::Path<(Uuid, i32)>,
) -> ApiResult<web::Json<RestoredEntry>> {
    let (id, number) = path.into_inner();
    let (clock, owner) = (state.clock.clone(), admin.0.user.clone());
    let entry = admin
        .write(&state.db, move |conn, context| {
            let now = clock.now();
            let before = find_entry(conn, &owner.as_person(), &EntryId::from(id))?.ok_or_else(ApiError::not_found)?;
            let version = find_version(conn, &before, number)?.ok_or_else(ApiError::not_found)?;
            let mut after = version.put_back(&before, now);
            if least_detail(&before, &after).is_none() {
                return Ok(before);
            }
            change_entry(conn, &before, &mut after, &owner.username)?;
            context.record(
                conn,
                &AuditEvent::new(Action::EntryRestore).on(&after.id).detail(format!("version {number}")),
            )?;
            Ok(after)
        })
        .await?;
    Ok(web::Json(RestoredEntry { entry: entry.living_view() }))
}
