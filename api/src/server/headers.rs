//! The headers of every answer.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::config::Config;

/// Where browsers report what the policy refused.
macro_rules! reporting {
    () => {
        "; report-uri /api/v1/csp-reports; report-to csp"
    };
}

const CSP: &str =
    concat!("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", reporting!());
/// Swagger UI styles its elements in place; scripts stay limited to its own files.
const CSP_OF_DOCS: &str = concat!(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    reporting!()
);

pub(super) fn strict(config: &Config, path: &str, headers: &mut HeaderMap) {
    let docs = path.starts_with("/api/docs/");
    // Only a site that the configuration names has been given this.
    let shared = headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    let hsts = config.served_over_tls().then_some(("strict-transport-security", "max-age=63072000; includeSubDomains"));
    for (name, value) in [
        ("content-security-policy", if docs { CSP_OF_DOCS } else { CSP }),
        ("reporting-endpoints", "csp=\"/api/v1/csp-reports\""),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        (
            "permissions-policy",
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), \
             midi=(), payment=(), usb=()",
        ),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", if shared { "cross-origin" } else { "same-origin" }),
    ]
    .into_iter()
    .chain(hsts)
    {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !shared {
        headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        headers.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
    }
    // Answers are private unless they say otherwise.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Copies to a problem document the headers that it needs as well: the rate limit, and the site that may read it.
pub(super) fn carry_over(from: &HeaderMap, to: &mut HeaderMap) {
    let kept = |name: &HeaderName| {
        name == header::VARY || ["access-control-", "x-ratelimit-"].iter().any(|start| name.as_str().starts_with(start))
    };
    for (name, value) in from.iter().filter(|(name, _)| kept(name)) {
        to.append(name.clone(), value.clone());
    }
}
