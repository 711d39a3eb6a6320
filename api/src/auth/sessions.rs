//! Sessions and passwords: how the owner of an account manages the ways into it.

use std::fmt::{self, Display, Formatter};

use actix_web::{HttpResponse, delete, get, put, web};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{
    attempt::confirm_password,
    guard::{CurrentUser, RestrictedUser},
    ids::SessionId,
    model::{self, Session, SessionKind},
    password::{check_strength, normal},
    service::Auth,
    sign_in::set_cookie,
};
use crate::{
    account::model::set_password,
    clock::Timestamp,
    error::{ApiError, ApiResult, FieldError},
    http::{extract::ValidJson, paging::Page, state::AppState},
    trail::{Action, AuditEvent},
};

/// One signed-in device.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
    /// The session of this request.
    current: bool,
    kind: SessionKind,
    created_at: Timestamp,
    /// To the minute; to other admins the time of `created_at`.
    last_seen_at: Timestamp,
    expires_at: Timestamp,
    #[schema(required = true, example = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")]
    user_agent: Option<String>,
    #[schema(required = true, example = "192.0.2.7")]
    address: Option<String>,
}

/// A line of a list at the command line.
impl Display for SessionView {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { id, kind, last_seen_at, address, user_agent, .. } = self;
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        write!(f, "{id}  {:9}  {last_seen_at}  {:15}  {}", kind.as_str(), or_dash(address), or_dash(user_agent))
    }
}

impl Session {
    /// `current` is the session that asks, if one does.
    pub(crate) fn view(self, current: Option<&SessionId>) -> SessionView {
        SessionView {
            current: Some(&self.id) == current,
            kind: self.kind(),
            created_at: self.created_at,
            last_seen_at: self.last_seen_at,
            expires_at: self.expires_at,
            user_agent: self.user_agent,
            address: self.address,
            id: self.id,
        }
    }
}

/// List where you are signed in.
///
/// All on one page, newest first.
#[utoipa::path(
    tag = "auth",
    responses(
        (status = 200, description = "Your current sessions", body = Page<SessionView>),
    )
)]
#[get("/me/sessions")]
pub async fn list_sessions(
    state: web::Data<AppState>,
    current: CurrentUser,
) -> ApiResult<web::Json<Page<SessionView>>> {
    let now = state.clock.now();
    let sessions = current.read(&state.db, |conn, user| Ok(model::list_sessions(conn, &user.id, false, now)?)).await?;
    let items = sessions.into_iter().map(|session| session.view(Some(&current.session_id))).collect();
    Ok(web::Json(Page { items, next_cursor: None }))
}

/// Sign one device out.
#[utoipa::path(
    tag = "auth",
    params(("id" = Uuid, Path, description = "The session's id")),
    responses(
        (status = 204, description = "Signed out"),
        (status = 404, description = "Not a session of yours, or ended already"),
    )
)]
#[delete("/me/sessions/{id}")]
pub async fn delete_session(
    state: web::Data<AppState>,
    current: CurrentUser,
    id: web::Path<Uuid>,
) -> ApiResult<HttpResponse> {
    let owner = current.user.id.clone();
    let ended = current
        .write(&state.db, move |conn, context| {
            let ended = model::end_device_of(conn, &owner, &SessionId::from(*id))?;
            if ended {
                context.record(conn, &AuditEvent::new(Action::SessionEnd).on(id.to_string()))?;
            }
            Ok(ended)
        })
        .await?;
    if ended { Ok(HttpResponse::NoContent().finish()) } else { Err(ApiError::not_found()) }
}

/// Sign all other devices out.
#[utoipa::path(
    tag = "auth",
    responses(
        (status = 204, description = "Signed out everywhere else"),
    )
)]
#[delete("/me/sessions")]
pub async fn delete_other_sessions(state: web::Data<AppState>, current: CurrentUser) -> ApiResult<HttpResponse> {
    let (user, session_id) = (current.user.clone(), current.session_id.clone());
    current
        .write(&state.db, move |conn, context| {
            model::end_other_devices(conn, &user.id, &session_id)?;
            Ok(context.record(conn, &AuditEvent::new(Action::SessionEnd).on(&user.username).detail("all others"))?)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePassword {
    #[schema(value_type = String, format = Password, example = "Quiet-Harbour-71-lanterns")]
    current_password: SecretString,
    /// 12 to 128 characters; lower-case and upper-case letters, digits and other characters, or at
    /// least 20 characters; not easily guessed.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128, example = "Wide-Meadow-38-swallows")]
    new_password: SecretString,
}

/// Change your password.
///
/// All your other sessions and all API tokens end. A temporary password has to be replaced by a
/// different one.
#[utoipa::path(
    tag = "auth",
    request_body = UpdatePassword,
    responses(
        (status = 204, description = "Changed"),
        (status = 403, description = "Wrong password, or the request came from another site"),
        (status = 423, description = "Too many wrong passwords"),
        (status = 503, description = "Too many sign-ins at once"),
    )
)]
#[put("/me/password")]
pub async fn update_password(
    state: web::Data<AppState>,
    auth: web::Data<Auth>,
    cookie: actix_session::Session,
    current: RestrictedUser,
    body: ValidJson<UpdatePassword>,
) -> ApiResult<HttpResponse> {
    let current = current.0;
    let UpdatePassword { current_password, new_password } = body.0;
    check_strength("new_password", &new_password, current.user.username.as_str())?;
    let same = normal(&current_password).expose_secret() == normal(&new_password).expose_secret();
    if same && current.user.temporary_password_until.is_some() {
        return Err(FieldError::new("new_password", "same", "has to differ from the temporary password").into());
    }
    confirm_password(&state, &auth, &current, &current_password, Action::PasswordChange).await?;
    let hash = auth.passwords.hash(&new_password).await?;
    let (user, session_id, new_id) = (current.user.clone(), current.session_id.clone(), state.clock.new_id());
    let owner = user.clone();
    let renewed = current
        .write(&state.db, move |conn, context| {
            // A faster request has changed the password that `current_password` was verified against.
            if !set_password(conn, &user, &hash)? {
                return Err(ApiError::unauthorized());
            }
            model::end_other_sessions(conn, &user.id, &session_id)?;
            context.record(conn, &AuditEvent::new(Action::PasswordChange).on(&user.username))?;
            Ok(model::renew_cookie(conn, &session_id, new_id)?)
        })
        .await?;
    if let Some(id) = renewed {
        set_cookie(&cookie, &id, &owner)?;
    }
    Ok(HttpResponse::NoContent().finish())
}
