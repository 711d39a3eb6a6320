//! Signing in: one path for the page's cookie and for other clients' tokens.

use actix_web::{HttpRequest, http::header, post, web};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{
    attempt::Attempt,
    continuation,
    guard::{SESSION_ID, USER_ID},
    ids::{Named, SessionId},
    model::{self, Session, SessionKind},
    second_factor::{self, ShownFactor},
    service::Auth,
};
use crate::{
    account::{
        ids::UserId,
        model::{User, find_user_by_name},
        username::Username,
        view::UserView,
    },
    clock::{DAY, Timestamp},
    db::DbConnection,
    error::{ApiError, ApiResult, Code, FieldError},
    http::{caller::Caller, extract::ValidJson, request::client_address, state::AppState},
    settings::CurrentSettings,
    trail::{Action, AuditContext, AuditEvent, Outcome},
};

/// How long a cookie keeps somebody signed in.
pub const COOKIE_LIFE: i64 = 14 * DAY;

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "robin", "password": "Quiet-Harbour-71-lanterns"}))]
pub struct Credentials {
    #[schema(example = "robin")]
    username: String,
    /// Either this or a `continuation`.
    #[schema(value_type = Option<String>, format = Password, example = "Quiet-Harbour-71-lanterns")]
    password: Option<SecretString>,
    /// In place of the password: the `continuation` of an answer `totp_required` or `invalid_totp`.
    #[schema(value_type = Option<String>, example = "pQ3xV8bTz0mYk5wJcR2nLgpQ3xV8bTz0mYk5wJcR2nL")]
    continuation: Option<SecretString>,
    /// If the second factor is on: the six digits that the authenticator shows, or a recovery code.
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
/// For the page. The cookie is `__Host-session`, or `session` if the server is reached over plain
/// HTTP.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in; the cookie is in `Set-Cookie`", body = SignedIn),
        (status = 401, description = "Name and password do not match; or they do, and a code is missing (`totp_required`) or wrong (`invalid_totp`), and the answer has a `continuation`; or the continuation is no longer valid (`continuation_over`)"),
        (status = 423, description = "Too many sign-ins with this name failed"),
        (status = 503, description = "Too many sign-ins at once"),
    )
)]
#[post("/auth/login")]
pub async fn create_session(
    req: HttpRequest,
    state: web::Data<AppState>,
    auth: web::Data<Auth>,
    settings: web::Data<CurrentSettings>,
    cookie: actix_session::Session,
    body: ValidJson<Credentials>,
) -> ApiResult<web::Json<SignedIn>> {
    let replaces = cookie.get(SESSION_ID).ok().flatten();
    let wanted = Wanted { id: state.clock.new_id(), kind: SessionKind::Cookie, life: COOKIE_LIFE, replaces };
    let (user, session) = sign_in(&req, &state, (auth, settings), wanted, body.0).await?;
    set_cookie(&cookie, &session.id, &user)?;
    Ok(web::Json(SignedIn { user: user.view(), expires_at: session.expires_at }))
}

/// Makes the cookie again, so that an earlier one is worthless (OWASP ASVS 7.2.4).
pub(super) fn set_cookie(cookie: &actix_session::Session, session_id: &SessionId, user: &User) -> ApiResult<()> {
    cookie.renew();
    cookie.insert(SESSION_ID, session_id.as_str()).map_err(ApiError::internal)?;
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
        (status = 401, description = "Name and password do not match; or they do, and a code is missing (`totp_required`) or wrong (`invalid_totp`), and the answer has a `continuation`; or the continuation is no longer valid (`continuation_over`)"),
        (status = 423, description = "Too many sign-ins with this name failed"),
        (status = 503, description = "Too many sign-ins at once"),
    )
)]
#[post("/auth/token")]
pub async fn create_token(
    req: HttpRequest,
    state: web::Data<AppState>,
    auth: web::Data<Auth>,
    settings: web::Data<CurrentSettings>,
    body: ValidJson<Credentials>,
) -> ApiResult<web::Json<IssuedToken>> {
    let life = i64::try_from(state.config.jwt_ttl.as_millis()).map_err(ApiError::internal)?;
    let id = state.clock.new_id();
    let wanted = Wanted { id, kind: SessionKind::Jwt, life, replaces: None };
    let (user, session) = sign_in(&req, &state, (auth.clone(), settings), wanted, body.0).await?;
    let named = Named { user: user.id.as_str().parse().map_err(ApiError::internal)?, session: id };
    let (issued, expires) = (session.created_at, session.expires_at);
    Ok(web::Json(IssuedToken {
        access_token: auth.jwt.issue(named, issued, expires)?,
        token_type: "Bearer",
        expires_in: state.config.jwt_ttl.as_secs(),
        user: user.view(),
    }))
}

/// The session that a sign-in is to begin.
#[derive(Clone, Copy)]
struct Wanted {
    id: Uuid,
    kind: SessionKind,
    life: i64,
    /// The session that the browser has had until now.
    replaces: Option<Uuid>,
}

/// The proof that a client sends before a code is asked for.
enum Proof {
    Password(SecretString),
    Continuation(SecretString),
}

impl Proof {
    fn of(password: Option<SecretString>, continuation: Option<SecretString>) -> Result<Self, FieldError> {
        match (password, continuation) {
            (Some(password), None) => Ok(Self::Password(password)),
            (None, Some(continuation)) => Ok(Self::Continuation(continuation)),
            (None, None) => Err(FieldError::new("password", "required", "missing field `password`")),
            (Some(_), Some(_)) => Err(FieldError::new("continuation", "either", "takes the place of `password`")),
        }
    }
}

/// The user that these credentials belong to, and their new session. Unknown, disabled and wrong cannot
/// be told apart, neither by words nor by time: each is counted, read, hashed and settled alike.
async fn sign_in(
    req: &HttpRequest,
    state: &AppState,
    (auth, settings): (web::Data<Auth>, web::Data<CurrentSettings>),
    wanted: Wanted,
    credentials: Credentials,
) -> ApiResult<(User, Session)> {
    let Credentials { username, password, continuation, totp_code } = credentials;
    let username = Username::typed(&username);
    let proof = Proof::of(password, continuation)?;
    let context = AuditContext::of(req, state);
    let agent = req.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned);
    let network = client_address(req, &state.config.trusted_proxies).map(|address| Caller::at(address).to_string());
    let name = username.clone();
    let found = state.db.read(|conn| Ok(find_user_by_name(conn, &name)?)).await?;
    let of = (Action::Login, context);
    let attempt = match &proof {
        Proof::Password(password) => {
            let hash = found.as_ref().map(|user| user.password_hash.clone());
            Attempt::make(state, &auth, of, username, password, hash).await?
        }
        Proof::Continuation(_) => Attempt::count(state, &auth, of, username, None).await?,
    };
    let signing_in = SigningIn {
        auth: auth.clone(),
        settings,
        attempt: attempt.clone(),
        network: network.unwrap_or_default(),
        found,
        proof,
        code: totp_code,
    };
    let settle = move |conn: &mut DbConnection| {
        let mut user = match signing_in.recognise(conn)? {
            Ok(user) => user,
            Err(refusal) => return Ok(Err(refusal)),
        };
        signing_in.attempt.forget(conn)?;
        if let Some(replaced) = wanted.replaces {
            model::end_session(conn, &SessionId::from(replaced))?;
        }
        let session = begin(conn, &signing_in.attempt, &user, wanted, agent.as_deref())?;
        user.last_login_at = Some(session.created_at);
        Ok(Ok((user, session)))
    };
    let settled = state.db.write(settle).await;
    auth.turns.settled();
    settled?
}

/// A sign-in whose password has been looked at.
struct SigningIn {
    auth: web::Data<Auth>,
    settings: web::Data<CurrentSettings>,
    attempt: Attempt,
    /// The network that they ask from, as the limits know it.
    network: String,
    /// The user who had the name when the sign-in began.
    found: Option<User>,
    proof: Proof,
    code: Option<SecretString>,
}

impl SigningIn {
    /// Recognises the user. The inner result is the answer, and the records of a refusal stay; an outer error undoes everything.
    fn recognise(&self, conn: &mut DbConnection) -> ApiResult<ApiResult<User>> {
        let (attempt, now) = (&self.attempt, self.attempt.context().at);
        let (user, until) = match self.proven(conn)? {
            Ok(proven) => proven,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match second_factor::check(conn, &self.auth.second_factors, &user.id, self.code.as_ref(), now)? {
            ShownFactor::Enough => {}
            ShownFactor::RecoveryCode { left } => {
                let event = AuditEvent::new(Action::RecoveryCodeUse).on(&user.username).detail(format!("{left} left"));
                attempt.context().clone().by(&user.username).record(conn, &event)?;
            }
            // Neither a failed guess nor a sign-in, which would forget earlier failures. It is recorded, because it may be somebody who has
            // only the password (OWASP ASVS 6.3.5).
            ShownFactor::Nothing => {
                attempt.take_back(conn)?;
                attempt.record(conn, Outcome::Denied, Some("second factor missing"))?;
                let refusal = ApiError::new(
                    Code::TotpRequired,
                    "Send `totp_code` along: the six digits that your authenticator shows now, or a recovery code. In place of \
                     the password, `continuation` will do.",
                );
                let continuation = continuation::begin(conn, &user, &self.network, now, until)?;
                return Ok(Err(refusal.continued_by(continuation)));
            }
            ShownFactor::Wrong => {
                let refusal = ApiError::new(
                    Code::InvalidTotp,
                    "Wait for the next code and enter that, or use a recovery code. Each one is valid once.",
                );
                if attempt.fail(conn, Some("second factor wrong"))? {
                    continuation::end_all_of(conn, &user.id)?;
                    return Ok(Err(refusal));
                }
                let until = Timestamp(now.0 + continuation::LIFE);
                return Ok(Err(refusal.continued_by(continuation::begin(conn, &user, &self.network, now, until)?)));
            }
        }
        // Neither a failed guess nor a sign-in.
        if let Err(refusal) = self.settings.admit(user.role()) {
            attempt.take_back(conn)?;
            attempt.record(conn, Outcome::Denied, Some("maintenance"))?;
            return Ok(Err(refusal));
        }
        Ok(Ok(user))
    }

    /// The user whom the password, or the continuation in its place, proves, and until when it does.
    fn proven(&self, conn: &mut DbConnection) -> ApiResult<ApiResult<(User, Timestamp)>> {
        let (attempt, now) = (&self.attempt, self.attempt.context().at);
        let proven = match &self.proof {
            Proof::Continuation(text) => continuation::take(conn, text, &self.network, now)?
                .filter(|(user, _)| self.found.as_ref().is_some_and(|found| found.id == user.id)),
            // Read again: a user who was disabled or got another password while this one was hashed stays
            // out. Read also where nobody has the name or nothing fits, because the time would tell.
            Proof::Password(_) => find_user_by_name(conn, &attempt.username)?
                .filter(|_| attempt.fits)
                .filter(|user| self.found.as_ref().is_some_and(|then| then.password_hash == user.password_hash))
                .map(|user| (user, Timestamp(now.0 + continuation::LIFE))),
        };
        match (proven.filter(|(user, _)| user.may_sign_in(now)), &self.proof) {
            (Some(proven), _) => Ok(Ok(proven)),
            (None, Proof::Password(_)) => {
                if attempt.fail(conn, None)? {
                    continuation::end_all_of(conn, self.found.as_ref().map_or(&UserId::new(""), |user| &user.id))?;
                }
                Ok(Err(ApiError::new(
                    Code::InvalidCredentials,
                    "Check both and try again. The password distinguishes upper and lower case.",
                )))
            }
            // Not a guess: nobody finds a continuation by trying.
            (None, Proof::Continuation(_)) => {
                attempt.take_back(conn)?;
                attempt.record(conn, Outcome::Denied, Some("continuation over"))?;
                Ok(Err(ApiError::new(
                    Code::ContinuationOver,
                    "This sign-in has expired. Sign in with the password, and the code you have now.",
                )))
            }
        }
    }
}

fn begin(
    conn: &mut DbConnection,
    attempt: &Attempt,
    user: &User,
    wanted: Wanted,
    agent: Option<&str>,
) -> ApiResult<Session> {
    let context = attempt.context();
    let expires = Timestamp(context.at.0 + wanted.life);
    let mut session = Session::new(SessionId::from(wanted.id), user.id.clone(), wanted.kind, context.at, expires);
    // Its owner will recognise the device by this.
    session.user_agent = agent.map(|agent| agent.chars().take(200).collect());
    session.address.clone_from(&context.address);
    model::start_session(conn, &session)?;
    context.clone().by(&user.username).record(conn, &AuditEvent::new(Action::Login).on(&user.username))?;
    Ok(session)
}
