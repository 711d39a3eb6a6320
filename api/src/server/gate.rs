//! Admission: requests for this host, as many as can be worked on, of callers that are not kept
//! out, and that do not look like an attack.

use std::net::IpAddr;

use actix_cors::Cors;
use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use tokio::sync::Semaphore;

use crate::{
    auth::acting_as,
    config::Config,
    error::{ApiError, Code},
    http::{
        caller::Caller,
        extract::Understood,
        request::routed_path,
        state::{AppState, service},
    },
    limits::{
        Limits, Refusal, SecurityEvent, SecurityLog, Standing, Tier, caller_of, counted,
        penalties::{Offence, Penalties, impose, refusal},
        suspicion,
    },
    trail::AuditContext,
};

/// Probes and monitors come by address, often, and have to be answered when nothing else is.
fn is_health(req: &ServiceRequest) -> bool {
    let path = routed_path(req.request());
    path == "/health" || path.starts_with("/health/")
}

/// Protection from requests for other hosts, and from too many at once.
#[derive(Debug)]
pub struct Front {
    /// One permit for each request that is worked on.
    at_work: Semaphore,
    /// The host names that this server answers to.
    hosts: Vec<String>,
}

impl Front {
    pub(super) fn new(config: &Config) -> Self {
        Self { at_work: Semaphore::new(config.max_concurrent_requests), hosts: hosts(config) }
    }
}

fn hosts(config: &Config) -> Vec<String> {
    let of = |address: IpAddr| match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    let public = config.public_url.split_once("://").map_or("", |(_, host)| host);
    let mut hosts = vec![name(public).to_ascii_lowercase(), of(config.bind_addr.ip())];
    hosts.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
    hosts
}

/// A host without its port.
fn name(host: &str) -> &str {
    let port = host.rfind(':').filter(|colon| host[colon + 1..].bytes().all(|byte| byte.is_ascii_digit()));
    port.map_or(host, |colon| &host[..colon])
}

/// Refuses a foreign host name, which is somebody else's DNS entry or meant to fool a cache, and a body with two lengths, which a proxy
/// before us may end elsewhere (RFC 9112, 6.1). Actix refuses all other ambiguity itself.
pub(super) async fn check_host(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let front = service::<Front>(req.request())?;
    let mut named = req.headers().get_all(header::HOST).map(|host| host.to_str().unwrap_or_default());
    let known = |host: &str| front.hosts.iter().any(|known| known.eq_ignore_ascii_case(name(host)));
    let (first, more) = (named.next(), named.next().is_some());
    let two_lengths =
        [header::CONTENT_LENGTH, header::TRANSFER_ENCODING].iter().all(|name| req.headers().contains_key(name));
    let refused = match first {
        _ if two_lengths => {
            Some(ApiError::new(Code::BadRequest, "Send `Content-Length` or `Transfer-Encoding`, and never both."))
        }
        _ if is_health(&req) => None,
        None => Some(ApiError::new(Code::BadRequest, "Send one `Host`.")),
        Some(_) if more => Some(ApiError::new(Code::BadRequest, "Send one `Host`.")),
        // An absolute address in the request line counts for more than `Host` (RFC 9112, 3.2.2).
        Some(host) if known(host) && req.uri().host().is_none_or(known) => None,
        Some(_) => Some(ApiError::new(Code::UnknownHost, "Use the address under which this server is known.")),
    };
    match refused {
        Some(error) => Ok(req.error_response(error)),
        None => next.call(req).await.map(ServiceResponse::map_into_boxed_body),
    }
}

/// Refuses requests beyond those that can be worked on at once, since they would make all of them late.
pub(super) async fn limit_concurrency(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let front = service::<Front>(req.request())?.clone();
    let permit = if is_health(&req) { None } else { Some(front.at_work.try_acquire()) };
    if let Some(Err(_full)) = &permit {
        return Ok(req.error_response(ApiError::busy().caused_by("too many requests at once")));
    }
    next.call(req).await.map(ServiceResponse::map_into_boxed_body)
}

/// Sites that the configuration names may use the API from their pages, and no others.
pub(super) fn cors(config: &Config) -> Cors {
    let exposed = [
        "etag",
        "retry-after",
        "server-time",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-tier",
        "x-request-id",
    ];
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_NONE_MATCH])
        .allowed_header("last-event-id")
        .allowed_header(acting_as::HEADER)
        .expose_headers(exposed)
        .supports_credentials()
        .max_age(3600);
    config.cors_allowed_origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Identifies the caller, keeps out callers with a penalty, refuses what no honest client sends, and counts both against its caller.
pub(super) async fn enforce_penalties(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = service::<AppState>(req.request())?.clone();
    let (penalties, log) =
        (service::<Penalties>(req.request())?.clone(), service::<SecurityLog>(req.request())?.clone());
    let limited = state.config.rate_limit_enabled;
    let caller = caller_of(req.request(), &state).await;
    if let Some(caller) = caller {
        req.extensions_mut().insert(caller);
        let kept_out = limited && can_be_kept_out(&req);
        let until = if kept_out { penalties.confirmed_until(&caller, &state.db, &state.clock).await } else { None };
        if let Some(until) = until {
            return Ok(req.error_response(refusal(until.0 - state.clock.now().0)));
        }
    }
    let context = AuditContext::of(req.request(), &state);
    let cross_site = req.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let uri = req.uri();
    let finding = suspicion::inspect(req.method().as_str(), uri.path(), uri.query().unwrap_or_default(), req.headers());
    let refused = finding.as_ref().is_some_and(|finding| finding.refused);
    if let Some(finding) = finding {
        log.record(&state.db, &state.clock, context.clone(), SecurityEvent::of(finding, caller));
    }
    let (response, offence) = if refused {
        let detail =
            "Nothing was changed. Correct the address; a caller who sends many of these is kept out for a while.";
        (req.error_response(ApiError::new(Code::SuspiciousRequest, detail)), Some(Offence::Suspicious))
    } else {
        let response = next.call(req).await?.map_into_boxed_body();
        let (req, offence) = (response.request(), response.request().extensions_mut().remove::<Offence>());
        let body = req.extensions_mut().remove::<Understood>();
        if let Some(finding) =
            body.and_then(|Understood(body)| suspicion::inspect_body(req.method().as_str(), req.path(), &body))
        {
            log.record(&state.db, &state.clock, context.clone(), SecurityEvent::of(finding, caller));
        }
        (response, offence)
    };
    // A foreign page's request is not the doing of the person at the browser. A caller that pretends to be one is still rate limited.
    if let (Some(caller), Some(offence), true) = (caller, offence, limited && !cross_site) {
        let limits = service::<Limits>(response.request())?;
        punish(&state, &penalties, limits, (caller, offence, context)).await;
    }
    Ok(response)
}

async fn punish(
    state: &AppState,
    penalties: &Penalties,
    limits: &Limits,
    (caller, offence, context): (Caller, Offence, AuditContext),
) {
    let Some(row) = penalties.count(caller, offence, &state.clock) else { return };
    limits.forget_waiting(caller);
    match state.db.write(move |conn| Ok(impose(conn, &context, &row)?)).await {
        Ok(()) => penalties.written(&caller, &state.clock),
        Err(error) => log::warn!(cause:% = error; "a penalty could not be written: a restart will lift it"),
    }
}

/// Signing in has limits of its own: a caller who is kept out keeps nobody else behind the same address from signing in.
fn can_be_kept_out(req: &ServiceRequest) -> bool {
    let tier = Tier::of(req.method(), routed_path(req.request()));
    !is_health(req) && !tier.is_some_and(Tier::lets_in)
}

/// Counts a request before it is worked on, and moves an unchanged answer to its own tier. [`enforce_penalties`] hears of each refusal that
/// is an offence.
pub(super) async fn enforce_rate_limits(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let limits = service::<Limits>(req.request())?.clone();
    let Some((tier, caller, conditional)) = counted(&req, service::<AppState>(req.request())?) else {
        return next.call(req).await.map(ServiceResponse::map_into_boxed_body);
    };
    let admission = match limits.admit(tier, caller, conditional) {
        Ok(admission) => admission,
        Err(refusal) => {
            let Refusal { standing, error, offence } = *refusal;
            note_offence(req.request(), offence);
            return Ok(with_standing(req.error_response(error), standing));
        }
    };
    let response = next.call(req).await?.map_into_boxed_body();
    match limits.settle(admission, response.status() == StatusCode::NOT_MODIFIED) {
        Ok(standing) => Ok(with_standing(response, standing)),
        Err(refusal) => {
            let Refusal { standing, error, offence } = *refusal;
            note_offence(response.request(), offence);
            Ok(with_standing(response.error_response(error), standing))
        }
    }
}

fn note_offence(req: &HttpRequest, offence: bool) {
    if offence {
        req.extensions_mut().insert(Offence::TooOften);
    }
}

fn with_standing(mut response: ServiceResponse<BoxBody>, standing: Standing) -> ServiceResponse<BoxBody> {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-ratelimit-limit"), standing.limit.into());
    headers.insert(HeaderName::from_static("x-ratelimit-remaining"), standing.remaining.into());
    let tier = HeaderValue::from_static(standing.tier.as_str());
    headers.insert(HeaderName::from_static("x-ratelimit-tier"), tier);
    response
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_port_is_no_part_of_the_name() {
        for (host, expected) in [
            ("localhost", "localhost"),
            ("localhost:8080", "localhost"),
            ("[::1]", "[::1]"),
            ("[::1]:8080", "[::1]"),
            ("status.example.org:", "status.example.org"),
            ("localhost:80@evil.example", "localhost:80@evil.example"),
            ("", ""),
        ] {
            assert_eq!(name(host), expected);
        }
    }
}
