//! The application as a whole: what every request passes, in order, and the list of rooms. The program and the tests run the same
//! [`app`].

mod document;
mod gate;
mod headers;
mod middleware;
mod routes;
mod services;
mod unread;
mod unrouted;

pub use self::{document::document, services::Services};

use std::{io, net::TcpListener, time::Duration};

use actix_web::{
    App, Error, HttpServer,
    body::BoxBody,
    dev::{self, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web,
};
use utoipa_swagger_ui::SwaggerUi;

use crate::{audit, auth, clock::SECOND, events, limits, ops, outbox};

/// The application. A request passes the middleware from the last `wrap` to the first.
pub fn app(
    services: &Services,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>
    + use<>,
> {
    let (app, document) = document::described_app();
    let json = document.to_json().unwrap_or_default();
    app.app_data(web::PayloadConfig::new(services.state.config.max_body_bytes))
        .app_data(web::PathConfig::default().error_handler(|_, req| unrouted::unreadable_path(req).into()))
        .route("/api/openapi.json", web::get().to(move || std::future::ready(document::response(json.clone()))))
        .service(web::redirect("/api/docs", "/api/docs/").permanent())
        .service(
            SwaggerUi::new("/api/docs/{_:.*}").config(
                utoipa_swagger_ui::Config::from("/api/openapi.json")
                    .persist_authorization(false)
                    .try_it_out_enabled(true)
                    // Only what is opened is drawn: drawing all of it takes seconds, again at each press.
                    .doc_expansion("none")
                    .default_models_expand_depth(-1),
            ),
        )
        .default_service(web::to(unrouted::no_such_route))
        // 11. Nothing is written during maintenance.
        .wrap(from_fn(middleware::refuse_in_maintenance))
        // 10. Nothing is done or shown for anybody but the user whom the page asks for.
        .wrap(from_fn(auth::acting_as::check_acting_as))
        // 9. A GET whose answer the client has already is answered without a body.
        .wrap(from_fn(middleware::conditional_get))
        // 8. Nobody asks too often, before a restart and after it.
        .wrap(from_fn(gate::enforce_rate_limits))
        // 7. Callers who went on after that are kept out for a while, and so are attackers.
        .wrap(from_fn(gate::enforce_penalties))
        // 6. The session cookie is read and written.
        .wrap(middleware::session_cookie(&services.state))
        // 5. Nobody waits for ever, and a panic answers like any other fault.
        .wrap(from_fn(middleware::timeout))
        // 4. No more requests are worked on at once than make sense.
        .wrap(from_fn(gate::limit_concurrency))
        // 3. Pages of other sites may ask only where the configuration names them.
        .wrap(gate::cors(&services.state.config))
        // 2. The request is meant for this host, and its end is unambiguous.
        .wrap(from_fn(gate::check_host))
        // 1. Everything below has a request id, a log line, strict headers, and errors as problem documents.
        .wrap(from_fn(middleware::journal_request))
        .configure(|app| services.register(app))
}

/// How long requests under way have to finish after the process was asked to stop.
const FINISHED_WITHIN: Duration = Duration::from_secs(25);
/// The process is gone after this long in any case, before a supervisor that waits for 30 seconds kills it.
const GONE_WITHIN: Duration = Duration::from_secs(29);

/// Starts serving on `listener`; the caller stops it through the handle of what is returned.
///
/// # Errors
/// If the listener cannot be used.
pub fn serve(services: Services, listener: TcpListener) -> io::Result<dev::Server> {
    let max_connections = 4096 + services.state.config.max_event_streams;
    let stop_delay = services.state.config.stop_delay;
    Ok(HttpServer::new(move || app(&services))
        // How long a client may take over its request's head, against clients that trickle it in.
        .client_request_timeout(Duration::from_secs(10))
        .keep_alive(Duration::from_secs(75))
        .on_connect(events::retain_socket)
        // For each worker. Further connections wait to be accepted, which costs next to nothing.
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
    let Services { state, auth, limits, penalties, streams, draining, care, .. } = services;
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);
    actix_web::rt::spawn(auth::last_seen::flush_periodically(state.clone(), auth.clone()));
    actix_web::rt::spawn(audit::retention::prune_periodically(state.clone()));
    actix_web::rt::spawn(outbox::retention::prune_periodically(state.clone()));
    actix_web::rt::spawn(limits::forget_periodically(state.clone(), limits, penalties.clone()));
    actix_web::rt::spawn(ops::put_back::watch_clock(state.clone(), penalties));
    actix_web::rt::spawn(ops::care::tend_periodically(state.clone(), care));
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
    // Streams would go on for ever.
    streams.stop();
    handle.stop(true).await;
    for unfinished in [auth.last_seen.flush(&state.db).await, state.db.checkpoint()] {
        if let Err(error) = unfinished {
            log::warn!(cause:% = error; "not everything could be tidied up");
        }
    }
    running.await.map_err(io::Error::other)?
}
