//! The endpoint that signs out; signing in has a file of its own.

use actix_web::{HttpResponse, post, web};

use super::{
    guard::{CurrentUser, RestrictedUser},
    model,
};
use crate::{
    error::ApiResult,
    http::state::AppState,
    trail::{Action, AuditEvent},
};

/// Sign out.
///
/// Ends the session of this request, in every form of its credential.
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
    let CurrentUser { user, session_id, context, .. } = current.0;
    state
        .db
        .write(move |conn| {
            model::end_session(conn, &session_id)?;
            Ok(context.record(conn, &AuditEvent::new(Action::Logout).on(&user.username))?)
        })
        .await?;
    session.purge();
    Ok(HttpResponse::NoContent().insert_header(("clear-site-data", "\"cookies\"")).finish())
}
