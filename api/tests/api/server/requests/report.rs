//! Records of suspicious requests: which are stored, for how long, and what an admin sees of them.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::clock::{DAY, HOUR};

use super::shown;
use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn security_events_are_bounded_and_go_after_a_month() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for _ in 0..45 {
        app.anonymous().get("/.env").await.expect_problem(400, "suspicious_request");
    }
    assert_eq!(shown(&app, &admin).await["hours"][23]["suspicious"], 30);
    app.clock.advance(31 * DAY);
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
    let report = shown(&app, &admin).await;
    assert_eq!(report["hours"][23]["csp_reports"], 3);
    assert_eq!(report["suspicious"], json!([]));
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
async fn reports_that_a_browser_sends_by_itself_cost_its_user_nothing() {
    let app = TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "3/24h")]).await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let report = json!({"csp-report": {"effective-directive": "script-src", "blocked-uri": "inline"}}).to_string();
    for _ in 0..200 {
        let sent = page.send("POST", "/api/v1/csp-reports", "application/csp-report", report.clone()).await;
        assert!(sent.expect(StatusCode::NO_CONTENT).headers.get("x-ratelimit-tier").is_none());
    }
    assert_eq!(page.get("/api/v1/me").await.expect(StatusCode::OK).header("x-ratelimit-remaining"), "2");
    let report = shown(&app, &admin).await;
    assert_eq!(report["hours"][23]["csp_reports"], 30, "the rest is dropped");
    assert_eq!((&report["penalties"], &report["suspicious"]), (&json!([]), &json!([])));
}

#[actix_web::test]
async fn the_report_counts_by_the_hour_and_names_who_is_locked() {
    use status_tracker::trail::{Action, AuditContext, AuditEvent, Outcome};
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let fail = |name: &'static str| {
        let context =
            AuditContext { actor: None, address: Some("192.0.2.7".to_owned()), ..AuditContext::operator(&app.clock) };
        let event = AuditEvent::new(Action::Login).on(name).outcome(Outcome::Failure);
        app.state.db.write(move |conn| Ok(context.record(conn, &event)?))
    };
    fail("long-ago").await.unwrap();
    app.clock.advance(25 * HOUR);
    fail("robin").await.unwrap();
    app.clock.advance(2 * HOUR);
    fail("alex").await.unwrap();
    let wrong = json!({"username": "sasha", "password": "wrong"});
    for _ in 0..5 {
        app.anonymous().post("/api/v1/auth/login", wrong.clone()).await.expect_problem(401, "invalid_credentials");
    }
    let fresh = app.admin().await;
    drop(admin);
    let report = shown(&app, &fresh).await;
    let hours = report["hours"].as_array().unwrap();
    assert_eq!(hours[22]["failed_sign_ins"], 1);
    assert_eq!(hours[23]["failed_sign_ins"], 6, "five of them at a name that nobody has");
    let failed = report["failed_sign_ins"].as_array().unwrap();
    let names: Vec<&Value> = failed.iter().map(|one| &one["username"]).collect();
    assert!(
        names.contains(&&json!("alex")) && names.contains(&&json!("robin")) && !names.contains(&&json!("long-ago"))
    );
    assert_eq!(failed.last().unwrap()["username"], "robin", "the newest comes first");
    assert_eq!(failed.last().unwrap()["address"], "192.0.2.7");
    assert_eq!(report["lockouts"][0]["username"], "sasha");
    assert_eq!(report["lockouts"][0]["locked_until"], "2026-03-02T15:30:00.000Z");
}
