//! What every request and every answer has to be like: headers, hosts, other sites, and what looks like an attack.

use actix_web::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp};

const FRIEND: &str = "https://friend.example";

async fn with(client: &Client, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(client.request(method, path), |request, header| request.append_header(*header));
    Answer::of(request.send().await.unwrap()).await
}

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
    // Found, not found, refused for want of a name, for the method, for what it is, and for asking too often.
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
    // What a client says elsewhere about the host counts for nothing.
    let claims =
        [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example"), ("x-original-host", "evil.example")];
    let answer = with(&app.anonymous(), "GET", "/api/v1/privacy-policy", &claims).await;
    answer.expect(StatusCode::OK);
    assert!(!String::from_utf8_lossy(&answer.body).contains("evil"));
}

/// OWASP ASVS v5.0.0-1.3.3, v5.0.0-2.2.1
#[actix_web::test]
async fn what_honest_people_write_is_kept_as_they_wrote_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for note in HONEST {
        let body = json!({"metric": "altitude", "value": 7, "note": note});
        let stored = admin.post("/api/v1/entries", body).await;
        assert_eq!(stored.expect(StatusCode::CREATED).json["note"], note);
        let read = admin.get(&format!("/api/v1/entries/{}", stored.json["id"].as_str().unwrap())).await;
        assert_eq!(read.json["note"], note);
        let tag: String = note.chars().take(32).collect();
        let path = format!("/api/v1/entries/{}", stored.json["id"].as_str().unwrap());
        let tagged = admin.patch(&path, json!({"tags": [tag]})).await;
        assert_eq!(tagged.expect(StatusCode::OK).json["tags"], json!([tag]));
    }
    let names = ["O'Brien", "Zoë <3", "नमस्ते", "李小龍", "-- Robin --", "Robert'); DROP TABLE users;--"];
    for name in names {
        assert_eq!(admin.patch("/api/v1/me", json!({"display_name": name})).await.json["display_name"], name);
    }
    for note in ["a\0b", "\0"] {
        let refused = admin.post("/api/v1/entries", json!({"metric": "water", "value": 1, "note": note})).await;
        assert_eq!(refused.expect_problem(422, "invalid").fields(), ["note"]);
        let refused = admin.post("/api/v1/entries", json!({"metric": "water", "value": 1, "tags": [note]})).await;
        assert_eq!(refused.expect_problem(422, "invalid").fields(), ["tags"]);
    }
    // Some of it is written down for the admins, and none of it counts against anybody.
    app.state.db.write(|_| Ok(())).await.unwrap();
    let report = admin.get("/api/v1/admin/security").await;
    let found = report.json["suspicious"].as_array().unwrap();
    assert!(found.iter().all(|one| ["script", "sql"].contains(&one["kind"].as_str().unwrap())));
    let told = found.iter().find(|one| one["detail"] == "POST /api/v1/entries: field `note`").expect("one of a note");
    assert_eq!(told["username"], admin.username.as_str());
    assert_eq!(report.json["penalties"], json!([]));
}

const HONEST: [&str; 40] = [
    "I <3 water",
    "O'Brien's; drop by table 3",
    "SELECT a snack FROM the fridge -- yum",
    "<b>hi</b>",
    "<script>alert('just kidding')</script>",
    "if (a < b && c > d) { return '</script>'; }",
    "let x = vec![1, 2, 3]; // code",
    "UNION SELECT is what we learned today",
    "' OR '1'='1",
    "Robert'); DROP TABLE students;--",
    "50% of 2 l; 100 %00 sure",
    "../../up the hill and down again",
    "C:\\Users\\robin\\notes.txt",
    "/etc/passwd is a file",
    "javascript: the good parts",
    "onload=\"tired\"",
    "a & b &amp; c",
    "\"quoted\" and 'quoted'",
    "line one\nline two\r\nline three",
    "tab\there",
    "{\"json\": [1, 2, {\"deep\": null}]}",
    "=SUM(A1:A9)",
    "+49 30 1234567",
    "@home",
    "-- two dashes",
    "/* a comment */",
    "${jndi:ldap://example.org/a}",
    "{{ 7 * 7 }}",
    "$(whoami) `id` | cat",
    "👩‍👩‍👧‍👦 💧💧 🏔️",
    "مرحبا بالعالم",
    "שלום עולם",
    "\u{202e}right to left\u{202c}",
    "e\u{301} is not é",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "日本語のメモ",
    "naïve façade, Straße, Ærø",
    "\u{feff}a mark at the beginning",
    "   spaces   around   ",
    "http://example.org/?a=1&b=<2>#c",
];

/// Path, kind: refused wherever it is asked for.
const REFUSED: [(&str, &str); 44] = [
    ("/.env", "scanner"),
    ("/.git/config", "scanner"),
    ("/api/.env", "scanner"),
    ("/api/v1/.aws/credentials", "scanner"),
    ("/.ssh/id_rsa", "scanner"),
    ("/.%65nv", "scanner"),
    ("/wp-login.php", "scanner"),
    ("/wp-admin/setup-config.php", "scanner"),
    ("/WP-LOGIN.PHP", "scanner"),
    ("/xmlrpc.php", "scanner"),
    ("/phpmyadmin/index.php", "scanner"),
    ("/cgi-bin/luci", "scanner"),
    ("/actuator/health", "scanner"),
    ("/server-status", "scanner"),
    ("/index.php", "scanner"),
    ("/backup.sql", "scanner"),
    ("/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "scanner"),
    ("/shell.jsp", "scanner"),
    ("/api/v1/../../etc/passwd", "traversal"),
    ("/api/v1/people/../admin/audit", "traversal"),
    ("/api/v1/%2e%2e/%2e%2e/etc/passwd", "traversal"),
    ("/api/v1/..%2f..%2fetc/passwd", "traversal"),
    ("/api/v1/%252e%252e%252fetc/passwd", "traversal"),
    ("/api/v1/%25252e%25252e/x", "traversal"),
    ("/api/v1/..%5c..%5cwindows", "traversal"),
    ("/api/v1/%c0%ae%c0%ae/x", "traversal"),
    ("/api/v1/..%c0%afx", "traversal"),
    ("/api/v1/..;/admin", "traversal"),
    ("/api/v1/me/..", "traversal"),
    ("/api/v1/people/robin%00/status", "nul"),
    ("/api/v1/people/robin%2500/status", "nul"),
    ("/api/v1/people?cursor=%00", "nul"),
    ("/api/v1/people?a%00b=1", "nul"),
    ("/api/v1/people/%3Cscript%3Ealert(1)%3C/script%3E/status", "script"),
    ("/api/v1/people/%3csCrIpT/status", "script"),
    ("/api/v1/people?%3Cscript%3E=1", "script"),
    ("/api/v1/people/javascript:alert(1)/status", "script"),
    ("/api/v1/people/robin'%20OR%20'1'='1/status", "sql"),
    ("/api/v1/people/robin'--/status", "sql"),
    ("/api/v1/people/robin';drop/status", "sql"),
    ("/api/v1/people/x%20UNION%20SELECT%201/status", "sql"),
    ("/api/v1/people/x/**/y/status", "sql"),
    ("/api/v1/people?1'%20or%20'1=1", "sql"),
    ("/api/v1/people?union+select=1", "sql"),
];

/// Nobody honest sends these, and an admin sees that somebody did.
#[actix_web::test]
async fn what_no_honest_request_holds_is_refused_and_written_down() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (number, (path, kind)) in REFUSED.into_iter().enumerate() {
        // As bytes: a client tidies an address up before it sends it.
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = crate::wire::exchange(&app, head).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\"suspicious_request\""), "{path}: {answer}");
        app.state.db.write(|_| Ok(())).await.unwrap();
        let report = admin.get("/api/v1/admin/security").await;
        let newest = &report.json["suspicious"][0];
        assert_eq!(newest["kind"], kind, "{path}: {newest}");
        assert_eq!(newest["address"], "127.0.0.1");
        assert!(answer.contains(newest["request_id"].as_str().unwrap()), "{path}: {newest}");
        // Another second for the order, and another minute before there are too many within one.
        app.clock.advance(if number % 20 == 19 { 60_000 } else { 1_000 });
    }
}

#[actix_web::test]
async fn what_could_be_somebodys_words_is_written_down_without_them() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = "/api/v1/people?cursor=%3Cscript%3Esecret-word";
    admin.get(path).await.expect_problem(422, "invalid_cursor");
    let agent = [("user-agent", "x' or 1=1 secret-word")];
    with(&admin, "GET", "/api/v1/me", &agent).await.expect(StatusCode::OK);
    let body = json!({"metric": "water", "value": 1, "note": "<script>secret-word"});
    admin.post("/api/v1/entries", body).await.expect(StatusCode::CREATED);
    // A password is nobody's business, whatever is in it.
    let credentials = json!({"username": "nobody", "password": "<script>secret-word' or 1=1"});
    app.anonymous().post("/api/v1/auth/login", credentials).await.expect_problem(401, "invalid_credentials");
    app.state.db.write(|_| Ok(())).await.unwrap();
    let report = admin.get("/api/v1/admin/security").await;
    let mut details: Vec<&str> =
        report.json["suspicious"].as_array().unwrap().iter().map(|one| one["detail"].as_str().unwrap()).collect();
    details.sort_unstable();
    let expected = [
        "GET /api/v1/me: header `user-agent`",
        "GET /api/v1/people: parameter `cursor`",
        "POST /api/v1/entries: field `note`",
    ];
    assert_eq!(details, expected);
}

#[actix_web::test]
async fn ordinary_addresses_are_not_suspicious() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let paths = [
        "/api/docs/",
        "/api/docs/swagger-ui.css",
        "/api/v1/people/info.php/status",
        "/api/v1/people/a--b/status",
        "/api/v1/people/wp-admin/status",
        "/api/v1/people/robin..x/entries?metric=water&from=2026-02-01&order=asc",
        "/health?x=1",
    ];
    for path in paths {
        let answer = admin.get(path).await;
        assert!(answer.status == 200 || answer.status == 404, "{path}: {}", answer.status);
    }
    app.state.db.write(|_| Ok(())).await.unwrap();
    assert_eq!(admin.get("/api/v1/admin/security").await.json["suspicious"], json!([]));
}

#[actix_web::test]
async fn security_events_are_bounded_and_go_after_a_month() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for _ in 0..45 {
        app.anonymous().get("/.env").await.expect_problem(400, "suspicious_request");
    }
    app.state.db.write(|_| Ok(())).await.unwrap();
    assert_eq!(admin.get("/api/v1/admin/security").await.json["hours"][23]["suspicious"], 30);
    app.clock.advance(31 * status_tracker::clock::DAY);
    app.anonymous().get("/.env").await;
    let left: i64 = app
        .state
        .db
        .write(|conn| {
            use diesel::prelude::*;
            Ok(status_tracker::db::schema::security_events::table.count().get_result(conn)?)
        })
        .await
        .unwrap();
    assert_eq!(left, 1);
}

#[actix_web::test]
async fn reports_of_the_policy_are_counted_and_never_handed_back() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let anonymous = app.anonymous();
    let violation = json!({"document-uri": "https://status.example.org/register?invite=SECRET#x", "blocked-uri": "inline",
        "effective-directive": "script-src-elem", "line-number": 7, "script-sample": "SECRET"});
    let old = json!({"csp-report": violation}).to_string();
    let new = json!([{"type": "csp-violation", "age": 1, "url": "x", "body": {"documentURL": "https://a.example/?SECRET",
        "blockedURL": "https://b.example/", "effectiveDirective": "img-src"}}, {"type": "deprecation", "body": {}}]);
    for (content_type, body) in [
        ("application/csp-report", old.clone()),
        ("application/csp-report; charset=utf-8", old.clone()),
        ("application/reports+json", new.to_string()),
    ] {
        let answer = anonymous.send("POST", "/api/v1/csp-reports", content_type, body).await;
        assert!(answer.expect(StatusCode::NO_CONTENT).body.is_empty());
    }
    let refused: [(&str, String, u16); 7] = [
        ("application/json", old, 415),
        ("text/plain", "x".to_owned(), 415),
        ("application/csp-report", "{".to_owned(), 400),
        ("application/csp-report", "[]".to_owned(), 422),
        ("application/csp-report", "{}".to_owned(), 422),
        ("application/reports+json", "{}".to_owned(), 422),
        ("application/csp-report", format!("{{\"csp-report\": \"{}\"}}", "x".repeat(70_000)), 413),
    ];
    for (content_type, body, status) in refused {
        let answer = anonymous.send("POST", "/api/v1/csp-reports", content_type, body.clone()).await;
        assert_eq!(answer.status, status, "{content_type} {}", body.chars().take(40).collect::<String>());
    }
    app.state.db.write(|_| Ok(())).await.unwrap();
    let report = admin.get("/api/v1/admin/security").await;
    assert_eq!(report.json["hours"][23]["csp_reports"], 3);
    assert_eq!(report.json["suspicious"], json!([]));
    let details: Vec<String> = app
        .state
        .db
        .write(|conn| {
            use diesel::prelude::*;
            use status_tracker::db::schema::security_events::dsl;
            Ok(dsl::security_events.select(dsl::detail).load(conn)?)
        })
        .await
        .unwrap();
    assert_eq!(details.len(), 3);
    assert!(details.contains(&"script-src-elem refused inline on https://status.example.org/register".to_owned()));
    assert!(details.iter().all(|detail| !detail.contains("SECRET")), "{details:?}");
}

#[actix_web::test]
async fn the_report_counts_by_the_hour_and_names_who_is_locked() {
    use status_tracker::audit::{Action, Event, Outcome, Trace};
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let fail = |name: &'static str| {
        let trace = Trace { actor: None, address: Some("192.0.2.7".to_owned()), ..Trace::operator(&app.clock) };
        let event = Event::new(Action::Login).on(name).outcome(Outcome::Failure);
        app.state.db.write(move |conn| Ok(trace.record(conn, &event)?))
    };
    fail("long-ago").await.unwrap();
    app.clock.advance(25 * status_tracker::clock::HOUR);
    fail("robin").await.unwrap();
    app.clock.advance(2 * status_tracker::clock::HOUR);
    fail("alex").await.unwrap();
    let wrong = json!({"username": "sasha", "password": "wrong"});
    for _ in 0..5 {
        app.anonymous().post("/api/v1/auth/login", wrong.clone()).await.expect_problem(401, "invalid_credentials");
    }
    let fresh = app.admin().await;
    drop(admin);
    let report = fresh.get("/api/v1/admin/security").await;
    let hours = report.expect(StatusCode::OK).json["hours"].as_array().unwrap();
    assert_eq!(hours[22]["failed_sign_ins"], 1);
    assert!(hours[23]["failed_sign_ins"].as_i64().unwrap() >= 1);
    let failed = report.json["failed_sign_ins"].as_array().unwrap();
    let names: Vec<&Value> = failed.iter().map(|one| &one["username"]).collect();
    assert!(
        names.contains(&&json!("alex")) && names.contains(&&json!("robin")) && !names.contains(&&json!("long-ago"))
    );
    assert_eq!(failed.last().unwrap()["username"], "robin", "the newest comes first");
    assert_eq!(failed.last().unwrap()["address"], "192.0.2.7");
    assert_eq!(report.json["lockouts"][0]["username"], "sasha");
    assert_eq!(report.json["lockouts"][0]["locked_until"], "2026-03-02T15:30:00.000Z");
}
