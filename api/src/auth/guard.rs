//! Permission as a type in a handler's signature: it cannot be forgotten, and it is written into the OpenAPI document by hand once.

use actix_session::SessionExt;
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;

use super::model::{self, Kind};
use crate::{
    error::{ApiError, ApiResult, Code},
    server::AppState,
    users::model::{Role, User},
};

/// The key under which the cookie holds the session's id.
pub(super) const SESSION_ID: &str = "sid";
/// The key under which it holds the user's.
pub(super) const USER_ID: &str = "uid";

/// Somebody signed in, of either role.
#[derive(Debug)]
pub struct CurrentUser {
    pub user: User,
    pub session_id: String,
}

/// Somebody signed in who may write.
#[derive(Debug)]
pub struct AdminUser(pub User);

impl FromRequest for CurrentUser {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { authenticate(&req).await })
    }
}

impl FromRequest for AdminUser {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let CurrentUser { user, .. } = authenticate(&req).await?;
            match user.role() {
                Role::Admin => Ok(Self(user)),
                Role::Viewer => Err(ApiError::new(
                    Code::ReadOnlyRole,
                    "Nothing was changed. Ask an admin if you should be able to write.",
                )),
            }
        })
    }
}

/// What the credential of a request says, as far as its seal tells: ours, and not past its end. The session may be over all the same.
struct Claim {
    user_id: Uuid,
    session_id: Uuid,
    kind: Kind,
}

/// `None` where there is no credential, or none of ours.
fn claim(req: &HttpRequest, state: &AppState) -> Option<Claim> {
    if let Some(value) = req.headers().get(header::AUTHORIZATION) {
        let token = value.to_str().ok()?.strip_prefix("Bearer ")?;
        let (user_id, session_id) = state.tokens.verify(token, state.clock.now())?;
        return Some(Claim { user_id, session_id, kind: Kind::Jwt });
    }
    let session = req.get_session();
    let (user_id, session_id) = (session.get(USER_ID).ok()??, session.get(SESSION_ID).ok()??);
    Some(Claim { user_id, session_id, kind: Kind::Cookie })
}

/// Whom a request is counted for, before anything is looked up.
#[must_use]
pub fn claimed_user(req: &HttpRequest, state: &AppState) -> Option<Uuid> {
    claim(req, state).map(|claim| claim.user_id)
}

async fn authenticate(req: &HttpRequest) -> ApiResult<CurrentUser> {
    let state: &web::Data<AppState> = req.app_data().ok_or_else(|| ApiError::internal("no application state"))?;
    let now = state.clock.now();
    let Claim { session_id, kind, .. } = claim(req, state).ok_or_else(ApiError::unauthorized)?;
    if kind == Kind::Cookie {
        refuse_cross_site(req)?;
    }
    let session_id = session_id.to_string();
    let found = state.db.read(|conn| Ok(model::find_session(conn, &session_id, kind, now)?)).await?;
    let (session, user) = found.ok_or_else(ApiError::unauthorized)?;
    if session.needs_noting(now) {
        state.seen.note(&session_id, now);
    }
    Ok(CurrentUser { user, session_id })
}

/// A browser adds the cookie to whatever any page makes it send. A write is accepted only if it says it comes from our own page.
fn refuse_cross_site(req: &HttpRequest) -> ApiResult<()> {
    let text = |name: &str| req.headers().get(name).and_then(|value| value.to_str().ok());
    let same_origin = match (text("sec-fetch-site"), text("origin")) {
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
