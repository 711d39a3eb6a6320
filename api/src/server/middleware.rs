//! Middleware that every request passes on its way in and out, outermost first.

use std::{panic::AssertUnwindSafe, time::Instant};

use actix_session::{
    SessionMiddleware,
    config::{CookieContentSecurity, PersistentSession, TtlExtensionPolicy},
    storage::CookieSessionStore,
};
use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{self, BodySize, BoxBody, MessageBody},
    cookie::{Key, SameSite, time},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        ConnectionType, Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256, Sha512};

use super::{headers, unread::Held};
use crate::{
    auth::COOKIE_LIFE,
    error::{ApiError, Code},
    http::{
        request::{client_address, routed_path},
        state::{AppState, service},
    },
    ops::health::Draining,
    settings::{CurrentSettings, under_maintenance},
    trail::RequestId,
};

pub(super) async fn journal_request(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = service::<AppState>(req.request())?.clone();
    let draining = service::<Draining>(req.request())?.clone();
    let id = state.clock.new_id().to_string();
    let started = Instant::now();
    // Copies, because routing needs the request to be held in one place only.
    let (method, path) = (req.method().clone(), req.path().to_owned());
    let address = client_address(req.request(), &state.config.trusted_proxies);
    req.extensions_mut().insert(RequestId(id.clone()));
    let unread = Held::of(&mut req);
    let (request, response) = match next.call(req).await {
        Ok(response) => {
            let (request, response) = response.map_into_boxed_body().into_parts();
            (Some(request), response)
        }
        Err(error) => (None, HttpResponse::from_error(error)),
    };
    let problem = response.error().map(problem_of);
    let mut response = match &problem {
        Some(problem) => {
            let mut refusal = problem.to_response(&id);
            headers::carry_over(response.headers(), refusal.headers_mut());
            refusal
        }
        None => response,
    };
    headers::strict(&state.config, &path, response.headers_mut());
    // The time is finer than `Date`, and nothing that answers in the server's place sends it.
    for (name, value) in [("x-request-id", id.clone()), ("server-time", state.clock.now().to_string())] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    let status = response.status();
    log::log!(
        if status.is_server_error() { log::Level::Error } else { log::Level::Info },
        method = method.as_str(),
        path = path.as_str(),
        status = status.as_u16(),
        ms = (started.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        address = address.map(|address| address.to_string()).as_deref(),
        request_id = id.as_str(),
        cause = problem.as_ref().and_then(|problem| problem.cause.as_deref());
        "request"
    );
    // Nothing more is to come over a connection that is about to be closed.
    if draining.has_begun() {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    if let Some(unread) = unread {
        response = unread.until_sent(response);
    }
    match request {
        Some(request) => Ok(ServiceResponse::new(request, response)),
        None => Err(InternalError::from_response("answered without a request", response).into()),
    }
}

/// Our own error as it is; one that actix raised itself without its text, which can name internals.
fn problem_of(error: &Error) -> ApiError {
    if let Some(problem) = error.as_error::<ApiError>() {
        return problem.clone();
    }
    match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(Code::PayloadTooLarge, "Send less at once. Nothing was changed.")
        }
        StatusCode::NOT_FOUND => ApiError::not_found(),
        status if status.is_client_error() => ApiError::new(Code::BadRequest, "Correct the request and send it again."),
        _ => ApiError::internal("an error of the framework"),
    }
    .caused_by(error)
}

pub(super) async fn timeout(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let limit = service::<AppState>(req.request())?.config.request_timeout;
    match tokio::time::timeout(limit, AssertUnwindSafe(next.call(req)).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => Err(ApiError::internal("a handler panicked").into()),
        Err(_elapsed) => Err(ApiError::new(
            Code::Timeout,
            "The request may or may not have been carried out. Check first, then try again.",
        )
        .into()),
    }
}

/// Requests served during maintenance: those that end it, let an admin in to do so, or change nothing for anybody else.
const GOES_ON: [(&str, &str); 5] = [
    ("PATCH", "/api/v1/admin/settings"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/token"),
    ("POST", "/api/v1/auth/logout"),
    ("POST", "/api/v1/csp-reports"),
];

pub(super) async fn refuse_in_maintenance(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let refused = !req.method().is_safe() && !GOES_ON.contains(&(req.method().as_str(), routed_path(req.request())));
    if refused && service::<CurrentSettings>(req.request())?.get().maintenance_mode {
        return Err(under_maintenance().into());
    }
    next.call(req).await
}

pub(super) async fn conditional_get(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // HEAD is GET without the body, which the protocol layer leaves out by itself (RFC 9110, 9.3.2).
    let head = req.method() == Method::HEAD;
    if head {
        req.head_mut().method = Method::GET;
    }
    let get = req.method() == Method::GET;
    let wanted = req.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.call(req).await?.map_into_boxed_body();
    // A streamed answer, which may never end, is not begun.
    if head && response.response().body().size() == BodySize::Stream {
        return Ok(response.map_body(|_, _| BoxBody::new(body::None::new())));
    }
    let sized = matches!(response.response().body().size(), BodySize::Sized(_));
    if !get || response.status() != StatusCode::OK || !sized || response.headers().contains_key(header::ETAG) {
        return Ok(response);
    }
    let (req, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let bytes = body::to_bytes(body).await.map_err(|_| ApiError::internal("a body could not be read"))?;
    let tag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..16]));
    let unchanged = wanted.is_some_and(|wanted| {
        wanted.to_str().is_ok_and(|wanted| {
            wanted.split(',').any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*")
        })
    });
    let mut response = if unchanged {
        let mut response = response.set_body(BoxBody::new(()));
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_TYPE);
        response
    } else {
        response.set_body(BoxBody::new(bytes))
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(ServiceResponse::new(req, response))
}

/// The cookie that carries a session.
pub(super) fn session_cookie(state: &AppState) -> SessionMiddleware<CookieSessionStore> {
    let life = time::Duration::milliseconds(COOKIE_LIFE);
    SessionMiddleware::builder(CookieSessionStore::default(), cookie_key(&state.config.session_secret))
        .cookie_name(state.cookie_name().to_owned())
        .cookie_secure(state.config.served_over_tls())
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Strict)
        .cookie_content_security(CookieContentSecurity::Private)
        .session_lifecycle(
            PersistentSession::default()
                .session_ttl(life)
                .session_ttl_extension_policy(TtlExtensionPolicy::OnStateChanges),
        )
        .build()
}

fn cookie_key(secret: &SecretString) -> Key {
    let mut mac = Hmac::<Sha512>::new_from_slice(secret.expose_secret().as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    mac.update(b"session cookie");
    Key::from(&mac.finalize().into_bytes())
}
