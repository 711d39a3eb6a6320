//! Endpoints of one's own account.

use actix_session::Session;
use actix_web::{HttpResponse, delete, get, patch, web};
use secrecy::SecretString;
use serde::Deserialize;
use std::borrow::Cow;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::{
    changed::{ChangedUser, person_changed},
    erase::delete_user,
    me::Me,
};
use crate::{
    account::{
        model::{self, Sharing, TimeZone, Unit, UserChanges, as_text},
        names::validate_name,
        privacy_policy,
    },
    auth::{
        Auth, confirm_password,
        guard::{CurrentUser, RestrictedUser},
    },
    entries::model::has_entries,
    error::{ApiResult, FieldError},
    http::{
        extract::{ValidJson, present},
        state::AppState,
    },
    metric::Metric,
    trail::{Action, AuditEvent},
    words::Flag,
};

/// Read your account.
#[utoipa::path(
    tag = "users",
    responses(
        (status = 200, description = "Your account", body = Me),
    )
)]
#[get("/me")]
pub async fn get_me(state: web::Data<AppState>, current: RestrictedUser) -> ApiResult<web::Json<Me>> {
    let now = state.clock.now();
    Ok(web::Json(current.0.read(&state.db, |conn, user| Ok(user.me(conn, now)?)).await?))
}

/// The fields to change; a field that is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMe {
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 64), custom(function = "validate_name"))]
    #[schema(
        nullable = false,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        example = "Robin"
    )]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[validate(custom(function = "validate_time_zone"))]
    #[schema(nullable = false, value_type = Option<String>, example = "Europe/Berlin")]
    time_zone: Option<TimeZone>,
    /// The zone of the device. It is adopted only while no zone was chosen and nothing was ever
    /// logged; otherwise it changes nothing.
    #[serde(default, deserialize_with = "present")]
    #[validate(custom(function = "validate_time_zone"))]
    #[schema(nullable = false, value_type = Option<String>, example = "Europe/Berlin")]
    device_time_zone: Option<TimeZone>,
    #[serde(default, deserialize_with = "present")]
    #[validate(range(min = 0, max = 6))]
    #[schema(nullable = false, minimum = 0, maximum = 6, example = 4)]
    day_starts_at: Option<i16>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    unit: Option<Unit>,
    #[serde(default, deserialize_with = "present")]
    #[validate(range(min = 100, max = 10_000))]
    #[schema(nullable = false, minimum = 100, maximum = 10_000, example = 2000)]
    daily_goal_ml: Option<i32>,
    #[serde(default, deserialize_with = "present")]
    #[validate(custom(function = "validate_presets"))]
    #[schema(nullable = false, value_type = Option<Vec<Preset>>, min_items = 3, max_items = 3, example = json!([150, 250, 500]))]
    water_presets_ml: Option<Vec<i32>>,
    /// The viewers you let watch: those you approve, every viewer, or nobody.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    sharing: Option<Sharing>,
    /// The age in hours from which your status counts as ageing.
    #[serde(default, deserialize_with = "present")]
    #[validate(range(min = 1, max = 168))]
    #[schema(nullable = false, minimum = 1, maximum = 168, example = 6)]
    ageing_after_hours: Option<i16>,
    /// The age in hours from which your status counts as stale: more than for ageing.
    #[serde(default, deserialize_with = "present")]
    #[validate(range(min = 2, max = 336))]
    #[schema(nullable = false, minimum = 2, maximum = 336, example = 24)]
    stale_after_hours: Option<i16>,
    /// The version from `GET /privacy-policy` that you have read and accept.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, example = "2026-11-25.2")]
    privacy_policy_version: Option<String>,
}

/// Millilitres in one cup.
#[derive(Debug, ToSchema)]
#[schema(minimum = 1, maximum = 5000)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Preset(i32);

fn validate_time_zone(zone: &TimeZone) -> Result<(), ValidationError> {
    zone.known().map(drop).ok_or_else(|| {
        ValidationError::new("time_zone")
            .with_message(Cow::Borrowed("has to be an IANA time zone such as Europe/Berlin"))
    })
}

fn validate_presets(presets: &[i32]) -> Result<(), ValidationError> {
    if presets.len() == 3 && presets.iter().all(|ml| Metric::Water.check(*ml).is_ok()) {
        return Ok(());
    }
    Err(ValidationError::new("presets").with_message(Cow::Borrowed("has to be three amounts from 1 to 5000 ml")))
}

/// Change your account.
///
/// Existing entries keep their days when the time zone or the start of the day changes.
#[utoipa::path(
    tag = "users",
    request_body = UpdateMe,
    responses(
        (status = 200, description = "Your account as it is now", body = Me),
    )
)]
#[patch("/me")]
pub async fn update_me(
    state: web::Data<AppState>,
    current: CurrentUser,
    body: ValidJson<UpdateMe>,
) -> ApiResult<web::Json<Me>> {
    let ValidJson(UpdateMe {
        display_name,
        time_zone,
        device_time_zone,
        day_starts_at,
        unit,
        daily_goal_ml,
        water_presets_ml,
        sharing,
        ageing_after_hours,
        stale_after_hours,
        privacy_policy_version: accepted,
    }) = body;
    if accepted.as_ref().is_some_and(|version| version != privacy_policy::VERSION) {
        return Err(privacy_policy::not_current().into());
    }
    let mut changes = UserChanges {
        display_name,
        time_zone_set: time_zone.is_some().then_some(Flag(true)),
        time_zone,
        day_starts_at,
        unit,
        daily_goal_ml,
        water_presets_ml: water_presets_ml.map(|presets| as_text(&presets)),
        sharing,
        ageing_after_hours,
        stale_after_hours,
    };
    let user = current.user.clone();
    let me = current
        .write(&state.db, move |conn, context| {
            if accepted.is_some() {
                model::accept_privacy_policy(conn, &user.id, context.at)?;
                let event = AuditEvent::new(Action::PrivacyAccept).on(&user.username).detail(privacy_policy::VERSION);
                context.record(conn, &event)?;
            }
            let before = model::get_user(conn, &user.id)?;
            if changes.time_zone.is_none() && !before.time_zone_set && !has_entries(conn, &user.as_person())? {
                changes.time_zone_set = device_time_zone.is_some().then_some(Flag(true));
                changes.time_zone = device_time_zone;
            }
            let after = model::update_user(conn, &user.id, &changes)?;
            if after.stale_after_hours <= after.ageing_after_hours {
                let message = "has to be more than the hours after which it counts as ageing";
                return Err(FieldError::new("stale_after_hours", "range", message).into());
            }
            if !changes.is_empty() {
                context.record(conn, &AuditEvent::new(Action::UserUpdate).on(&user.username).detail("preferences"))?;
            }
            person_changed(conn, ChangedUser { before: &before, after: &after }, context.at)?;
            Ok(after.me(conn, context.at)?)
        })
        .await?;
    Ok(web::Json(me))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteMe {
    /// Your password, so that nobody does this on a device you left open.
    #[schema(value_type = String, format = Password, example = "Quiet-Harbour-71-lanterns")]
    password: SecretString,
}

/// Erase your account.
///
/// Your account, your sessions and all your entries are erased at once, for good.
#[utoipa::path(
    tag = "users",
    request_body = DeleteMe,
    responses(
        (status = 204, description = "Erased"),
        (status = 403, description = "Wrong password, or the request came from another site"),
        (status = 409, description = "You are the last admin"),
        (status = 423, description = "Too many wrong passwords"),
    )
)]
#[delete("/me")]
pub async fn delete_me(
    state: web::Data<AppState>,
    auth: web::Data<Auth>,
    session: Session,
    current: CurrentUser,
    body: ValidJson<DeleteMe>,
) -> ApiResult<HttpResponse> {
    confirm_password(&state, &auth, &current, &body.0.password, Action::UserDelete).await?;
    let user = current.user.clone();
    current
        .write(&state.db, move |conn, context| {
            delete_user(conn, &user.id, context.at)?;
            Ok(context.record(conn, &AuditEvent::new(Action::UserDelete).on(&user.username))?)
        })
        .await?;
    session.purge();
    Ok(HttpResponse::NoContent().finish())
}
