//! HTTP.

use serde_json::json;

use super::raw;
use crate::support::{NOON, PASSWORD, TestApp};

fn host(app: &TestApp) -> &str {
    app.url.trim_start_matches("http://")
}

/// OWASP ASVS v5.0.0-4.1.1
#[actix_web::test]
async fn v5_0_0_4_1_1_every_body_has_its_type_and_text_its_charset() {
    let app = TestApp::behind_nginx().await;
    let admin = app.admin().await;
    admin.log("water", 250, NOON).await;
    for path in [
        "/api/v1/me",
        "/api/v1/nothing",
        "/api/v1/privacy-policy",
        "/api/openapi.json",
        "/api/docs/",
        "/api/docs/swagger-ui.css",
        "/api/docs/swagger-ui-bundle.js",
        "/api/v1/admin/audit/export?format=csv",
        "/api/v1/admin/audit/export",
        "/health",
        "/",
        "/assets/index-0a1b2c3d.js",
        "/metrics",
    ] {
        let answer = admin.get(path).await;
        let content_type = answer.header("content-type");
        assert!(!answer.body.is_empty() && content_type.contains('/'), "{path}: {content_type:?}");
        assert!(
            !content_type.starts_with("text/") || content_type.to_lowercase().contains("charset=utf-8"),
            "{path}: {content_type}"
        );
        assert!(path.contains("export") || answer.json.is_null() != content_type.contains("json"), "{path}");
    }
}

/// OWASP ASVS v5.0.0-4.1.2
#[actix_web::test]
async fn v5_0_0_4_1_2_the_api_sends_nobody_from_http_to_https() {
    let app = TestApp::with(&[("PUBLIC_URL", "https://status.example.org")]).await;
    for (method, path, _) in super::operations() {
        let answer = app.anonymous().send(&method, &super::filled(&path), "application/json", "{}").await;
        assert!(!answer.status.is_redirection() && answer.header("location").is_empty(), "{method} {path}");
    }
}

/// OWASP ASVS v5.0.0-4.1.3
#[actix_web::test]
async fn v5_0_0_4_1_3_what_only_a_proxy_may_say_cannot_be_said_by_others() {
    let app = TestApp::with(&[("TRUSTED_PROXIES", "192.0.2.99")]).await;
    let viewer = app.viewer().await;
    // Without nginx, because nobody in between is a trusted proxy; with nginx, because it drops the client's header.
    let trusting = TestApp::start().await;
    let watched = trusting.viewer().await;
    let apps = [(&app, &viewer)].into_iter().chain(trusting.through_nginx().then_some((&trusting, &watched)));
    for (app, viewer) in apps {
        let mut request = app.anonymous().request("POST", "/api/v1/auth/login");
        for name in
            ["x-forwarded-for", "x-real-ip", "forwarded", "x-client-ip", "true-client-ip", "x-user-id", "x-request-id"]
        {
            request = request.insert_header((name, "198.51.100.7"));
        }
        let answer = request.send_json(&json!({"username": viewer.username, "password": PASSWORD})).await.unwrap();
        assert_ne!(answer.headers().get("x-request-id").unwrap(), "198.51.100.7");
        let devices = viewer.get("/api/v1/me/sessions").await.json["items"].to_string();
        assert!(devices.contains("127.0.0.1") && !devices.contains("198.51.100.7"), "{devices}");
    }
}

/// OWASP ASVS v5.0.0-4.1.4
#[actix_web::test]
async fn v5_0_0_4_1_4_only_the_methods_of_an_address_do_anything() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let before = app.contents();
    for (_, path, _) in super::operations() {
        for method in ["TRACE", "CONNECT", "PROPFIND", "BREW"] {
            let request = format!(
                "{method} {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
                super::filled(&path),
                host(&app),
                admin.bearer.as_ref().unwrap()
            );
            let answer = raw(&app.url, request).await;
            let refused = ["HTTP/1.1 405", "HTTP/1.1 400"].iter().any(|status| answer.starts_with(status));
            assert!(refused, "{method} {path}: {answer}");
        }
    }
    assert_eq!(app.contents(), before);
}

/// OWASP ASVS v5.0.0-4.2.1
#[actix_web::test]
async fn v5_0_0_4_2_1_nobody_smuggles_a_request_inside_another() {
    let app = TestApp::start().await;
    let inner = format!("GET /health/live HTTP/1.1\r\nHost: {}\r\n\r\n", host(&app));
    let chunked = format!("0\r\n\r\n{inner}");
    for headers in [
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked", chunked.len()),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {}", chunked.len()),
        format!("Content-Length: 5\r\nContent-Length: {}", chunked.len()),
        format!("Content-Length: {}, {}", chunked.len(), chunked.len()),
        format!("Content-Length: +{}", chunked.len()),
        "Content-Length: -1".to_owned(),
        "Transfer-Encoding: xchunked".to_owned(),
        "Transfer-Encoding: chunked, identity".to_owned(),
        "Transfer-Encoding : chunked".to_owned(),
        "Transfer-Encoding:\x0bchunked".to_owned(),
        format!("X: y\nContent-Length: {}\r\nTransfer-Encoding: chunked", chunked.len()),
    ] {
        let request = format!(
            "POST /api/v1/entries HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{chunked}",
            host(&app)
        );
        let answer = raw(&app.url, request).await;
        assert!(!answer.contains("{\"status\":\"ok\"}"), "{headers:?} let a second request in: {answer}");
    }
    // Two plain requests get two answers, so the connection was not the reason above.
    let two = raw(&app.url, format!("{inner}{inner}")).await;
    assert_eq!(two.matches("{\"status\":\"ok\"}").count(), 2, "{two}");
}

/// OWASP ASVS v5.0.0-4.2.2
#[actix_web::test]
async fn v5_0_0_4_2_2_the_length_said_is_the_length_sent() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.log("water", 250, NOON).await;
    let request = |method: &str, path: &str, connection: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: {connection}\r\n\r\n",
            host(&app),
            admin.bearer.as_ref().unwrap()
        )
    };
    // One connection for all of them: a wrong length would make the next answer unreadable.
    let paths = ["/api/v1/me", "/api/v1/nothing", "/api/v1/people", "/health/live", "/api/v1/privacy-policy"];
    let requests: String = paths[..4].iter().map(|path| request("GET", path, "keep-alive")).collect();
    let mut rest = raw(&app.url, requests + &request("GET", paths[4], "close")).await;
    for path in paths {
        let (head, body) = rest.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {path}: {rest}"));
        assert!(head.starts_with("HTTP/1.1 "), "{path}: {head}");
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        rest = body[length.unwrap().parse().unwrap()..].to_owned();
    }
    assert_eq!(rest, "");
    let head = raw(&app.url, request("HEAD", "/api/v1/me", "close")).await;
    assert!(head.ends_with("\r\n\r\n") && head.to_lowercase().contains("\r\ncontent-length: "), "{head}");
}

/// OWASP ASVS v5.0.0-4.2.3
#[actix_web::test]
async fn v5_0_0_4_2_3_http_2_is_not_spoken_so_nothing_of_it_can_be_mixed_in() {
    let app = TestApp::start().await;
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let answer = raw(&app.url, preface).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 505"), "{answer}");
    let upgrade = format!(
        "GET /health/live HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
        host(&app)
    );
    assert!(raw(&app.url, upgrade).await.starts_with("HTTP/1.1 200"));
}
