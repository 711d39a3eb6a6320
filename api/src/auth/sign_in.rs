//! Signing in: one path for the page's cookie and for other clients' tokens.

use actix_web::{HttpRequest, http::header, post, web};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{
    attempt::Attempt,
    guard::{SESSION_ID, USER_ID},
    model::{self, Kind, Session},
    second_factor::{self, Shown},
};
use crate::{
    audit::{Action, Event, Outcome, Trace},
    clock::{DAY, Timestamp},
    db::DbConnection,
    error::{ApiError, ApiResult, Code, Problem},
    extract::ValidJson,
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
    /// Where the second factor is on: the six digits that the authenticator shows now, or a recovery code.
    #[schema(value_type = Option<String>, example = "492039")]
    totp_code: Option<SecretString>,
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
        (status = 401, description = "Name and password do not fit together; or they do, and a code is missing (`totp_required`) or wrong (`invalid_totp`)", body = Problem, content_type = "application/problem+json"),
        (status = 423, description = "Too many sign-ins failed at this name", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many are signing in at once", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/auth/login")]
pub async fn create_session(
    req: HttpRequest,
    state: web::Data<AppState>,
    cookie: actix_session::Session,
    body: ValidJson<Credentials>,
) -> ApiResult<web::Json<SignedIn>> {
    let replaces = cookie.get(SESSION_ID).ok().flatten();
    let wanted = Wanted { id: state.clock.new_id(), kind: Kind::Cookie, life: COOKIE_LIFE, replaces };
    let (user, session) = sign_in(&req, &state, wanted, body.0).await?;
    set_cookie(&cookie, &session.id, &user)?;
    Ok(web::Json(SignedIn { user: user.view(), expires_at: Timestamp(session.expires_at) }))
}

/// The cookie is made anew, so that one from before is worth nothing (OWASP ASVS 7.2.4).
pub(super) fn set_cookie(cookie: &actix_session::Session, session_id: &str, user: &User) -> ApiResult<()> {
    cookie.renew();
    cookie.insert(SESSION_ID, session_id).map_err(ApiError::internal)?;
    cookie.insert(USER_ID, &user.id).map_err(ApiError::internal)
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
        (status = 401, description = "Name and password do not fit together; or they do, and a code is missing (`totp_required`) or wrong (`invalid_totp`)", body = Problem, content_type = "application/problem+json"),
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
    let life = i64::try_from(state.config.jwt_ttl.as_millis()).map_err(ApiError::internal)?;
    let id = state.clock.new_id();
    let (user, session) = sign_in(&req, &state, Wanted { id, kind: Kind::Jwt, life, replaces: None }, body.0).await?;
    let user_id = user.id.parse().map_err(ApiError::internal)?;
    let (issued, expires) = (Timestamp(session.created_at), Timestamp(session.expires_at));
    Ok(web::Json(IssuedToken {
        access_token: state.tokens.issue(user_id, id, issued, expires)?,
        token_type: "Bearer",
        expires_in: state.config.jwt_ttl.as_secs(),
        user: user.view(),
    }))
}

/// The session that a sign-in is to begin.
#[derive(Clone, Copy)]
struct Wanted {
    id: Uuid,
    kind: Kind,
    life: i64,
    /// The one that the browser has had until now.
    replaces: Option<Uuid>,
}

/// The user that these credentials belong to, and their new session. Unknown, disabled and wrong are told apart neither by words nor by
/// time: each is counted, read, hashed and settled alike.
async fn sign_in(
    req: &HttpRequest,
    state: &web::Data<AppState>,
    wanted: Wanted,
    credentials: Credentials,
) -> ApiResult<(User, Session)> {
    let Credentials { username, password, totp_code } = credentials;
    let trace = Trace::of(req, state);
    let agent = req.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned);
    let name = username.clone();
    let found = state.db.read(|conn| Ok(find_user(conn, &name)?)).await?;
    let hash = found.as_ref().map(|user| user.password_hash.clone());
    let attempt = Attempt::make(state, (Action::Login, trace), username, &password, hash).await?;
    let settling = state.clone();
    let settle = move |conn: &mut DbConnection| {
        let mut user = match recognise(conn, &settling, &attempt, found, totp_code.as_ref())? {
            Ok(user) => user,
            Err(refusal) => return Ok(Err(refusal)),
        };
        attempt.forget(conn)?;
        if let Some(replaced) = wanted.replaces {
            model::end_session(conn, &replaced.to_string())?;
        }
        let session = begin(conn, &attempt, &user, wanted, agent.as_deref())?;
        user.last_login_at = Some(session.created_at);
        Ok(Ok((user, session)))
    };
    state.db.write(settle).await?
}

/// Who it is, once the password has been looked at. A refusal inside is answered and what was written about it stays; an error outside
/// undoes everything.
fn recognise(
    conn: &mut DbConnection,
    state: &AppState,
    attempt: &Attempt,
    found: Option<User>,
    code: Option<&SecretString>,
) -> ApiResult<ApiResult<User>> {
    // Read again: whoever was disabled or got another password while this one was hashed stays out.
    let now = match found.filter(|_| attempt.fits) {
        Some(then) => find_user(conn, &then.username)?.filter(|now| now.password_hash == then.password_hash),
        None => None,
    };
    let Some(user) = now.filter(|user| user.may_sign_in(attempt.trace().at)) else {
        attempt.fail(conn, None)?;
        return Ok(Err(ApiError::new(
            Code::InvalidCredentials,
            "Check both and try again. Upper and lower case matter in the password.",
        )));
    };
    match second_factor::check(conn, &state.second_factors, &user.id, code, attempt.trace().at)? {
        Shown::Enough => {}
        Shown::RecoveryCode { left } => {
            let event = Event::new(Action::RecoveryCodeUse).on(&user.username).detail(format!("{left} left"));
            attempt.trace().clone().by(&user.username).record(conn, &event)?;
        }
        // Neither a guess that failed nor a sign-in that forgets those before it. It is recorded, because it may be somebody who has only
        // the password (OWASP ASVS 6.3.5).
        Shown::Nothing => {
            attempt.take_back(conn)?;
            attempt.record(conn, Outcome::Denied, Some("second factor missing"))?;
            return Ok(Err(ApiError::new(
                Code::TotpRequired,
                "Send `totp_code` along: the six digits that your authenticator shows now, or a recovery code.",
            )));
        }
        Shown::Wrong => {
            attempt.fail(conn, Some("second factor wrong"))?;
            return Ok(Err(ApiError::new(
                Code::InvalidTotp,
                "Wait for the next code and enter that, or use a recovery code. Each is good once.",
            )));
        }
    }
    // Neither a guess that failed nor a sign-in.
    if let Err(refusal) = state.settings.admit(user.role()) {
        attempt.take_back(conn)?;
        attempt.record(conn, Outcome::Denied, Some("maintenance"))?;
        return Ok(Err(refusal));
    }
    Ok(Ok(user))
}

fn begin(
    conn: &mut DbConnection,
    attempt: &Attempt,
    user: &User,
    wanted: Wanted,
    agent: Option<&str>,
) -> ApiResult<Session> {
    let trace = attempt.trace();
    let expires = Timestamp(trace.at.0 + wanted.life);
    let mut session = Session::new(wanted.id.to_string(), user.id.clone(), wanted.kind, trace.at, expires);
    // What its owner will recognise the device by.
    session.user_agent = agent.map(|agent| agent.chars().take(200).collect());
    session.address.clone_from(&trace.address);
    model::start_session(conn, &session)?;
    trace.clone().by(&user.username).record(conn, &Event::new(Action::Login).on(&user.username))?;
    Ok(session)
}
