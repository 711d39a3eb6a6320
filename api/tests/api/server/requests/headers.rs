//! The headers of every answer, who may read it, and the names that the server answers to.

use actix_web::http::StatusCode;

use super::with;
use crate::support::{Answer, TestApp};

const FRIEND: &str = "https://friend.example";

/// OWASP ASVS v5.0.0-3.4.1, v5.0.0-3.4.3, v5.0.0-3.4.4, v5.0.0-3.4.5, v5.0.0-3.4.6, v5.0.0-3.4.7, v5.0.0-3.4.8
#[actix_web::test]
async fn every_answer_carries_strict_headers_once() {
    let settings =
        [("PUBLIC_URL", "https://status.example.org"), ("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "2/24h")];
    let app = TestApp::with(&settings).await;
    let anonymous = app.anonymous();
    let expected = [
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
        ("reporting-endpoints", "csp=\"/api/v1/csp-reports\""),
    ];
    // Found, not found, and refused for a missing name, the method, the content, and for asking too often.
    let asked = [
        ("GET", "/health", 200),
        ("GET", "/api/openapi.json", 200),
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/me", 401),
        ("GET", "/api/v1/me", 429),
        ("GET", "/.git/config", 400),
        ("TRACE", "/health", 405),
    ];
    for (method, path, status) in asked {
        let answer = Answer::of(anonymous.request(method, path).send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{method} {path}");
        for (name, value) in expected {
            assert_eq!(answer.headers.get_all(name).count(), 1, "{name} of {path}");
            assert_eq!(answer.header(name), value, "{path}");
        }
        let csp = answer.header("content-security-policy");
        assert!(csp.starts_with("default-src 'none'") && csp.contains("frame-ancestors 'none'"), "{csp}");
        assert!(csp.ends_with("report-uri /api/v1/csp-reports; report-to csp"), "{csp}");
        assert!(answer.header("permissions-policy").contains("geolocation=()"));
        assert_eq!(answer.header("server-time"), app.clock.now().to_string(), "{path}");
        assert!(!answer.header("x-request-id").is_empty() && !answer.header("cache-control").is_empty());
        assert!(answer.headers.get("server").is_none() && answer.headers.get("x-ratelimit-whitelisted").is_none());
    }
    let plain = TestApp::start().await.anonymous().get("/health").await;
    assert!(plain.headers.get("strict-transport-security").is_none(), "a browser would never come back over HTTP");
}

/// OWASP ASVS v5.0.0-3.4.2
#[actix_web::test]
async fn only_sites_that_are_named_may_read_what_they_ask() {
    let app = TestApp::with(&[("CORS_ALLOWED_ORIGINS", FRIEND)]).await;
    let anonymous = app.anonymous();
    let preflight = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization, content-type"),
        ]
    };
    let asked = with(&anonymous, "OPTIONS", "/api/v1/me", &preflight(FRIEND)).await;
    asked.expect(StatusCode::OK);
    assert_eq!(asked.header("access-control-allow-origin"), FRIEND);
    assert_eq!(asked.header("access-control-allow-credentials"), "true");
    assert!(asked.header("access-control-allow-methods").contains("PATCH"));
    assert!(asked.header("access-control-allow-headers").contains("authorization"));

    for path in ["/api/v1/privacy-policy", "/api/v1/me", "/api/v1/nothing"] {
        let answer = with(&anonymous, "GET", path, &[("origin", FRIEND)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), FRIEND, "{path}: an error has to be readable too");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        assert!(answer.header("vary").to_ascii_lowercase().contains("origin"), "{path}");
    }
    let others = [
        "null",
        "*",
        "http://friend.example",
        "https://friend.example:8443",
        "https://friend.example.evil.example",
        "https://evil-friend.example",
        "https://sub.friend.example",
        "https://FRIEND.example",
        "https://friend.example/",
        "https://friend.example, https://evil.example",
    ];
    for origin in others {
        let refused = with(&anonymous, "OPTIONS", "/api/v1/me", &preflight(origin)).await;
        assert_eq!(refused.status, 400, "{origin}");
        let answer = with(&anonymous, "GET", "/api/v1/privacy-policy", &[("origin", origin)]).await;
        answer.expect(StatusCode::OK);
        for answer in [refused, answer] {
            for name in ["access-control-allow-origin", "access-control-allow-credentials"] {
                assert!(answer.headers.get(name).is_none(), "{name} for {origin}");
            }
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{origin}");
        }
    }
}

#[actix_web::test]
async fn nobody_is_let_in_from_another_site_unless_told_so() {
    let app = TestApp::start().await;
    let answer = with(&app.anonymous(), "GET", "/api/v1/privacy-policy", &[("origin", FRIEND)]).await;
    assert!(answer.headers.get("access-control-allow-origin").is_none());
}

#[actix_web::test]
async fn the_server_answers_to_its_own_names_only() {
    let app = TestApp::with(&[("PUBLIC_URL", "https://status.example.org"), ("BIND_ADDR", "10.1.2.3:8081")]).await;
    let table = [
        ("status.example.org", 200),
        ("STATUS.example.org:443", 200),
        ("localhost", 200),
        ("localhost:9999", 200),
        ("127.0.0.1", 200),
        ("[::1]:8081", 200),
        ("10.1.2.3:8081", 200),
        ("example.org", 421),
        ("status.example.org.evil.example", 421),
        ("evil-status.example.org", 421),
        ("169.254.169.254", 421),
        ("10.1.2.4", 421),
        ("localhost.", 421),
        ("localhost@evil.example", 421),
        ("localhost:80@evil.example", 421),
        ("localhost:80:80", 421),
    ];
    for (host, expected) in table {
        let headers = [("host", host)];
        let request = app.anonymous().request("GET", "/api/v1/privacy-policy").insert_header(headers[0]);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, expected, "{host}");
        if expected == 421 {
            answer.expect_problem(421, "unknown_host");
        }
        let probe = app.anonymous().request("GET", "/health/live").insert_header(headers[0]);
        assert_eq!(probe.send().await.unwrap().status(), 200, "a probe comes by address");
    }
    // The client's other claims about the host do not count.
    let claims =
        [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example"), ("x-original-host", "evil.example")];
    let answer = with(&app.anonymous(), "GET", "/api/v1/privacy-policy", &claims).await;
    answer.expect(StatusCode::OK);
    assert!(!String::from_utf8_lossy(&answer.body).contains("evil"));
}
