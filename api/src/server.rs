//! The application as a whole: what every request passes, in order, and the list of rooms. The program and the tests run the same
//! [`app`].

mod document;
mod gate;
mod headers;
mod middleware;
mod services;
mod unread;

pub use services::Services;

use std::{io, net::TcpListener, time::Duration};

use actix_session::{
    SessionMiddleware,
    config::{CookieContentSecurity, PersistentSession, TtlExtensionPolicy},
    storage::CookieSessionStore,
};
use actix_web::{
    App, Error, HttpRequest, HttpResponse, HttpServer,
    body::BoxBody,
    cookie::{Key, SameSite, time},
    dev::{self, ResourceDef, ServiceFactory, ServiceRequest, ServiceResponse},
    http::header,
    middleware::from_fn,
    web,
};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha512;
use utoipa::openapi;
use utoipa_actix_web::{AppExt, scope};
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    audit, auth,
    clock::SECOND,
    entries,
    error::{ApiError, ApiResult},
    events,
    http::state::AppState,
    limits, ops, people, users,
};

/// The OpenAPI document of all rooms.
#[must_use]
pub fn document() -> openapi::OpenApi {
    let (_, document) = App::new().into_utoipa_app().openapi(document::base()).configure(rooms).split_for_parts();
    document::complete(document)
}

fn rooms(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.configure(ops::routes).service(
        scope::scope("/api/v1")
            .configure(auth::routes)
            .configure(users::routes)
            .configure(people::routes)
            .configure(events::routes)
            .configure(entries::routes)
            .configure(audit::routes)
            .configure(ops::api_routes)
            .configure(limits::routes),
    );
}

/// The application. A request passes the middleware from the last `wrap` to the first.
pub fn app(
    services: &Services,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>
    + use<>,
> {
    let (app, document) = App::new().into_utoipa_app().openapi(document::base()).configure(rooms).split_for_parts();
    let json = document::complete(document).to_json().unwrap_or_default();
    app.app_data(web::PayloadConfig::new(services.state.config.max_body_bytes))
        .app_data(web::PathConfig::default().error_handler(|_, req| unreadable_path(req).into()))
        .route("/api/openapi.json", web::get().to(move || std::future::ready(document_response(json.clone()))))
        .service(web::redirect("/api/docs", "/api/docs/").permanent())
        .service(
            SwaggerUi::new("/api/docs/{_:.*}").config(
                utoipa_swagger_ui::Config::from("/api/openapi.json")
                    .persist_authorization(false)
                    .try_it_out_enabled(true)
                    // Only what is opened is drawn: all of it takes seconds, at each press anew.
                    .doc_expansion("none")
                    .default_models_expand_depth(-1),
            ),
        )
        .default_service(web::to(no_such_route))
        // 11. Nothing is written during maintenance.
        .wrap(from_fn(middleware::maintenance))
        // 10. Nothing is done or shown for somebody else than the page believes it asks for.
        .wrap(from_fn(auth::acting_as::only_for_whom_it_says))
        // 9. A GET that changed nothing for the client is answered without a body.
        .wrap(from_fn(middleware::validators))
        // 8. Nobody asks too often, before a restart and after it.
        .wrap(from_fn(gate::limit))
        // 7. Whoever went on after that is kept out for a while, and so is whoever attacks.
        .wrap(from_fn(gate::callers))
        // 6. Who carries which session cookie.
        .wrap(sessions(&services.state))
        // 5. Nobody waits for ever, and a panic answers like any other fault.
        .wrap(from_fn(middleware::within_time))
        // 4. No more are worked on at once than make sense.
        .wrap(from_fn(gate::not_too_many_at_once))
        // 3. Which other sites' pages may ask.
        .wrap(gate::cors(&services.state.config))
        // 2. It is meant for this host, and says in one way only where it ends.
        .wrap(from_fn(gate::for_us_alone))
        // 1. Everything below has a request id, a log line, strict headers, and errors as problem documents.
        .wrap(from_fn(middleware::request_log))
        .configure(|app| services.register(app))
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

/// Every address that there is, with its methods.
#[derive(Debug)]
struct Routes(Vec<Route>);

impl Routes {
    fn documented() -> Self {
        let document = document();
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
        let routes = documented
            .chain([("/api/openapi.json", "GET, HEAD".to_owned())])
            .map(|(path, methods)| Route { pattern: ResourceDef::new(path), methods })
            .collect();
        Self(routes)
    }
}

/// What is no id is not found, unless it is an address of its own, asked in a way that only ids are.
fn unreadable_path(req: &HttpRequest) -> ApiError {
    let routes = req.app_data::<web::Data<Routes>>();
    let own = routes.and_then(|routes| routes.0.iter().find(|route| route.pattern.pattern() == Some(req.path())));
    own.map_or_else(ApiError::not_found, |route| ApiError::method_not_allowed(&route.methods))
}

/// 405 with the methods that would do where the address exists, 404 where it does not.
async fn no_such_route(req: HttpRequest, routes: web::Data<Routes>) -> ApiResult<HttpResponse> {
    let Some(route) = routes.0.iter().find(|route| route.pattern.is_match(req.path())) else {
        return Err(ApiError::not_found());
    };
    Err(ApiError::method_not_allowed(&route.methods))
}

/// Asked to stop, the process has finished what was under way after this long, or leaves it.
const FINISHED_WITHIN: Duration = Duration::from_secs(25);
/// And it is gone after this long whatever holds it up, before a supervisor that waits for 30 seconds kills it.
const GONE_WITHIN: Duration = Duration::from_secs(29);

/// Starts serving on `listener`; the caller stops it through the handle of what is returned.
///
/// # Errors
/// If the listener cannot be used.
pub fn serve(services: Services, listener: TcpListener) -> io::Result<dev::Server> {
    let max_connections = 4096 + services.state.config.max_event_streams;
    let stop_delay = services.state.config.stop_delay;
    Ok(HttpServer::new(move || app(&services))
        // How long a client may take over its request's head, against those that trickle it in.
        .client_request_timeout(Duration::from_secs(10))
        .keep_alive(Duration::from_secs(75))
        .on_connect(events::keep_socket)
        // For each worker. More than that wait to be accepted, which costs next to nothing.
        .max_connections(max_connections)
        .shutdown_timeout(FINISHED_WITHIN.saturating_sub(stop_delay).as_secs())
        // `run_until_stopped` handles signals: readiness has to turn before connections close.
        .disable_signals()
        .listen(listener)?
        .run())
}

/// Serves until SIGTERM or SIGINT. Then readiness says so, while the listener stays open for a moment; after that running requests finish.
/// A second signal ends the process at once.
///
/// # Errors
/// If the listener cannot be used.
pub async fn run_until_stopped(services: Services, listener: TcpListener) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let address = listener.local_addr()?;
    let server = serve(services.clone(), listener)?;
    let Services { state, auth, limits, penalties, streams, draining, .. } = services;
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);
    actix_web::rt::spawn(auth::seen::keep_flushing(state.clone(), auth.clone()));
    actix_web::rt::spawn(audit::retention::keep_pruning(state.clone()));
    actix_web::rt::spawn(events::retention::keep_pruning(state.clone()));
    actix_web::rt::spawn(limits::keep_forgetting(state.clone(), limits, penalties.clone()));
    actix_web::rt::spawn(ops::put_back::keep_watching(state.clone(), penalties));
    log::info!(address:% = address; "ready");
    let started_at = state.clock.now();
    futures_util::future::select(Box::pin(terminate.recv()), Box::pin(interrupt.recv())).await;
    draining.begin();
    log::info!(seconds_up = (state.clock.now().0 - started_at.0) / SECOND; "stopping");
    actix_web::rt::spawn(async move {
        futures_util::future::select(Box::pin(terminate.recv()), Box::pin(interrupt.recv())).await;
        log::warn!("stopped at once");
        std::process::exit(1);
    });
    std::thread::spawn(|| {
        std::thread::sleep(GONE_WITHIN);
        log::warn!("stopped at last: not everything could be finished");
        std::process::exit(1);
    });
    // A balancer has to learn that requests go elsewhere before they are refused here.
    tokio::time::sleep(state.config.stop_delay).await;
    // They would go on for ever.
    streams.stop();
    handle.stop(true).await;
    for unfinished in [auth.seen.flush(&state.db).await, state.db.checkpoint()] {
        if let Err(error) = unfinished {
            log::warn!(cause:% = error; "not everything could be tidied up");
        }
    }
    running.await.map_err(io::Error::other)?
}
