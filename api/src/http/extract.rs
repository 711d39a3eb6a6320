//! A valid JSON body and a valid query.

use std::{borrow::Cow, time::Duration};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header,
    web::{self, Bytes, Query},
};
use futures_util::future::LocalBoxFuture;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::state::{AppState, service};
use crate::error::{ApiError, ApiResult, Code, FieldError};

/// A JSON body that was read, understood and found valid.
#[derive(Debug)]
pub struct ValidJson<T>(pub T);

/// The parsed body of a request, left in its extensions for the check on the way out.
#[derive(Debug)]
pub struct Understood(pub Bytes);

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
            let state = service::<AppState>(&req)?;
            let payload = payload.await.map_err(ApiError::internal)?;
            let body = read_body(&req, payload, state.config.max_body_bytes).await?;
            let value: T = parse(&body)?;
            value.validate().map_err(|errors| ApiError::invalid(field_errors(&errors)))?;
            req.extensions_mut().insert(Understood(body));
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

/// The deepest that a body may be nested. No honest body comes near it.
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

/// Anything but JSON is 400; JSON of another shape than asked for is 422 and names the field.
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
        // A text that is none of the expected words is a syntax error to serde, too.
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

/// The fault names no parameter, because the parser knows none. Its texts about Rust's types are replaced.
fn query_fault(text: &str) -> FieldError {
    let text = text.strip_prefix("Query deserialize error: ").unwrap_or(text);
    let number = ["invalid digit", "number too", "integer from empty string"].iter().any(|words| text.contains(words));
    let text = if number { "a number in it is not a whole number, or is out of range" } else { text };
    FieldError::new("query", "invalid", text.to_owned())
}

/// For a field of a PATCH: present means `Some`, and `null` is a value like any other, so that it is refused where the type has none.
///
/// # Errors
/// Errors of `T`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_texts() {
        let nested = |depth: usize| format!("{{\"a\": {}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(!is_too_deep(nested(64).as_bytes()));
        assert!(is_too_deep(nested(65).as_bytes()));
        assert!(!is_too_deep("[{}]".repeat(100).as_bytes()), "beside one another is not within one another");
        assert!(!is_too_deep(format!("[\"\\\"{}\"]", "[".repeat(100)).as_bytes()), "a text may hold any bracket");
    }
}
