//! Logging and errors.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use status_tracker::{
    audit::model::{Verdict, verify},
    db::DbConnection,
    error::ApiError,
    trail::Action,
};

use super::{audit, document::Section, sources};
use crate::{
    ops::log::Running,
    support::{NOON, PASSWORD, TestApp},
};

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
}

/// OWASP ASVS v5.0.0-16.1.1
#[test]
fn v5_0_0_16_1_1_every_event_and_every_field_of_the_log_is_written_down() {
    let written: BTreeSet<String> = Section::of("Audit log")
        .rows()
        .into_iter()
        .flat_map(|row| row[0].split(", ").map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let recorded: BTreeSet<String> = Action::ALL.iter().map(|action| action.as_str().to_owned()).collect();
    assert_eq!(written, recorded);
    let fields: BTreeSet<String> = Section::of("Request log").rows().into_iter().map(|row| row[0].clone()).collect();
    let mut server = Running::start("json");
    let (_, line) = server.ask(&get("/api/v1/me"));
    let logged: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(logged.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>(), fields);
}

/// OWASP ASVS v5.0.0-16.2.1, 16.2.2
#[actix_web::test]
async fn v5_0_0_16_2_1_a_record_says_who_what_whom_when_where_and_how_it_came_out() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({"metric": "water", "value": 250});
    let answer = admin.post("/api/v1/entries", body).await;
    let record = audit(&admin).await.into_iter().find(|record| record["action"] == "entry.create").unwrap();
    assert_eq!(record["actor"], json!(admin.username));
    assert_eq!(record["target"], answer.json["id"]);
    assert_eq!((&record["outcome"], &record["at"]), (&json!("success"), &json!(NOON)));
    assert_eq!(
        (&record["address"], &record["request_id"]),
        (&json!("127.0.0.1"), &json!(answer.header("x-request-id")))
    );
    assert!(record["at"].as_str().unwrap().ends_with('Z'), "in UTC");
}

/// OWASP ASVS v5.0.0-16.2.3
#[test]
fn v5_0_0_16_2_3_the_log_goes_to_standard_error_and_nowhere_else() {
    for (name, text) in sources("api/src", &[".rs"]) {
        for word in ["Target::Pipe", "syslog", "log4rs", "fern::", "tracing_appender"] {
            assert!(!text.contains(word), "{name} has {word}");
        }
        assert!(name.ends_with("main.rs") || !text.contains("println!"), "{name} prints beside the log");
    }
}

/// OWASP ASVS v5.0.0-16.2.4
#[test]
fn v5_0_0_16_2_4_every_line_is_json_and_leads_to_its_answer() {
    let mut server = Running::start("json");
    for path in ["/api/v1/me", "/api/v1/nothing", "/health"] {
        let (answer, line) = server.ask(&get(path));
        let logged: Value = serde_json::from_str(&line).unwrap();
        assert!(answer.contains(&format!("x-request-id: {}", logged["request_id"].as_str().unwrap())), "{answer}");
    }
}

/// OWASP ASVS v5.0.0-16.2.5
#[test]
fn v5_0_0_16_2_5_no_secret_stands_in_the_log() {
    let mut server = Running::start("json");
    let body = json!({"username": "a-name-typed-here", "password": PASSWORD}).to_string();
    let login = format!(
        "POST /api/v1/auth/login?password=secret-in-query HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nCookie: session=secret-cookie\r\n\
         Authorization: Bearer secret-token\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (answer, line) = server.ask(&login);
    for secret in [PASSWORD, "secret-in-query", "secret-cookie", "secret-token", "a-name-typed-here"] {
        assert!(!line.contains(secret) && !answer.contains(secret), "{secret} in {line}");
    }
}

/// OWASP ASVS v5.0.0-16.3.1
#[actix_web::test]
async fn v5_0_0_16_3_1_every_sign_in_that_works_fails_or_is_locked_is_recorded() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    super::login(&app, &viewer.username, PASSWORD).await.expect(StatusCode::OK);
    for _ in 0..6 {
        super::login(&app, &viewer.username, super::WRONG).await;
    }
    viewer.post("/api/v1/auth/logout", json!({})).await.expect(StatusCode::NO_CONTENT);
    let records = audit(&admin).await;
    let count = |action: &str, outcome: &str| {
        let of = |record: &&Value| {
            record["action"] == action && record["outcome"] == outcome && record["target"] == json!(viewer.username)
        };
        records.iter().filter(of).count()
    };
    assert_eq!(
        (count("auth.login", "success"), count("auth.login", "failure"), count("auth.login", "denied")),
        (1, 5, 1)
    );
    assert_eq!((count("auth.lock", "success"), count("auth.logout", "success")), (1, 1));
    assert!(records.iter().all(|record| record["address"] == "127.0.0.1" || record["address"].is_null()));
}

/// OWASP ASVS v5.0.0-16.3.2
#[test]
fn v5_0_0_16_3_2_every_refusal_stands_in_the_log() {
    let mut server = Running::start("json");
    for (request, status) in
        [(get("/api/v1/me"), 401), (get("/api/v1/admin/audit"), 401), (get("/api/v1/people/robin/status"), 401)]
    {
        let (_, line) = server.ask(&request);
        let logged: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&logged["status"], &logged["address"]), (&json!(status), &json!("127.0.0.1")));
    }
}

/// OWASP ASVS v5.0.0-16.3.3
#[actix_web::test]
async fn v5_0_0_16_3_3_attempts_to_get_past_the_guards_are_recorded() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut ids = Vec::new();
    for path in ["/api/v1/people/..%2f..%2fetc%2fpasswd", "/api/v1/.env", "/wp-login.php"] {
        let answer = app.anonymous().get(path).await;
        ids.push(answer.expect_problem(400, "suspicious_request").header("x-request-id").to_owned());
    }
    app.state.db.write(|_| Ok(())).await.unwrap();
    let seen = admin.get("/api/v1/admin/security").await.json["suspicious"].as_array().unwrap().clone();
    for id in ids {
        let found =
            seen.iter().find(|one| one["request_id"] == json!(id)).unwrap_or_else(|| panic!("{id} in {seen:?}"));
        assert_eq!(found["address"], "127.0.0.1");
    }
}

/// OWASP ASVS v5.0.0-16.3.4
#[test]
fn v5_0_0_16_3_4_what_went_wrong_stands_in_the_log_with_its_cause() {
    let mut server = Running::start("json");
    server.break_the_database();
    let (answer, line) = server.ask(&get("/api/v1/me?"));
    assert!(answer.starts_with("HTTP/1.1 401"), "nothing is looked up for nobody: {answer}");
    let body = json!({"username": "nobody", "password": PASSWORD}).to_string();
    let (answer, failed) = server.ask(&format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let logged: Value = serde_json::from_str(&failed).unwrap();
    assert!(answer.starts_with("HTTP/1.1 500") && !answer.contains("no such table"), "{answer}");
    assert_eq!((&logged["level"], &logged["status"]), (&json!("ERROR"), &json!(500)), "{line}");
    assert!(logged["cause"].as_str().unwrap().contains("no such table"), "{failed}");
}

/// OWASP ASVS v5.0.0-16.4.1
#[test]
fn v5_0_0_16_4_1_nobody_forges_a_line() {
    for format in ["json", "pretty"] {
        let mut server = Running::start(format);
        // A new line, an escape sequence, and a character that reverses the direction of reading.
        let (_, line) = server.ask(&get("/%0d%0a%7b%22level%22:%22INFO%22%7d%1b[2J%e2%80%ae%e2%80%a8"));
        let forging = |c: char| c.is_control() || ['\u{202e}', '\u{2028}'].contains(&c);
        assert!(line.contains("404") && !line.trim_end().contains(forging), "{line:?}");
        let (_, next) = server.ask(&get("/health/live"));
        assert!(next.contains("/health/live"), "the line after is that of the next request: {next}");
    }
}

/// OWASP ASVS v5.0.0-16.4.2
#[actix_web::test]
async fn v5_0_0_16_4_2_a_record_is_neither_changed_nor_removed_unnoticed() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    for _ in 0..3 {
        admin.log("water", 250, NOON).await;
    }
    let run = |sql: &'static str| app.state.db.write(move |conn: &mut DbConnection| Ok(conn.batch_execute(sql)?));
    for sql in [
        "UPDATE audit SET actor = 'somebody else'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)",
        "UPDATE audit_head SET hash = ''",
        "DELETE FROM audit_head",
    ] {
        assert!(run(sql).await.is_err(), "{sql}");
    }
    let check = || app.state.db.read(|conn| Ok(verify(conn, None)?));
    assert!(matches!(check().await.unwrap(), Verdict::Sound { .. }));
    // The owner of the file may drop the triggers, but the chain shows the change.
    run("DROP TRIGGER audit_is_not_changed; UPDATE audit SET actor = 'somebody else' WHERE id = 2").await.unwrap();
    assert!(matches!(check().await.unwrap(), Verdict::Broken(_)));
    viewer.get("/api/v1/admin/audit").await.expect_problem(403, "read_only_role");
    viewer.get("/api/v1/admin/audit/export").await.expect_problem(403, "read_only_role");
    app.anonymous().get("/api/v1/admin/audit").await.expect_problem(401, "unauthorized");
    admin.delete("/api/v1/admin/audit").await.expect_problem(405, "method_not_allowed");
}

/// OWASP ASVS v5.0.0-16.5.1
#[actix_web::test]
async fn v5_0_0_16_5_1_an_error_says_what_to_do_and_nothing_of_the_inside() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for sql in
        ["ALTER TABLE users RENAME TO users_elsewhere", "ALTER TABLE users_elsewhere RENAME COLUMN role TO rolle"]
    {
        app.state.db.write(move |conn: &mut DbConnection| Ok(conn.batch_execute(sql)?)).await.unwrap();
        for answer in [admin.get("/api/v1/me").await, super::login(&app, "nobody", PASSWORD).await] {
            let text = String::from_utf8_lossy(&answer.expect_problem(500, "internal").body).to_lowercase();
            for word in ["users", "sql", "column", ".rs:", "diesel", "select", "rolle"] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }
}

/// OWASP ASVS v5.0.0-16.5.2, 16.5.3
#[actix_web::test]
async fn v5_0_0_16_5_2_when_the_database_fails_nobody_gets_in_and_nothing_is_half_done() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.log("water", 250, NOON).await;
    let before = app.contents();
    // Nothing is done that cannot be recorded: neither a sign-in nor an entry.
    let broken =
        |conn: &mut DbConnection| Ok(conn.batch_execute("ALTER TABLE audit_head RENAME TO audit_head_elsewhere")?);
    app.state.db.write(broken).await.unwrap();
    let body = json!({"metric": "water", "value": 250});
    admin.post("/api/v1/entries", body).await.expect_problem(500, "internal");
    super::register(&app, "alex", PASSWORD).await.expect_problem(500, "internal");
    assert_eq!(app.contents(), before);
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
    let broken = |conn: &mut DbConnection| Ok(conn.batch_execute("ALTER TABLE sessions RENAME TO sessions_elsewhere")?);
    app.state.db.write(broken).await.unwrap();
    admin.get("/api/v1/me").await.expect_problem(500, "internal");
    let signed_in = super::login(&app, &admin.username, PASSWORD).await;
    assert!(signed_in.expect_problem(500, "internal").cookie().is_none());
    app.anonymous().get("/health/live").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-16.5.4
#[actix_web::test]
async fn v5_0_0_16_5_4_a_panic_is_answered_and_harms_nobody_else() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let outcome = app.state.db.write(|_| -> Result<(), ApiError> { panic!("a fault in a write") }).await;
    assert_eq!(outcome.unwrap_err().code.status(), StatusCode::INTERNAL_SERVER_ERROR);
    admin.log("water", 250, NOON).await;
    let middleware = super::repository("api/src/server/middleware.rs");
    assert!(middleware.contains("catch_unwind") && middleware.contains("a handler panicked"));
}
