//! What two or more rooms take from a request: a valid JSON body, a valid query, a page and its cursor, the client's address.

use std::{borrow::Cow, net::IpAddr, time::Duration};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderValue},
    web::{self, Bytes, Query},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::future::LocalBoxFuture;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use sha2::Sha256;
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use crate::{
    audit::Trace,
    config::Network,
    error::{ApiError, ApiResult, Code, FieldError},
    limits::{Caller, SecurityEvent, suspicion},
    server::AppState,
};

/// A JSON body that was read, understood and found valid.
#[derive(Debug)]
pub struct ValidJson<T>(pub T);

impl<T: DeserializeOwned + Validate> FromRequest for ValidJson<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = req.content_type().eq_ignore_ascii_case("application/json");
        let encoded = req.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
        let (req, payload) = (req.clone(), web::Payload::from_request(req, payload));
        Box::pin(async move {
            if !json || encoded {
                return Err(ApiError::new(
                    Code::UnsupportedMediaType,
                    "Send the body as uncompressed JSON with `Content-Type: application/json`.",
                ));
            }
            let state: &web::Data<AppState> =
                req.app_data().ok_or_else(|| ApiError::internal("no application state"))?;
            let payload = payload.await.map_err(ApiError::internal)?;
            let body = read_body(&req, payload, state.config.max_body_bytes).await?;
            let value: T = parse(&body)?;
            value.validate().map_err(|errors| ApiError::invalid(field_errors(&errors)))?;
            if let Some(finding) = suspicion::inspect_body(req.method().as_str(), req.path(), &body) {
                let caller = Caller::known(&req);
                let event = SecurityEvent { kind: finding.kind, detail: finding.detail, caller };
                state.events.record(&state.db, &state.clock, Trace::of(&req, state), event);
            }
            Ok(Self(value))
        })
    }
}

/// How long a body may take to arrive. nginx reads it whole before it passes it on; this is for those who come by directly.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// The whole body, of at most `limit` bytes however it is sent.
///
/// # Errors
/// [`Code::PayloadTooLarge`], [`Code::RequestTimeout`], or [`Code::BadRequest`] where it broke off.
pub async fn read_body(req: &HttpRequest, payload: web::Payload, limit: usize) -> ApiResult<Bytes> {
    let too_large = || ApiError::new(Code::PayloadTooLarge, "Send less at once. Nothing was changed.");
    let announced = req.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_WITHIN, payload.to_bytes_limited(limit)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(error))) => {
            Err(ApiError::new(Code::BadRequest, "The body was cut off. Send it again. Nothing was changed.")
                .caused_by(error))
        }
        Ok(Err(_exceeded)) => Err(too_large()),
        Err(_elapsed) => Err(ApiError::new(
            Code::RequestTimeout,
            "The body took too long to arrive. Send it again. Nothing was changed.",
        )),
    }
}

/// So deep may a body be nested. Nothing that is sent here comes near it.
const JSON_DEPTH: u32 = 64;

/// Whether brackets outside of texts nest deeper than [`JSON_DEPTH`].
fn is_too_deep(body: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
    body.iter().any(|byte| {
        match (byte, in_text) {
            _ if escaped => escaped = false,
            (b'\\', true) => escaped = true,
            (b'"', _) => in_text = !in_text,
            (b'[' | b'{', false) => depth += 1,
            (b']' | b'}', false) => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > JSON_DEPTH
    })
}

/// What is not JSON is 400; what is JSON but not what was asked for is 422 and names the field.
fn parse<T: DeserializeOwned>(body: &[u8]) -> ApiResult<T> {
    if is_too_deep(body) {
        return Err(ApiError::new(
            Code::BadRequest,
            format!("The body is nested more than {JSON_DEPTH} levels deep. Correct it and send it again."),
        ));
    }
    // serde takes an array for a struct, too; such a body would mean something else after every new field.
    if !body.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice::<IgnoredAny>(body).map_err(|error| malformed(&error))?;
        return Err(FieldError::new("", "type", "has to be a JSON object").into());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        (error.into_inner(), field)
    });
    let value = parsed.map_err(|(error, field)| {
        // What is no word where one of several is wanted, serde calls a fault of syntax, too.
        let is_json = error.is_data()
            || std::str::from_utf8(body).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
        if is_json { mismatch(&field, &error).into() } else { malformed(&error) }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// The answer to what is not JSON.
#[must_use]
pub fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError::new(Code::BadRequest, format!("The body is not valid JSON: {error}. Correct it and send it again."))
}

fn mismatch(field: &str, error: &serde_json::Error) -> FieldError {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let code = match text {
        _ if text.starts_with("unknown field") => "unknown",
        _ if text.starts_with("missing field") => "required",
        _ if text.starts_with("unknown variant") || text == "expected value" => "choice",
        _ => "type",
    };
    // serde names Rust's types; people know whole numbers.
    let text = ["i16", "i32", "i64"]
        .iter()
        .fold(text.to_owned(), |text, integer| text.replace(&format!("expected {integer}"), "expected a whole number"));
    let named = text.split('`').nth(1).filter(|_| code == "unknown" || code == "required");
    let field = if field == "." { named.unwrap_or_default() } else { field };
    FieldError::new(field.to_owned(), code, text)
}

/// Turns the validator's findings into the list a problem document carries.
fn field_errors(errors: &ValidationErrors) -> Vec<FieldError> {
    let mut found: Vec<_> = errors
        .errors()
        .iter()
        .flat_map(|(field, kind)| match kind {
            ValidationErrorsKind::Field(errors) => errors.iter().map(|error| field_error(field, error)).collect(),
            ValidationErrorsKind::Struct(inner) => field_errors(inner),
            ValidationErrorsKind::List(items) => items.values().flat_map(|inner| field_errors(inner)).collect(),
        })
        .collect();
    found.sort_by(|a, b| a.field.cmp(&b.field));
    found
}

fn field_error(field: &str, error: &validator::ValidationError) -> FieldError {
    let limit = |name: &str| error.params.get(name).map(ToString::to_string);
    let message = error.message.clone().unwrap_or_else(|| {
        Cow::Owned(match (error.code.as_ref(), limit("min"), limit("max")) {
            ("length", Some(min), Some(max)) => format!("has to have {min} to {max} characters or items"),
            ("length", None, Some(max)) => format!("has to have at most {max} characters or items"),
            ("range", Some(min), Some(max)) => format!("has to be from {min} to {max}"),
            (code, ..) => format!("is not valid ({code})"),
        })
    });
    // A rule over the whole body says which field it is about.
    let field = error.params.get("field").and_then(|field| field.as_str()).unwrap_or(field);
    FieldError { field: field.to_owned(), code: error.code.clone(), message }
}

/// A query string that was understood and found valid.
#[derive(Debug)]
pub struct ValidQuery<T>(pub T);

impl<T: DeserializeOwned + Validate> FromRequest for ValidQuery<T> {
    type Error = ApiError;
    type Future = std::future::Ready<ApiResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(
            Query::<T>::from_query(req.query_string())
                .map_err(|error| query_fault(&error.to_string()).into())
                .and_then(|Query(value)| match value.validate() {
                    Ok(()) => Ok(Self(value)),
                    Err(errors) => Err(ApiError::invalid(field_errors(&errors))),
                }),
        )
    }
}

/// The parser knows no parameter's name. It speaks of Rust's types, and the framework of its own.
fn query_fault(text: &str) -> FieldError {
    let text = text.strip_prefix("Query deserialize error: ").unwrap_or(text);
    let number = ["invalid digit", "number too", "integer from empty string"].iter().any(|words| text.contains(words));
    let text = if number { "a number in it is not a whole number, or is out of range" } else { text };
    FieldError::new("query", "invalid", text.to_owned())
}

/// For a field of a PATCH: present means `Some`, and `null` is a value like any other, so that it is refused where the type has none.
///
/// # Errors
/// Those of `T`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Which page of a list that has no filters.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The number of items on a page.
    #[serde(default = "default_limit")]
    #[validate(range(min = 1, max = 500))]
    #[param(minimum = 1, maximum = 500, default = 20, required = false)]
    pub limit: u32,
    /// `next_cursor` of the previous page.
    pub cursor: Option<String>,
}

/// How many a list has at once where nothing else is asked for.
#[must_use]
pub fn default_limit() -> u32 {
    20
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Send it back as `cursor` for the next page; `null` on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of at most `limit` from up to `limit + 1` items: the surplus one tells that there is more.
    pub fn new(mut items: Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> String) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(cursor);
        Self { items, next_cursor }
    }

    #[must_use]
    pub fn empty() -> Self {
        Self { items: Vec::new(), next_cursor: None }
    }

    pub fn filter_map<U>(self, f: impl FnMut(T) -> Option<U>) -> Page<U> {
        Page { items: self.items.into_iter().filter_map(f).collect(), next_cursor: self.next_cursor }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }

    /// # Errors
    /// The first of `f`.
    pub fn try_map<U, E>(self, f: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(f).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor: self.next_cursor })
    }
}

/// Seals positions in a list, so that a cursor works only for the list, the filters and the server that gave it out, and says nothing.
#[derive(Clone, Debug)]
pub struct Cursors(SecretString);

/// Length of the seal in bytes: enough that guessing one is hopeless, short enough for an address.
const SEAL: usize = 16;

impl Cursors {
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self(secret.clone())
    }

    /// `list` names the list with all its filters; `position` is where the next page begins.
    #[must_use]
    pub fn seal(&self, list: &str, position: &str) -> String {
        let mac = self.mac(&["cursor", list, position], SEAL);
        let hidden = self.hidden(list, &mac, position.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode([mac, hidden].concat())
    }

    /// # Errors
    /// [`Code::InvalidCursor`] for whatever was not sealed for this list.
    pub fn open(&self, list: &str, cursor: &str) -> ApiResult<String> {
        BASE64_URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .filter(|bytes| bytes.len() > SEAL)
            .and_then(|bytes| {
                let (mac, hidden) = bytes.split_at(SEAL);
                let position = String::from_utf8(self.hidden(list, mac, hidden)).ok()?;
                (self.mac(&["cursor", list, &position], SEAL) == mac).then_some(position)
            })
            .ok_or_else(|| {
                ApiError::new(
                    Code::InvalidCursor,
                    "Start again without `cursor`, and take the next one from that answer.",
                )
            })
    }

    /// The position made unreadable, or readable again: it can hold a number that counts more than is shown. The seal is what no two positions
    /// have in common, so no two meet the same bytes.
    fn hidden(&self, list: &str, seal: &[u8], position: &[u8]) -> Vec<u8> {
        let seal = BASE64_URL_SAFE_NO_PAD.encode(seal);
        let blocks = position.chunks(32).zip(0_u32..);
        let block = |(chunk, number): (&[u8], u32)| {
            let key = self.mac(&["cursor block", list, &seal, &number.to_string()], chunk.len());
            chunk.iter().zip(key).map(|(byte, key)| byte ^ key).collect::<Vec<u8>>()
        };
        blocks.flat_map(block).collect()
    }

    fn mac(&self, parts: &[&str], length: usize) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes()[..length].to_vec()
    }
}

/// One field of a CSV file (RFC 4180). What a spreadsheet would take for a formula is made text by an apostrophe before it (OWASP ASVS
/// 1.2.10).
#[must_use]
pub fn csv_field(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) { "'" } else { "" };
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

/// The path by which a request finds its handler, with decoded what was needlessly encoded: whatever is decided by an address is decided
/// by this one, or another spelling would slip past.
#[must_use]
pub fn routed_path(req: &HttpRequest) -> &str {
    req.match_info().as_str()
}

/// Who is at the other end: the peer, or, where the peer is a trusted proxy, the rightmost address in `X-Forwarded-For` that is
/// not one. Addresses further left are the client's own words. Where all are proxies it is the one furthest away, and where one wrote what
/// is no address, the proxy that wrote it.
#[must_use]
pub fn client_address(req: &HttpRequest, trusted: &[Network]) -> Option<IpAddr> {
    // On a socket for both families, an IPv4 address comes as an IPv6 one.
    let mut client = req.peer_addr()?.ip().to_canonical();
    let forwarded: Vec<&[u8]> = req.headers().get_all("x-forwarded-for").map(HeaderValue::as_bytes).collect();
    let mut hops = forwarded.iter().rev().flat_map(|value| value.rsplit(|byte| *byte == b','));
    while trusted.iter().any(|network| network.contains(client)) {
        let Some(hop) = hops.next().and_then(hop_address) else { break };
        client = hop;
    }
    Some(client)
}

/// One hop as proxies write it: an address, perhaps with a port, in brackets or in quotes. Names, `unknown` and what somebody hides behind
/// (RFC 7239, 6) are none.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let hop = hop.strip_prefix('"').and_then(|hop| hop.strip_suffix('"')).unwrap_or(hop);
    let port = |text: &str| text.parse::<u16>().is_ok() && text.bytes().all(|byte| byte.is_ascii_digit());
    let address = match hop.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            let fits = after.is_empty() || after.strip_prefix(':').is_some_and(port);
            address.contains(':').then_some(address).filter(|_| fits)?
        }
        None => match hop.split_once(':') {
            Some((address, rest)) if !rest.contains(':') => Some(address).filter(|_| port(rest))?,
            _ => hop,
        },
    };
    // The network interface of a link-local address says nothing to anybody else.
    let address = address.split_once('%').map_or(address, |(address, _)| address);
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_is_read_in_every_way_that_proxies_write_it() {
        let read = |hop: &str| hop_address(hop.as_bytes()).map(|address| address.to_string());
        for (hop, address) in [
            ("203.0.113.7", "203.0.113.7"),
            (" 203.0.113.7:4711\t", "203.0.113.7"),
            ("\"203.0.113.7:4711\"", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("\"[2001:DB8::1]:443\"", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
            ("[::ffff:cb00:7107]", "203.0.113.7"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:443", "fe80::1"),
        ] {
            assert_eq!(read(hop).as_deref(), Some(address), "{hop}");
        }
        for hop in [
            "",
            "unknown",
            "_hidden",
            "_hidden:80",
            "203.0.113",
            "203.0.113.07",
            "203.0.113.7:",
            "203.0.113.7:x",
            "203.0.113.7:99999",
            "203.0.113.7:+80",
            "[203.0.113.7]:80",
            "[2001:db8::1",
            "2001:db8::1]",
            "[2001:db8::1]443",
            "[2001:db8::1]:",
            "[2001:db8::1]:443:1",
            "0x7f.1",
            "for=203.0.113.7",
            "\"203.0.113.7",
            "203.0.113.7 203.0.113.8",
            "localhost",
        ] {
            assert_eq!(read(hop), None, "{hop}");
        }
    }

    #[test]
    fn depth_is_counted_outside_of_texts() {
        let nested = |depth: usize| format!("{{\"a\": {}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(!is_too_deep(nested(64).as_bytes()));
        assert!(is_too_deep(nested(65).as_bytes()));
        assert!(!is_too_deep("[{}]".repeat(100).as_bytes()), "beside one another is not within one another");
        assert!(!is_too_deep(format!("[\"\\\"{}\"]", "[".repeat(100)).as_bytes()), "a text may hold any bracket");
    }
}
