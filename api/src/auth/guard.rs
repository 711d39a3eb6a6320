//! Permissions as types: a handler names the one it needs in its signature, where it cannot be forgotten.

use actix_session::SessionExt;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header};
use diesel::QueryResult;
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;

use super::{
    api_tokens::Scope,
    ids::{Named, SessionId},
    jwt::VerifiedJwt,
    model::{self, Session, SessionKind},
    service::Auth,
};
use crate::{
    account::{
        ids::UserId,
        model::{Role, User},
        username::Username,
    },
    clock::Timestamp,
    db::{Db, DbConnection},
    error::{ApiError, ApiResult, Code},
    http::state::{AppState, service},
    metric::Metric,
    trail::AuditContext,
};

/// The key under which the cookie holds the session's id.
pub(super) const SESSION_ID: &str = "sid";
/// The key under which the cookie holds the user's id.
pub(super) const USER_ID: &str = "uid";

/// Somebody signed in, of either role.
#[derive(Clone, Debug)]
pub struct CurrentUser {
    pub user: User,
    pub session_id: SessionId,
    /// For the audit log.
    pub context: AuditContext,
    /// `None` for a user who signed in with their password and may do all that their role may.
    scopes: Option<Vec<Scope>>,
}

/// Somebody signed in, perhaps with a temporary password, who may only read their account, choose a password, and sign out.
#[derive(Debug)]
pub struct RestrictedUser(pub CurrentUser);

/// Somebody who may read what is shared with them: signed in, or with an API token of scope `read`.
#[derive(Debug)]
pub struct Reader(pub CurrentUser);

/// Somebody signed in who may write.
#[derive(Debug)]
pub struct AdminUser(pub CurrentUser);

/// An admin who may log: signed in, or with an API token of a scope for it.
#[derive(Debug)]
pub struct Logger(pub CurrentUser);

impl Logger {
    /// # Errors
    /// [`Code::InsufficientScope`] if the token is not for this metric.
    pub fn may_log(&self, metric: Metric) -> ApiResult<()> {
        let for_metric = match metric {
            Metric::Water => Scope::LogWater,
            Metric::Altitude => Scope::LogAltitude,
        };
        self.0.needs(&[Scope::Log, for_metric])
    }
}

impl AdminUser {
    /// [`CurrentUser::write`]
    pub async fn write<T, F>(self, db: &Db, f: F) -> ApiResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection, &AuditContext) -> ApiResult<T> + Send + 'static,
    {
        self.0.write(db, f).await
    }
}

impl CurrentUser {
    /// Runs `f` like [`Db::read`], with the user as they are at that moment, unless the session is
    /// over by then: an answer holds nothing that was written after the end of the session.
    pub async fn read<T>(&self, db: &Db, f: impl FnOnce(&mut DbConnection, &User) -> ApiResult<T>) -> ApiResult<T> {
        db.read(|conn| {
            let user = model::user_of_session(conn, &self.session_id)?.ok_or_else(ApiError::unauthorized)?;
            f(conn, &user)
        })
        .await
    }

    /// The caller with the user as they are now; `None` where the session is over.
    pub fn still(self, conn: &mut DbConnection) -> QueryResult<Option<Self>> {
        Ok(model::user_of_session(conn, &self.session_id)?.map(|user| Self { user, ..self }))
    }

    /// [`Self::read`] on a thread of its own, for a read that takes long.
    pub async fn read_apart<T, F>(&self, db: &Db, f: F) -> ApiResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection, &User) -> ApiResult<T> + Send + 'static,
    {
        let session_id = self.session_id.clone();
        db.read_apart(move |conn| {
            let user = model::user_of_session(conn, &session_id)?.ok_or_else(ApiError::unauthorized)?;
            f(conn, &user)
        })
        .await
    }

    /// Runs `f` like [`Db::write`], unless the session was ended, or its user disabled, while the request waited
    /// for a hash or for its turn: ending all sessions, or taking rights away, also ends requests under way (OWASP ASVS 15.4.2).
    pub async fn write<T, F>(self, db: &Db, f: F) -> ApiResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection, &AuditContext) -> ApiResult<T> + Send + 'static,
    {
        let Self { session_id, context, .. } = self;
        db.write(move |conn| {
            model::user_of_session(conn, &session_id)?.ok_or_else(ApiError::unauthorized)?;
            f(conn, &context)
        })
        .await
    }

    /// Whether the caller came with an API token, which is good for its scopes and nothing else.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.scopes.is_some()
    }

    /// A request without an API token needs no scope.
    fn needs(&self, any_of: &[Scope]) -> ApiResult<()> {
        match &self.scopes {
            Some(scopes) if !scopes.iter().any(|scope| any_of.contains(scope)) => Err(ApiError::new(
                Code::InsufficientScope,
                "Nothing was changed. Create a token whose scopes allow this, or sign in.",
            )),
            _ => Ok(()),
        }
    }

    /// A temporary password is good for nothing but choosing another.
    fn has_own_password(self) -> ApiResult<Self> {
        if self.user.temporary_password_until.is_none() {
            return Ok(self);
        }
        Err(ApiError::new(
            Code::PasswordChangeRequired,
            "Nothing was changed. Choose a password of your own first, with `PUT /api/v1/me/password`.",
        ))
    }

    fn must_be_admin(self) -> ApiResult<Self> {
        match self.user.role() {
            Role::Admin => Ok(self),
            Role::Viewer => Err(ApiError::new(
                Code::ReadOnlyRole,
                "This is for people who log. Ask an admin if you should be one of them.",
            )),
        }
    }
}

macro_rules! guard {
    ($name:ident, $found:ident => $outcome:expr) => {
        impl $name {
            /// Asks the guard about somebody who is known already.
            ///
            /// # Errors
            /// The refusal of the guard.
            pub fn of($found: CurrentUser) -> ApiResult<Self> {
                $outcome
            }
        }

        impl FromRequest for $name {
            type Error = ApiError;
            type Future = LocalBoxFuture<'static, ApiResult<Self>>;

            fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
                let req = req.clone();
                Box::pin(async move { Self::of(authenticate(&req).await?) })
            }
        }
    };
}

guard!(RestrictedUser, found => found.needs(&[]).map(|()| Self(found)));
guard!(CurrentUser, found => found.needs(&[]).and_then(|()| found.has_own_password()));
guard!(AdminUser, found => found.needs(&[]).and_then(|()| found.has_own_password()?.must_be_admin()).map(Self));
guard!(Reader, found => found.needs(&[Scope::Read]).and_then(|()| found.has_own_password()).map(Self));
guard!(Logger, found =>
    found.needs(&[Scope::Log, Scope::LogWater, Scope::LogAltitude])
        .and_then(|()| found.has_own_password()?.must_be_admin())
        .map(Self));

/// Anybody, known or not. An invalid token is refused all the same; the session of a cookie may have ended.
#[derive(Debug)]
pub struct Visitor(pub Option<CurrentUser>);

impl FromRequest for Visitor {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let known = req.headers().contains_key(header::AUTHORIZATION) || recognise(&req).await?.is_some();
            Ok(Self(if known { Some(authenticate(&req).await?) } else { None }))
        })
    }
}

/// The claims of a credential that was issued here and has not expired. Its session may have ended all the same.
struct Claim {
    named: Named,
    kind: SessionKind,
    /// The claims of a JWT about when it was issued, for its session to confirm.
    token: Option<VerifiedJwt>,
}

/// The token of `Authorization: Bearer ...`, whose scheme is read in any case (RFC 9110, 11.1).
fn bearer(req: &HttpRequest) -> Option<&str> {
    let (scheme, token) = req.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// `None` where there is no credential, or none of ours.
fn claim(req: &HttpRequest, auth: &Auth, now: Timestamp) -> Option<Claim> {
    if req.headers().contains_key(header::AUTHORIZATION) {
        let token = bearer(req)?;
        if let Some(named) = auth.api_tokens.verify(token) {
            return Some(Claim { named, kind: SessionKind::ApiToken, token: None });
        }
        let token = auth.jwt.verify(token, now)?;
        return Some(Claim { named: token.named, kind: SessionKind::Jwt, token: Some(token) });
    }
    let cookie = req.get_session();
    let named = Named { user: cookie.get(USER_ID).ok()??, session: cookie.get(SESSION_ID).ok()?? };
    Some(Claim { named, kind: SessionKind::Cookie, token: None })
}

/// The session behind a request's credential, and its user: looked up once and stored with the request.
#[derive(Clone)]
struct Recognised(Session, User);

async fn recognise(req: &HttpRequest) -> ApiResult<Option<Recognised>> {
    if let Some(known) = req.extensions().get::<Recognised>() {
        return Ok(Some(known.clone()));
    }
    let (state, auth) = (service::<AppState>(req)?, service::<Auth>(req)?);
    let now = state.clock.now();
    let Some(Claim { named, kind, token }) = claim(req, auth, now) else { return Ok(None) };
    let (user_id, session_id) = (UserId::from(named.user), SessionId::from(named.session));
    let found = state.db.read(|conn| Ok(model::find_session(conn, &session_id, kind, now)?)).await?;
    let fits = |(session, user): &(Session, User)| {
        user.id == user_id
            && (kind != SessionKind::ApiToken || session.is_of_token(bearer(req)))
            && token.is_none_or(|token| token.is_of(session.created_at))
    };
    let found = found.filter(fits).map(|(session, user)| Recognised(session, user));
    if let Some(found) = &found {
        req.extensions_mut().insert(found.clone());
    }
    Ok(found)
}

/// The user that a request is counted for. A credential that is no longer valid counts for the address it
/// comes from, or anybody who finds an old token could use up its owner's limit and earn them penalties.
pub async fn recognised_user(req: &HttpRequest) -> Option<Uuid> {
    recognise(req).await.ok()??.1.id.as_str().parse().ok()
}

/// The name of the user whose credential a request carries; `None` where nobody is known by it.
pub(super) async fn recognised_name(req: &HttpRequest) -> ApiResult<Option<Username>> {
    Ok(recognise(req).await?.map(|Recognised(_, user)| user.username))
}

async fn authenticate(req: &HttpRequest) -> ApiResult<CurrentUser> {
    let state = service::<AppState>(req)?;
    let now = state.clock.now();
    let Recognised(session, user) = recognise(req).await?.ok_or_else(ApiError::unauthorized)?;
    if session.kind() == SessionKind::Cookie {
        refuse_cross_site(req, state)?;
    }
    if session.needs_noting(now) {
        service::<Auth>(req)?.last_seen.note(&session.id, now);
    }
    let context = AuditContext::of(req, state).by(&user.username);
    Ok(CurrentUser { scopes: session.scopes().map(<[_]>::to_vec), context, user, session_id: session.id })
}

/// A browser adds the cookie to whatever any page makes it send. A write is accepted only if it
/// says that it comes from our own page, or from a site that the configuration names.
fn refuse_cross_site(req: &HttpRequest, state: &AppState) -> ApiResult<()> {
    let text = |name: &str| req.headers().get(name).and_then(|value| value.to_str().ok());
    let named = |origin: &str| state.config.cors_allowed_origins.iter().any(|allowed| allowed == origin);
    let same_origin = match (text("sec-fetch-site"), text("origin")) {
        (_, Some(origin)) if named(origin) => true,
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            origin.split_once("://").map(|(_, host)| host) == text("host") && text("host").is_some()
        }
        (None, None) => false,
    };
    if req.method().is_safe() || same_origin {
        return Ok(());
    }
    Err(ApiError::new(
        Code::CrossSite,
        "Nothing was changed. Use the page itself, or send `Origin` with this server's own address, or a bearer token.",
    ))
}
