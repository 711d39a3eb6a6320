//! Endpoints of the instance: what anybody may know of it, and the settings that admins change.

use actix_web::{get, patch, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::{
    auth::guard::AdminUser,
    config::Registration,
    error::ApiResult,
    http::{
        extract::{ValidJson, present},
        state::AppState,
    },
    settings::{CurrentSettings, Instance, SettingChanges, Settings, change},
};

/// Read what this server offers.
#[utoipa::path(tag = "ops", security(()), responses((status = 200, description = "The server", body = Instance)))]
#[get("/instance")]
pub async fn get_instance(settings: web::Data<CurrentSettings>) -> web::Json<Instance> {
    web::Json(Instance::of(&settings))
}

/// Read the settings.
#[utoipa::path(tag = "ops", responses((status = 200, description = "The settings in effect", body = Settings)))]
#[get("/admin/settings")]
pub async fn get_settings(settings: web::Data<CurrentSettings>, _admin: AdminUser) -> web::Json<Settings> {
    web::Json(settings.get())
}

/// The fields to change; a field that is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateSettings {
    /// `true` refuses all writes, and sign-ins of viewers, with 503 until it is `false` again.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    maintenance_mode: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    registration: Option<Registration>,
}

/// Change the settings.
///
/// Changes take effect at once and survive a restart. This works during maintenance too, or nobody
/// could end it.
#[utoipa::path(
    tag = "ops",
    request_body = UpdateSettings,
    responses(
        (status = 200, description = "The settings in effect", body = Settings),
        (status = 409, description = "The configuration requires maintenance"),
    )
)]
#[patch("/admin/settings")]
pub async fn update_settings(
    state: web::Data<AppState>,
    settings: web::Data<CurrentSettings>,
    admin: AdminUser,
    body: ValidJson<UpdateSettings>,
) -> ApiResult<web::Json<Settings>> {
    let ValidJson(UpdateSettings { maintenance_mode, registration }) = body;
    let changes = SettingChanges { maintenance_mode, registration };
    let (shared, turns) = (state.clone(), settings.clone());
    let write = admin
        .write(&state.db, move |conn, context| Ok((turns.turn(), change(conn, &shared.config, context, changes)?)));
    let (turn, current) = write.await?;
    settings.note(turn, current);
    Ok(web::Json(current))
}
