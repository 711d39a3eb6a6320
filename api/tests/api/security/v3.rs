//! Instructions to browsers.

use actix_web::http::StatusCode;
use serde_json::json;

use super::{login, page_sources, repository};
use crate::support::{Answer, NOON, PASSWORD, TestApp};

const OVER_TLS: [(&str, &str); 1] = [("PUBLIC_URL", "https://status.example.org")];

/// The whole `Set-Cookie` of a sign-in over TLS.
async fn cookie() -> String {
    let app = TestApp::with(&OVER_TLS).await;
    let viewer = app.viewer().await;
    let answer = login(&app, &viewer.username, PASSWORD).await;
    assert_eq!(answer.headers.get_all("set-cookie").count(), 1);
    answer.header("set-cookie").to_owned()
}

/// One answer of every kind, the API's and nginx's own, each with its request.
async fn answers() -> Vec<(String, Answer)> {
    let app = TestApp::behind_nginx().await;
    let admin = app.admin().await;
    admin.log("water", 250, NOON).await;
    let mut found = Vec::new();
    for (method, path) in [
        ("GET", "/api/v1/me"),
        ("GET", "/api/v1/privacy-policy"),
        ("GET", "/api/v1/people"),
        ("GET", "/api/v1/admin/audit/export?format=csv"),
        ("GET", "/api/v1/nothing"),
        ("DELETE", "/api/v1/people"),
        ("POST", "/api/v1/entries"),
        ("POST", "/api/v1/auth/logout"),
        ("GET", "/api/docs"),
        ("GET", "/api/docs/"),
        ("GET", "/api/docs/swagger-ui.css"),
        ("GET", "/api/openapi.json"),
        ("GET", "/health"),
        ("GET", "/"),
        ("GET", "/settings"),
        ("GET", "/assets/index-0a1b2c3d.js"),
        ("GET", "/assets/missing.js"),
        ("GET", "/metrics"),
        ("GET", "/.git/config"),
        ("TRACE", "/"),
    ] {
        found.push((format!("{method} {path}"), admin.send(method, path, "", "").await));
    }
    found
}

async fn every_answer_has(header: &str, fits: impl Fn(&str) -> bool) {
    for (asked, answer) in answers().await {
        assert!(fits(answer.header(header)), "{asked}: {header} is {:?}", answer.header(header));
    }
}

/// OWASP ASVS v5.0.0-3.2.1
#[actix_web::test]
async fn v5_0_0_3_2_1_an_answer_of_the_api_opened_by_itself_does_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({"metric": "water", "value": 250, "note": "<script>alert(1)</script>"});
    admin.post("/api/v1/entries", body).await.expect(StatusCode::CREATED);
    for path in [format!("/api/v1/people/{}/entries", admin.username), "/api/v1/nothing".to_owned()] {
        let answer = admin.get(&path).await;
        assert!(answer.header("content-type").starts_with("application/"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
    }
    for (format, name) in [("csv", "audit.csv"), ("jsonl", "audit.jsonl")] {
        let export = admin.get(&format!("/api/v1/admin/audit/export?format={format}")).await;
        assert_eq!(export.header("content-disposition"), format!("attachment; filename=\"{name}\""));
    }
}

/// OWASP ASVS v5.0.0-3.2.2
#[test]
fn v5_0_0_3_2_2_the_page_shows_text_as_text() {
    for (name, text) in page_sources() {
        for word in
            ["{@html", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
        {
            assert!(!text.contains(word), "{name} has {word}");
        }
    }
    let policy = repository("deploy/nginx/security-headers.conf");
    assert!(policy.contains("require-trusted-types-for 'script'"), "a browser refuses text where markup is expected");
}

/// OWASP ASVS v5.0.0-3.3.1
#[actix_web::test]
async fn v5_0_0_3_3_1_the_cookie_is_sent_over_tls_only() {
    assert!(cookie().await.contains("; Secure"));
}

/// OWASP ASVS v5.0.0-3.3.2
#[actix_web::test]
async fn v5_0_0_3_3_2_the_cookie_stays_with_this_site() {
    assert!(cookie().await.contains("; SameSite=Strict"));
}

/// OWASP ASVS v5.0.0-3.3.3
#[actix_web::test]
async fn v5_0_0_3_3_3_the_cookie_is_bound_to_the_host() {
    let cookie = cookie().await;
    assert!(
        cookie.starts_with("__Host-session=") && cookie.contains("; Path=/") && !cookie.contains("Domain"),
        "{cookie}"
    );
}

/// OWASP ASVS v5.0.0-3.3.4
#[actix_web::test]
async fn v5_0_0_3_3_4_no_script_reads_the_cookie() {
    let app = TestApp::with(&OVER_TLS).await;
    let viewer = app.viewer().await;
    let answer = login(&app, &viewer.username, PASSWORD).await;
    assert!(answer.header("set-cookie").contains("; HttpOnly"));
    let value = answer.cookie().unwrap().split_once('=').unwrap().1.to_owned();
    assert!(!String::from_utf8_lossy(&answer.body).contains(&value), "it travels in no body");
}

/// OWASP ASVS v5.0.0-3.3.5
#[actix_web::test]
async fn v5_0_0_3_3_5_the_cookie_is_small_enough_to_be_stored() {
    let app = TestApp::with(&OVER_TLS).await;
    super::register(&app, &"x".repeat(32), PASSWORD).await.expect(StatusCode::CREATED);
    assert!(login(&app, &"x".repeat(32), PASSWORD).await.cookie().unwrap().len() < 4096);
}

/// OWASP ASVS v5.0.0-3.4.1
#[actix_web::test]
async fn v5_0_0_3_4_1_browsers_are_told_to_come_over_tls_alone() {
    let app = TestApp::with(&OVER_TLS).await;
    let own: &[&str] = if app.through_nginx() { &["/", "/settings", "/assets/missing.js", "/metrics"] } else { &[] };
    for path in ["/api/v1/me", "/api/v1/nothing", "/api/docs/", "/api/docs", "/health"].iter().chain(own) {
        let answer = app.anonymous().get(path).await;
        let policy = answer.header("strict-transport-security");
        let seconds = policy.split(';').find_map(|part| part.trim().strip_prefix("max-age=")).map(str::parse::<u32>);
        assert!(seconds.is_some_and(|seconds| seconds.unwrap() >= 31_536_000), "{path}: {policy:?}");
        assert!(policy.contains("includeSubDomains"), "{path}: {policy}");
    }
    let plain = TestApp::start().await.anonymous().get("/health").await;
    assert_eq!(plain.header("strict-transport-security"), "", "over plain HTTP nobody believes it");
}

/// OWASP ASVS v5.0.0-3.4.2
#[actix_web::test]
async fn v5_0_0_3_4_2_only_sites_that_are_named_may_read_answers() {
    let friend = "https://friend.example";
    let app = TestApp::with(&[("CORS_ALLOWED_ORIGINS", friend)]).await;
    for origin in [
        friend,
        "null",
        "*",
        "http://friend.example",
        "https://friend.example.elsewhere.example",
        "https://sub.friend.example",
        "https://friend.example:8443",
        "https://elsewhere.example",
    ] {
        for method in ["GET", "OPTIONS"] {
            let request = app.anonymous().request(method, "/api/v1/me").insert_header(("origin", origin));
            let request = request.insert_header(("access-control-request-method", "PATCH"));
            let answer = Answer::of(request.send().await.unwrap()).await;
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, if origin == friend { friend } else { "" }, "{method} from {origin}");
        }
    }
}

/// OWASP ASVS v5.0.0-3.4.3
#[actix_web::test]
async fn v5_0_0_3_4_3_every_answer_says_what_it_may_load() {
    for (asked, answer) in answers().await {
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{asked}: {policy:?}");
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap_or_default();
        assert!(
            !scripts.contains("unsafe") && !scripts.contains('*') && !policy.contains("object-src"),
            "{asked}: {policy}"
        );
        // An answer by nginx itself has no document in which a base could be set.
        assert!(
            policy.contains("base-uri 'none'") || answer.header("content-type") == "application/problem+json",
            "{asked}"
        );
    }
}

/// OWASP ASVS v5.0.0-3.4.4
#[actix_web::test]
async fn v5_0_0_3_4_4_no_type_is_guessed() {
    every_answer_has("x-content-type-options", |value| value == "nosniff").await;
}

/// OWASP ASVS v5.0.0-3.4.5
#[actix_web::test]
async fn v5_0_0_3_4_5_no_address_is_told_to_others() {
    every_answer_has("referrer-policy", |value| value == "no-referrer").await;
}

/// OWASP ASVS v5.0.0-3.4.6
#[actix_web::test]
async fn v5_0_0_3_4_6_nothing_can_be_framed() {
    every_answer_has("content-security-policy", |value| value.contains("frame-ancestors 'none'")).await;
}

/// OWASP ASVS v5.0.0-3.4.7
#[actix_web::test]
async fn v5_0_0_3_4_7_what_the_policy_refuses_is_reported_and_counted() {
    for (asked, answer) in answers().await {
        let policy = answer.header("content-security-policy");
        let document = answer.header("content-type").starts_with("text/html");
        assert!(!document || policy.contains("report-uri /api/v1/csp-reports"), "{asked}: {policy}");
    }
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let report = json!({"csp-report": {"document-uri": "https://status.example.org/", "blocked-uri": "inline",
        "effective-directive": "script-src-elem"}});
    let sent = app.anonymous().send("POST", "/api/v1/csp-reports", "application/csp-report", report.to_string()).await;
    sent.expect(StatusCode::NO_CONTENT);
    app.state.db.write(|_| Ok(())).await.unwrap();
    let seen = admin.get("/api/v1/admin/security").await;
    assert_eq!(seen.expect(StatusCode::OK).json["hours"][23]["csp_reports"], 1);
}

/// OWASP ASVS v5.0.0-3.4.8
#[actix_web::test]
async fn v5_0_0_3_4_8_documents_share_no_window() {
    for (asked, answer) in answers().await {
        if answer.header("content-type").starts_with("text/html") {
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{asked}");
        }
    }
}

/// OWASP ASVS v5.0.0-3.5.1
#[actix_web::test]
async fn v5_0_0_3_5_1_a_write_with_a_cookie_comes_from_the_page_itself() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let page = app.anonymous().sign_in(&admin.username, PASSWORD).await;
    let before = app.contents();
    let forged = |method: &str, path: &str| {
        let request = app.anonymous().request(method, path).insert_header(("cookie", page.cookie.clone().unwrap()));
        request.insert_header(("origin", "https://elsewhere.example")).insert_header(("sec-fetch-site", "cross-site"))
    };
    for (method, path, operation) in super::operations() {
        let open = operation["security"] == json!([{}]);
        if method == "GET" || open {
            continue;
        }
        let answer = Answer::of(forged(&method, &super::filled(&path)).send_json(&json!({})).await.unwrap()).await;
        assert_eq!((answer.status.as_u16(), &answer.json["code"]), (403, &json!("cross_site")), "{method} {path}");
    }
    assert_eq!(app.contents(), before);
    page.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-3.5.2
#[actix_web::test]
async fn v5_0_0_3_5_2_what_a_form_can_send_without_asking_first_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let before = app.contents();
    let entry = json!({"metric": "water", "value": 250}).to_string();
    let registration =
        json!({"username": "alex", "password": PASSWORD, "privacy_policy_version": "2026-11-25.2"}).to_string();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        for (path, body) in [("/api/v1/entries", &entry), ("/api/v1/auth/register", &registration)] {
            let answer = admin.send("POST", path, content_type, body.clone()).await;
            answer.expect_problem(415, "unsupported_media_type");
        }
    }
    assert_eq!(app.contents(), before);
}

/// OWASP ASVS v5.0.0-3.5.3
#[actix_web::test]
async fn v5_0_0_3_5_3_asking_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.named("robin", status_tracker::account::model::Role::Admin).await;
    admin.log("water", 250, NOON).await;
    let before = app.contents();
    for (_, path, _) in super::operations() {
        let path = super::filled(&path);
        admin.get(&path).await;
        for trick in ["_method=DELETE", "metric=water&value=250", "action=delete"] {
            admin.get(&format!("{path}?{trick}")).await;
        }
        let overriding = admin.request("GET", &path).insert_header(("x-http-method-override", "DELETE"));
        overriding.insert_header(("x-method-override", "DELETE")).send().await.unwrap();
    }
    assert_eq!(app.contents(), before);
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-3.7.1
#[test]
fn v5_0_0_3_7_1_the_page_needs_no_plugin() {
    for (name, text) in page_sources() {
        for word in ["<object", "<embed", "<applet", "ActiveXObject", "application/x-shockwave-flash"] {
            assert!(!text.contains(word), "{name} has {word}");
        }
    }
}

/// OWASP ASVS v5.0.0-3.7.2
#[actix_web::test]
async fn v5_0_0_3_7_2_nobody_is_sent_to_another_host() {
    let app = TestApp::start().await;
    for path in [
        "/api/docs",
        "//elsewhere.example/api/docs",
        "/api/docs?next=https://elsewhere.example",
        "/api/docs//elsewhere.example",
        "/\\elsewhere.example",
        "/api/v1/auth/login?next=//elsewhere.example",
    ] {
        let port = app.url.rsplit(':').next().unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-Host: elsewhere.example\r\nConnection: close\r\n\r\n"
        );
        let answer = super::raw(&app.url, request).await.to_lowercase();
        let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or("/api/docs/");
        assert!(location.starts_with('/') && !location.starts_with("//"), "{path} leads to {location}");
    }
    for (name, text) in page_sources() {
        for word in ["window.open", "location.href =", "location.replace", "location.assign"] {
            assert!(!text.contains(word), "{name} has {word}: where to, has to be judged by localPath first");
        }
    }
}
