use actix_web::{HttpResponse, post, web};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::{
    guard::{CurrentUser, RestrictedUser},
    model,
    password::check_strength,
};
use crate::{
    audit::{Action, Event, Trace},
    config::Registration,
    error::{ApiError, ApiResult, Code, Problem},
    extract::ValidJson,
    server::AppState,
    users::{
        UserView,
        model::{NewUser, Role, insert_user},
        privacy_policy, validate_username,
    },
};

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterUser {
    /// 3 to 32 letters, digits, `.`, `_` or `-`. Kept in lower case.
    #[validate(custom(function = "validate_username"))]
    #[schema(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$", example = "robin")]
    username: String,
    /// 12 to 128 characters; lower and upper case letters, digits and other characters, or at least 20 characters; not easily guessed.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128, example = "Quiet-Harbour-71-lanterns")]
    password: SecretString,
    /// The version from `GET /privacy-policy` that the person has read and accepts.
    #[schema(example = "2026-11-01")]
    privacy_policy_version: String,
}

/// Register as a viewer.
///
/// Everybody who registers can watch and not write. Sign in afterwards.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = RegisterUser,
    responses(
        (status = 201, description = "Registered", body = UserView),
        (status = 403, description = "Registration is closed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The name is taken", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/auth/register")]
pub async fn register_user(
    state: web::Data<AppState>,
    trace: Trace,
    body: ValidJson<RegisterUser>,
) -> ApiResult<HttpResponse> {
    let ValidJson(RegisterUser { username, password, privacy_policy_version }) = body;
    if state.config.registration != Registration::Open {
        return Err(ApiError::new(Code::RegistrationClosed, "Ask an admin of this server for an account."));
    }
    if privacy_policy_version != privacy_policy::VERSION {
        return Err(privacy_policy::not_current().into());
    }
    check_strength("password", &password, &username)?;
    let now = state.clock.now();
    let hash = state.passwords.hash(&password).await?;
    let user =
        NewUser::new(state.clock.new_id(), &username, Role::Viewer, hash, now).accepting(privacy_policy::VERSION);
    let user = state
        .db
        .write(move |conn| {
            let user = insert_user(conn, &user)?;
            trace.by(&user.username).record(conn, &Event::new(Action::Register).on(&user.username))?;
            Ok(user)
        })
        .await?;
    Ok(HttpResponse::Created().json(user.view()))
}

/// Sign out.
///
/// Ends the session this request came with, in every form it was carried.
#[utoipa::path(
    tag = "auth",
    responses(
        (status = 204, description = "Signed out"),
    )
)]
#[post("/auth/logout")]
pub async fn delete_current_session(
    state: web::Data<AppState>,
    session: actix_session::Session,
    current: RestrictedUser,
) -> ApiResult<HttpResponse> {
    let CurrentUser { user, session_id, trace, .. } = current.0;
    state
        .db
        .write(move |conn| {
            model::end_session(conn, &session_id)?;
            Ok(trace.record(conn, &Event::new(Action::Logout).on(&user.username))?)
        })
        .await?;
    session.purge();
    Ok(HttpResponse::NoContent().insert_header(("clear-site-data", "\"cookies\", \"storage\"")).finish())
}
