//! The application as a whole: what every request passes, in order, and the list of rooms. The program and the tests run the same
//! [`app`].

use std::{
    io,
    net::TcpListener,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use actix_governor::Governor;
use actix_session::{
    SessionMiddleware,
    config::{CookieContentSecurity, PersistentSession, TtlExtensionPolicy},
    storage::CookieSessionStore,
};
use actix_web::{
    App, Error, HttpRequest, HttpResponse, HttpServer,
    body::{self, BodySize, BoxBody, MessageBody},
    cookie::{Key, SameSite, time},
    dev::{self, ResourceDef, ServiceFactory, ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::{Next, from_fn},
    web,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256, Sha512};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_actix_web::{AppExt, scope};
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    auth::{self, password::PasswordHasher, seen::Seen, token::Tokens},
    clock::{Clock, SECOND},
    config::Config,
    db::Db,
    entries,
    error::{ApiError, ApiResult, Code},
    extract::{Cursors, client_address},
    limits::{self, Limits},
    ops, people, users,
};

/// What every handler may need. One for the whole process.
#[derive(Debug)]
pub struct AppState {
    pub config: Config,
    pub clock: Clock,
    pub db: Db,
    pub passwords: PasswordHasher,
    pub tokens: Tokens,
    pub cursors: Cursors,
    pub seen: Seen,
    pub limits: Limits,
    /// Set once the process has been asked to stop, so that nobody sends it new work.
    pub draining: AtomicBool,
    routes: Vec<Route>,
}

impl AppState {
    /// # Errors
    /// If the hash cost is not one bcrypt takes.
    pub fn new(config: Config, clock: Clock, db: Db) -> Result<web::Data<Self>, String> {
        Ok(web::Data::new(Self {
            passwords: PasswordHasher::new(&config)?,
            tokens: Tokens::new(&config.jwt_secret),
            cursors: Cursors::new(&config.session_secret),
            seen: Seen::default(),
            limits: Limits::new(&config)?,
            draining: AtomicBool::new(false),
            routes: routes(&document()),
            config,
            clock,
            db,
        }))
    }

    /// The `__Host-` prefix binds the cookie to this very host, but browsers accept it only over TLS.
    #[must_use]
    pub fn cookie_name(&self) -> &'static str {
        if self.config.served_over_tls() { "__Host-session" } else { "session" }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Personal Status Tracker",
        description = "One person logs water and mood; the people they trust watch it live.\n\nSign in with `POST /api/v1/auth/login` for a \
                       cookie (that is what the page does; here it works for *Try it out* at once), or with `POST /api/v1/auth/token` for a \
                       token, which goes into *Authorize*.\n\nErrors are problem documents (RFC 9457); `code` tells one from another.",
        license(name = "GPL-3.0-or-later", identifier = "GPL-3.0-or-later"),
    ),
    servers((url = "/")),
    security(("bearer" = []), ("cookie" = [])),
    modifiers(&SecuritySchemes),
    tags(
        (name = "auth", description = "Register, sign in, sign out"),
        (name = "users", description = "Your account"),
        (name = "people", description = "The people you may watch"),
        (name = "entries", description = "Logging, and the history"),
        (name = "ops", description = "Is the server well"),
    ),
)]
struct ApiDoc;

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
            "session",
            "`__Host-session` where the server is reached over TLS",
        ));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    }
}

/// The OpenAPI document of all rooms.
#[must_use]
pub fn document() -> openapi::OpenApi {
    let (_, document) = App::new().into_utoipa_app().openapi(ApiDoc::openapi()).configure(rooms).split_for_parts();
    with_limits(document)
}

/// Writes down what the limits answer: it is the same everywhere, so no handler says it.
fn with_limits(mut document: openapi::OpenApi) -> openapi::OpenApi {
    let problem = openapi::Content::new(Some(openapi::Ref::from_schema_name("Problem")));
    let refused = openapi::ResponseBuilder::new()
        .description("Too many requests; `Retry-After` says when the next one gets through")
        .content("application/problem+json", problem)
        .build();
    let limited = document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/api/v1/"));
    for item in limited.map(|(_, item)| item) {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("429".to_owned(), refused.clone().into());
        }
    }
    document
}

fn rooms(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.configure(ops::routes).service(
        scope::scope("/api/v1")
            .configure(auth::routes)
            .configure(users::routes)
            .configure(people::routes)
            .configure(entries::routes),
    );
}

/// The application. A request passes the middleware from the last `wrap` to the first.
pub fn app(
    state: web::Data<AppState>,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>,
> {
    let (app, document) = App::new().into_utoipa_app().openapi(ApiDoc::openapi()).configure(rooms).split_for_parts();
    let json = with_limits(document).to_json().unwrap_or_default();
    app.app_data(web::PayloadConfig::new(state.config.max_body_bytes))
        .app_data(web::PathConfig::default().error_handler(|_, _| ApiError::not_found().into()))
        .route("/api/openapi.json", web::get().to(move || std::future::ready(document_response(json.clone()))))
        .service(web::redirect("/api/docs", "/api/docs/").permanent())
        .service(SwaggerUi::new("/api/docs/{_:.*}").config(
            utoipa_swagger_ui::Config::from("/api/openapi.json").persist_authorization(false).try_it_out_enabled(true),
        ))
        .default_service(web::to(no_such_route))
        // 5. Nobody asks too often. A request counts in one of these and is let through by the others.
        .wrap(Governor::new(&state.limits.admin))
        .wrap(Governor::new(&state.limits.registration))
        .wrap(Governor::new(&state.limits.auth))
        .wrap(Governor::new(&state.limits.general))
        // 4. Who carries which session cookie.
        .wrap(sessions(&state))
        // 3. A GET that changed nothing for the client is answered without a body; what is private is kept nowhere.
        .wrap(from_fn(validators_and_caching))
        // 2. Nobody waits for ever, and a panic answers like any other fault.
        .wrap(from_fn(within_time))
        // 1. Everything below has a request id, a log line, strict headers, and errors as problem documents.
        .wrap(from_fn(request_log))
        .app_data(state)
}

fn document_response(json: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(json)
}

fn sessions(state: &AppState) -> SessionMiddleware<CookieSessionStore> {
    let life = time::Duration::milliseconds(auth::COOKIE_LIFE);
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

#[derive(Debug)]
struct Route {
    pattern: ResourceDef,
    methods: String,
}

fn routes(document: &openapi::OpenApi) -> Vec<Route> {
    let verbs = |item: &openapi::PathItem| {
        [
            ("GET, HEAD", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ]
        .into_iter()
        .filter_map(|(verb, operation)| operation.as_ref().map(|_| verb))
        .collect::<Vec<_>>()
        .join(", ")
    };
    let documented = document.paths.paths.iter().map(|(path, item)| (path.as_str(), verbs(item)));
    documented
        .chain([("/api/openapi.json", "GET, HEAD".to_owned())])
        .map(|(path, methods)| Route { pattern: ResourceDef::new(path), methods })
        .collect()
}

/// 405 with the methods that would do where the address exists, 404 where it does not.
async fn no_such_route(req: HttpRequest, state: web::Data<AppState>) -> ApiResult<HttpResponse> {
    let Some(route) = state.routes.iter().find(|route| route.pattern.is_match(req.path())) else {
        return Err(ApiError::not_found());
    };
    Err(ApiError::method_not_allowed(&route.methods))
}

async fn request_log(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state =
        req.app_data::<web::Data<AppState>>().cloned().ok_or_else(|| ApiError::internal("no application state"))?;
    let id = state.clock.new_id().to_string();
    let started = Instant::now();
    // Copies, because routing needs the request to be held in one place only.
    let (method, path) = (req.method().clone(), req.path().to_owned());
    let address = client_address(req.request(), &state.config.trusted_proxies);
    let (request, response) = match next.call(req).await {
        Ok(response) => {
            let (request, response) = response.map_into_boxed_body().into_parts();
            (Some(request), response)
        }
        Err(error) => (None, HttpResponse::from_error(error)),
    };
    let problem = response.error().map(problem_of).or_else(|| limits::refusal(&response));
    let mut response = problem.as_ref().map_or(response, |problem| problem.to_response(&id));
    strict_headers(&path, response.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
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
    match request {
        Some(request) => Ok(ServiceResponse::new(request, response)),
        None => Err(InternalError::from_response("answered without a request", response).into()),
    }
}

/// Our own error as it is; one that actix raised itself without its words, which can name inner parts.
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

fn strict_headers(path: &str, headers: &mut header::HeaderMap) {
    // Swagger UI styles its elements in place; scripts stay limited to its own files.
    let csp = if path.starts_with("/api/docs/") {
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    } else {
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    };
    for (name, value) in [
        ("content-security-policy", csp),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    // What is not said to be public is private.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

async fn within_time(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let limit =
        req.app_data::<web::Data<AppState>>().map_or(Duration::from_secs(30), |state| state.config.request_timeout);
    match tokio::time::timeout(limit, AssertUnwindSafe(next.call(req)).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => Err(ApiError::internal("a handler panicked").into()),
        Err(_elapsed) => {
            Err(ApiError::new(Code::Timeout, "It may or may not have been done. Look first, then try again.").into())
        }
    }
}

async fn validators_and_caching(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // HEAD is GET without the body, which the protocol layer leaves out by itself (RFC 9110, 9.3.2).
    if req.method() == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    let get = req.method() == Method::GET;
    let wanted = req.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.call(req).await?.map_into_boxed_body();
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

/// Starts serving on `listener`; the caller stops it through the handle of what is returned.
///
/// # Errors
/// If the listener cannot be used.
pub fn serve(state: web::Data<AppState>, listener: TcpListener) -> io::Result<dev::Server> {
    Ok(HttpServer::new(move || app(state.clone()))
        // How long a client may take over its request's head, against those that trickle it in.
        .client_request_timeout(Duration::from_secs(10))
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(30)
        // `run_until_stopped` handles signals: readiness has to turn before connections close.
        .disable_signals()
        .listen(listener)?
        .run())
}

/// Serves until SIGTERM or SIGINT, then lets running requests finish; a second signal ends the process at once.
///
/// # Errors
/// If the listener cannot be used.
pub async fn run_until_stopped(state: web::Data<AppState>, listener: TcpListener) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let address = listener.local_addr()?;
    let server = serve(state.clone(), listener)?;
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);
    actix_web::rt::spawn(auth::seen::keep_flushing(state.clone()));
    actix_web::rt::spawn(state.limits.clone().keep_forgetting());
    log::info!(address:% = address; "ready");
    let started_at = state.clock.now();
    futures_util::future::select(Box::pin(terminate.recv()), Box::pin(interrupt.recv())).await;
    state.draining.store(true, Ordering::Relaxed);
    log::info!(seconds_up = (state.clock.now().0 - started_at.0) / SECOND; "stopping");
    actix_web::rt::spawn(async move {
        futures_util::future::select(Box::pin(terminate.recv()), Box::pin(interrupt.recv())).await;
        log::warn!("stopped at once");
        std::process::exit(1);
    });
    handle.stop(true).await;
    for unfinished in [state.seen.flush(&state.db).await, state.db.checkpoint()] {
        if let Err(error) = unfinished {
            log::warn!(cause:% = error; "not everything could be tidied up");
        }
    }
    running.await.map_err(io::Error::other)?
}
