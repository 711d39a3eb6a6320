//! Endpoints that log an entry, read it, change it, delete it and restore it.

use actix_web::{HttpResponse, delete, get, http::StatusCode, patch, post, web};
use serde::Deserialize;
use std::borrow::Cow;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::{
    change::{change_entry, insert_entry, least_detail},
    model::{Entry, find_entry},
    ounces,
    view::EntryView,
};
use crate::{
    account::{ids::PersonId, model::get_user},
    auth::guard::{AdminUser, Logger},
    clock::{EARLIEST, MINUTE, Timestamp},
    db::DbConnection,
    error::{ApiError, ApiResult, Code, FieldError},
    http::{
        extract::{ValidJson, present},
        state::AppState,
    },
    id::EntryId,
    metric::Metric,
    trail::{Action, AuditEvent},
};

/// How far a client's clock may run ahead of the server's.
const AHEAD: i64 = 5 * MINUTE;

/// An entry to log.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "validate_value"))]
pub struct CreateEntry {
    metric: Metric,
    /// Water: millilitres, 1 to 5000. Altitude: 1 to 10.
    #[schema(minimum = 1, maximum = 5000, example = 250)]
    value: i32,
    /// For water that was typed in fluid ounces (US): the typed amount, in tenths. It has to equal
    /// `value` in ounces.
    #[schema(minimum = 1, maximum = 1691, example = 85)]
    fl_oz_tenths: Option<i32>,
    /// The time it happened, at most five minutes ahead and not before the year 2000; now by
    /// default.
    at: Option<Timestamp>,
    #[validate(length(max = 500), custom(function = "validate_note"))]
    #[schema(max_length = 500, pattern = r"^[^\x00]*$", example = "after the run")]
    note: Option<String>,
    #[validate(custom(function = "validate_tags"))]
    #[schema(value_type = Option<Vec<Tag>>, max_items = 10, example = json!(["sport"]))]
    tags: Option<Vec<String>>,
    /// A UUIDv7 of your own. The same entry can safely be sent again under the same id: it is
    /// stored once.
    id: Option<Uuid>,
}

/// A word to find entries by.
#[derive(Debug, ToSchema)]
#[schema(min_length = 1, max_length = 32, pattern = r"^[^\x00]*$")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Tag(String);

fn validate_value(entry: &CreateEntry) -> Result<(), ValidationError> {
    let fits = entry.metric.check(entry.value);
    fits.and_then(|()| ounces::check(entry.metric, entry.value, entry.fl_oz_tenths)).map_err(|error| {
        let code = if error.field == "value" { "range" } else { "mismatch" };
        let mut found = ValidationError::new(code).with_message(error.message);
        found.add_param(Cow::Borrowed("field"), &error.field);
        found
    })
}

/// Refuses NUL, which nobody can type and at which databases, files and terminals end a text. All else is stored as it was typed.
fn validate_note(note: &str) -> Result<(), ValidationError> {
    if !note.contains('\0') {
        return Ok(());
    }
    Err(ValidationError::new("control").with_message(Cow::Borrowed("has to be without NUL (U+0000)")))
}

fn validate_tags(tags: &[String]) -> Result<(), ValidationError> {
    let fits = |tag: &String| (1..=32).contains(&tag.chars().count()) && !tag.contains('\0');
    if tags.len() <= 10 && tags.iter().all(fits) {
        return Ok(());
    }
    Err(ValidationError::new("tags")
        .with_message(Cow::Borrowed("has to be at most ten tags of 1 to 32 characters each, without NUL (U+0000)")))
}

/// Refuses an instant at which nothing can have been logged.
fn check_instant(at: Timestamp, now: Timestamp) -> Result<(), FieldError> {
    if at.0 > now.0 + AHEAD {
        return Err(FieldError::new(
            "at",
            "future",
            "lies more than five minutes ahead; check the clock of your device",
        ));
    }
    if at < EARLIEST {
        return Err(FieldError::new("at", "past", "lies before the year 2000"));
    }
    Ok(())
}

/// Log water or altitude.
///
/// Choose the `id` yourself, and a lost answer costs nothing: send the same again, and you get the
/// existing entry.
#[utoipa::path(
    tag = "entries",
    request_body = CreateEntry,
    responses(
        (status = 201, description = "Logged", body = EntryView),
        (status = 200, description = "Logged before under this id", body = EntryView),
        (status = 409, description = "The id belongs to a different entry"),
    )
)]
#[post("/entries")]
pub async fn create_entry(
    state: web::Data<AppState>,
    logger: Logger,
    body: ValidJson<CreateEntry>,
) -> ApiResult<HttpResponse> {
    let CreateEntry { metric, value, fl_oz_tenths, at, note, tags, id } = body.0;
    logger.may_log(metric)?;
    let now = state.clock.now();
    let instant = at.unwrap_or(now);
    check_instant(instant, now)?;
    let id = id.unwrap_or_else(|| state.clock.new_id()).into();
    let owner_id = logger.0.user.as_person();
    let (status, entry) = logger
        .0
        .write(&state.db, move |conn, context| {
            // The zone at the time of writing counts, whatever it was when the request came.
            let day = get_user(conn, owner_id.user())?.day_of(instant);
            let mut entry = Entry::new(owner_id, id, metric, value, instant, day, now);
            entry.fl_oz_tenths = fl_oz_tenths;
            entry.note = note;
            entry.set_tags(&tags.unwrap_or_default());
            let Some(existing) = find_entry(conn, &entry.user_id, &entry.id)? else {
                insert_entry(conn, &entry)?;
                context.record(conn, &AuditEvent::new(Action::EntryCreate).on(&entry.id))?;
                return Ok((StatusCode::CREATED, entry));
            };
            // A client that left the instant to the server cannot repeat it.
            let same_time = at.is_none() || existing.at == entry.at;
            if existing.deleted_at.is_some() || !same_time || !existing.same_content(&entry) {
                return Err(ApiError::new(
                    Code::IdConflict,
                    "Nothing was changed. Take a new id for a new entry; to change the one that is there, PATCH or restore it.",
                ));
            }
            Ok((StatusCode::OK, existing))
        })
        .await?;
    Ok(HttpResponse::build(status).json(entry.view()))
}

/// Read one of your entries.
#[utoipa::path(
    tag = "entries",
    params(("id" = Uuid, Path, description = "The entry's id")),
    responses(
        (status = 200, description = "The entry", body = EntryView),
        (status = 404, description = "Not an entry of yours, or deleted"),
    )
)]
#[get("/entries/{id}")]
pub async fn get_entry(
    state: web::Data<AppState>,
    admin: AdminUser,
    id: web::Path<Uuid>,
) -> ApiResult<web::Json<EntryView>> {
    let entry = admin.0.read(&state.db, |conn, owner| living_entry(conn, &owner.as_person(), *id)).await?;
    Ok(web::Json(entry.view()))
}

/// The fields to change; a field that is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateEntry {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 5000, example = 300)]
    value: Option<i32>,
    /// The amount as typed in fluid ounces (US), in tenths; `null` removes it. A new `value`
    /// without it removes it as well.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 1691, example = 101)]
    #[expect(clippy::option_option, reason = "left out, null and a number are three things in a PATCH")]
    fl_oz_tenths: Option<Option<i32>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    at: Option<Timestamp>,
    /// `null` removes the note.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 500), custom(function = "validate_note"))]
    #[schema(value_type = Option<String>, max_length = 500, pattern = r"^[^\x00]*$", example = "after the run")]
    #[expect(clippy::option_option, reason = "left out, null and a text are three things in a PATCH")]
    note: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[validate(custom(function = "validate_tags"))]
    #[schema(nullable = false, value_type = Option<Vec<Tag>>, max_items = 10, example = json!(["sport"]))]
    tags: Option<Vec<String>>,
}

/// Change one of your entries.
///
/// A new `at` also moves the entry to the day of that instant.
#[utoipa::path(
    tag = "entries",
    params(("id" = Uuid, Path, description = "The entry's id")),
    request_body = UpdateEntry,
    responses(
        (status = 200, description = "The entry as it is now", body = EntryView),
        (status = 404, description = "Not an entry of yours, or deleted"),
    )
)]
#[patch("/entries/{id}")]
pub async fn update_entry(
    state: web::Data<AppState>,
    admin: AdminUser,
    id: web::Path<Uuid>,
    body: ValidJson<UpdateEntry>,
) -> ApiResult<web::Json<EntryView>> {
    let UpdateEntry { value, fl_oz_tenths, at, note, tags } = body.0;
    at.map(|at| check_instant(at, state.clock.now())).transpose()?;
    let (clock, owner_id) = (state.clock.clone(), admin.0.user.id.clone());
    let entry = admin
        .write(&state.db, move |conn, context| {
            let owner = get_user(conn, &owner_id)?;
            let before = living_entry(conn, &owner.as_person(), *id)?;
            let mut entry = before.clone();
            entry.value = value.unwrap_or(entry.value);
            entry.metric().check(entry.value)?;
            let kept = before.fl_oz_tenths.filter(|_| entry.value == before.value);
            entry.fl_oz_tenths = fl_oz_tenths.unwrap_or(kept);
            ounces::check(entry.metric(), entry.value, entry.fl_oz_tenths)?;
            if let Some(at) = at {
                entry.move_to(at, owner.day_of(at));
            }
            if let Some(note) = note {
                entry.note = note;
            }
            if let Some(tags) = tags {
                entry.set_tags(&tags);
            }
            if least_detail(&before, &entry).is_some() {
                entry.updated_at = clock.now();
                change_entry(conn, &before, &mut entry, &owner.username)?;
                context.record(conn, &AuditEvent::new(Action::EntryUpdate).on(&entry.id))?;
            }
            Ok(entry)
        })
        .await?;
    Ok(web::Json(entry.view()))
}

/// Delete one of your entries.
///
/// `POST /entries/{id}/restore` restores it.
#[utoipa::path(
    tag = "entries",
    params(("id" = Uuid, Path, description = "The entry's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "Not an entry of yours, or deleted already"),
    )
)]
#[delete("/entries/{id}")]
pub async fn delete_entry(
    state: web::Data<AppState>,
    admin: AdminUser,
    id: web::Path<Uuid>,
) -> ApiResult<HttpResponse> {
    let (clock, owner) = (state.clock.clone(), admin.0.user.clone());
    admin
        .write(&state.db, move |conn, context| {
            let now = clock.now();
            let before = living_entry(conn, &owner.as_person(), *id)?;
            let mut entry = before.clone();
            (entry.deleted_at, entry.updated_at) = (Some(now), now);
            change_entry(conn, &before, &mut entry, &owner.username)?;
            Ok(context.record(conn, &AuditEvent::new(Action::EntryDelete).on(&entry.id))?)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Restore a deleted entry.
///
/// An entry that is not deleted stays as it is.
#[utoipa::path(
    tag = "entries",
    params(("id" = Uuid, Path, description = "The entry's id")),
    responses(
        (status = 200, description = "The restored entry", body = EntryView),
        (status = 404, description = "Not an entry of yours"),
    )
)]
#[post("/entries/{id}/restore")]
pub async fn restore_entry(
    state: web::Data<AppState>,
    admin: AdminUser,
    id: web::Path<Uuid>,
) -> ApiResult<web::Json<EntryView>> {
    let (clock, owner) = (state.clock.clone(), admin.0.user.clone());
    let entry = admin
        .write(&state.db, move |conn, context| {
            let now = clock.now();
            let before = find_entry(conn, &owner.as_person(), &EntryId::from(*id))?.ok_or_else(ApiError::not_found)?;
            if before.deleted_at.is_none() {
                return Ok(before);
            }
            let mut entry = before.clone();
            (entry.deleted_at, entry.updated_at) = (None, now);
            change_entry(conn, &before, &mut entry, &owner.username)?;
            context.record(conn, &AuditEvent::new(Action::EntryRestore).on(&entry.id))?;
            Ok(entry)
        })
        .await?;
    Ok(web::Json(entry.view()))
}

fn living_entry(conn: &mut DbConnection, owner: &PersonId, id: Uuid) -> ApiResult<Entry> {
    find_entry(conn, owner, &EntryId::from(id))?
        .filter(|entry| entry.deleted_at.is_none())
        .ok_or_else(ApiError::not_found)
}
