use actix_web::{HttpRequest, HttpResponse, http::header, post, web};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{
    guard::{CurrentUser, RestrictedUser, SESSION_ID, USER_ID},
    lockout,
    model::{self, Kind, Session},
};
use crate::{
    audit::{Action, Event},
    clock::{DAY, Timestamp},
    error::{ApiError, ApiResult, Code, Problem},
    extract::{ValidJson, client_address},
    server::AppState,
    users::{
        UserView,
        model::{User, find_user},
    },
};

/// How long a cookie keeps somebody signed in.
pub const COOKIE_LIFE: i64 = 14 * DAY;

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    #[schema(example = "robin")]
    username: String,
    #[schema(value_type = String, format = Password, example = "Quiet-Harbour-71-lanterns")]
    password: SecretString,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SignedIn {
    user: UserView,
    expires_at: Timestamp,
}

/// Sign in with a cookie.
///
/// For the page. The cookie is `__Host-session`, or `session` where the server is reached over plain HTTP.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in; the cookie is in `Set-Cookie`", body = SignedIn),
        (status = 401, description = "Name and password do not fit together", body = Problem, content_type = "application/problem+json"),
        (status = 423, description = "Too many sign-ins failed at this name", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many are signing in at once", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/auth/login")]
pub async fn create_session(
    req: HttpRequest,
    state: web::Data<AppState>,
    session: actix_session::Session,
    body: ValidJson<Credentials>,
) -> ApiResult<web::Json<SignedIn>> {
    let mut user = verify(&state, body.0).await?;
    let now = state.clock.now();
    let expires_at = Timestamp(now.0 + COOKIE_LIFE);
    let id = state.clock.new_id();
    let previous = session.get::<Uuid>(SESSION_ID).ok().flatten();
    let row = device(&req, &state, Session::new(id.to_string(), user.id.clone(), Kind::Cookie, now, expires_at));
    state
        .db
        .write(move |conn| {
            if let Some(previous) = previous {
                model::end_session(conn, &previous.to_string())?;
            }
            Ok(model::start_session(conn, &row)?)
        })
        .await?;
    session.renew();
    session.insert(SESSION_ID, id).map_err(ApiError::internal)?;
    session.insert(USER_ID, &user.id).map_err(ApiError::internal)?;
    user.last_login_at = Some(now.0);
    Ok(web::Json(SignedIn { user: user.view(), expires_at }))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct IssuedToken {
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiJ9.eyJ...")]
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds from now.
    #[schema(example = 86400)]
    expires_in: u64,
    user: UserView,
}

/// Sign in with a token.
///
/// For every other client. Send the token as `Authorization: Bearer ...`.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in", body = IssuedToken),
        (status = 401, description = "Name and password do not fit together", body = Problem, content_type = "application/problem+json"),
        (status = 423, description = "Too many sign-ins failed at this name", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many are signing in at once", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/auth/token")]
pub async fn create_token(
    req: HttpRequest,
    state: web::Data<AppState>,
    body: ValidJson<Credentials>,
) -> ApiResult<web::Json<IssuedToken>> {
    let mut user = verify(&state, body.0).await?;
    let now = state.clock.now();
    let expires_in = state.config.jwt_ttl.as_secs();
    let expires_at = Timestamp(now.0 + i64::try_from(state.config.jwt_ttl.as_millis()).map_err(ApiError::internal)?);
    let id = state.clock.new_id();
    let row = device(&req, &state, Session::new(id.to_string(), user.id.clone(), Kind::Jwt, now, expires_at));
    state.db.write(move |conn| Ok(model::start_session(conn, &row)?)).await?;
    let user_id = user.id.parse().map_err(ApiError::internal)?;
    let access_token = state.tokens.issue(user_id, id, now, expires_at)?;
    user.last_login_at = Some(now.0);
    Ok(web::Json(IssuedToken { access_token, token_type: "Bearer", expires_in, user: user.view() }))
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

/// Notes on the session what its owner will recognise the device by.
fn device(req: &HttpRequest, state: &AppState, mut session: Session) -> Session {
    let agent = req.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    session.user_agent = agent.map(|agent| agent.chars().take(200).collect());
    session.address = client_address(req, &state.config.trusted_proxies).map(|address| address.to_string());
    session
}

/// The enabled user that these credentials belong to. Unknown, disabled and wrong are told apart neither by words nor by time.
async fn verify(state: &AppState, credentials: Credentials) -> ApiResult<User> {
    let Credentials { username, password } = credentials;
    let (name, now) = (username.clone(), state.clock.now());
    let counted = state.db.write(move |conn| lockout::begin_attempt(conn, &name, now)).await;
    if matches!(&counted, Err(error) if error.code == Code::Locked) {
        // As slow as any other refusal, so that guessing goes no faster against a lock.
        state.passwords.verify(&password, None).await?;
    }
    counted?;
    let user = state.db.read(|conn| Ok(find_user(conn, &username)?)).await?;
    let fits = state.passwords.verify(&password, user.as_ref().map(|user| user.password_hash.clone())).await;
    let user = user.filter(|user| user.may_sign_in(now) && matches!(fits, Ok(true)));
    // A guess that was right, or that could not be looked at, was none.
    if user.is_some() {
        state.db.write(move |conn| Ok(lockout::forget(conn, &username)?)).await?;
    } else if fits.is_err() {
        state.db.write(move |conn| Ok(lockout::take_back(conn, &username)?)).await?;
    }
    fits?;
    let user = user.ok_or_else(|| {
        ApiError::new(
            Code::InvalidCredentials,
            "Check both and try again. Upper and lower case matter in the password.",
        )
    })?;
    state.settings.admit(user.role())?;
    Ok(user)
}
