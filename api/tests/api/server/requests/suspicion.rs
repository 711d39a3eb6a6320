//! Requests that look like an attack and are none, and requests that are attacks.

use actix_web::http::StatusCode;
use serde_json::json;

use super::{shown, with};
use crate::support::TestApp;

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

/// OWASP ASVS v5.0.0-1.3.3, v5.0.0-2.2.1
#[actix_web::test]
async fn honest_text_is_stored_as_it_was_written() {
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
    // Some of these are recorded for the admins, and none counts against anybody.
    let report = shown(&app, &admin).await;
    let found = report["suspicious"].as_array().unwrap();
    assert!(found.iter().all(|one| ["script", "sql"].contains(&one["kind"].as_str().unwrap())));
    let told = found.iter().find(|one| one["detail"] == "POST /api/v1/entries: field `note`").expect("one of a note");
    assert_eq!(told["username"], admin.username.as_str());
    assert_eq!(report["penalties"], json!([]));
}

/// Path and kind: refused wherever they are asked for.
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

/// No honest client sends these, and an admin sees that somebody did.
#[actix_web::test]
async fn a_request_like_no_honest_one_is_refused_and_written_down() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (number, (path, kind)) in REFUSED.into_iter().enumerate() {
        // Sent as bytes, because clients tidy up an address before they send it.
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = crate::server::wire::exchange(&app, head).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\"suspicious_request\""), "{path}: {answer}");
        let report = shown(&app, &admin).await;
        let newest = &report["suspicious"][0];
        assert_eq!(newest["kind"], kind, "{path}: {newest}");
        assert_eq!(newest["address"], "127.0.0.1");
        assert!(answer.contains(newest["request_id"].as_str().unwrap()), "{path}: {newest}");
        // A second apart for the order, and a minute later before there are too many within one.
        app.clock.advance(if number % 20 == 19 { 60_000 } else { 1_000 });
    }
}

#[actix_web::test]
async fn text_that_could_be_somebodys_words_is_written_down_without_them() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = "/api/v1/people?cursor=%3Cscript%3Esecret-word";
    admin.get(path).await.expect_problem(422, "invalid_cursor");
    let agent = [("user-agent", "x' or 1=1 secret-word")];
    with(&admin, "GET", "/api/v1/me", &agent).await.expect(StatusCode::OK);
    let body = json!({"metric": "water", "value": 1, "note": "<script>secret-word"});
    admin.post("/api/v1/entries", body).await.expect(StatusCode::CREATED);
    // A password is recorded nowhere, whatever it contains.
    let credentials = json!({"username": "nobody", "password": "<script>secret-word' or 1=1"});
    app.anonymous().post("/api/v1/auth/login", credentials).await.expect_problem(401, "invalid_credentials");
    let report = shown(&app, &admin).await;
    let mut details: Vec<&str> =
        report["suspicious"].as_array().unwrap().iter().map(|one| one["detail"].as_str().unwrap()).collect();
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
    assert_eq!(shown(&app, &admin).await["suspicious"], json!([]));
}
