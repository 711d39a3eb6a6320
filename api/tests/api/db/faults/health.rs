//! Health vouches for real writes, and answers in time.

use std::time::Instant;

use actix_web::http::StatusCode;
use diesel::{Connection, connection::SimpleConnection};
use futures_util::future::{Either, join_all, select};
use serde_json::json;

use crate::support::TestApp;

/// Makes every write of the probe's row fail with this error of SQLite's.
fn fail_with(app: &TestApp, table: &str, text: &str) {
    app.execute(&format!(
        "DROP TRIGGER IF EXISTS planted_insert; DROP TRIGGER IF EXISTS planted_update;
         CREATE TRIGGER planted_insert BEFORE INSERT ON {table} BEGIN SELECT RAISE(ROLLBACK, '{text}'); END;
         CREATE TRIGGER planted_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ROLLBACK, '{text}'); END;"
    ));
}

fn mend(app: &TestApp) {
    app.execute("DROP TRIGGER planted_insert; DROP TRIGGER planted_update;");
}

#[actix_web::test]
async fn health_says_that_writes_fail_as_soon_as_one_did() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for text in ["database or disk is full", "disk I/O error", "attempt to write a readonly database"] {
        app.anonymous().get("/health/ready").await.expect(StatusCode::OK);
        fail_with(&app, "entries", text);
        assert!(admin.post("/api/v1/entries", json!({"metric": "water", "value": 250})).await.status.is_server_error());
        fail_with(&app, "probes", text);
        for path in ["/health", "/health/ready", "/health/ready"] {
            let report = app.anonymous().get(path).await;
            report.expect(StatusCode::SERVICE_UNAVAILABLE);
            let checks = &report.json["checks"];
            assert_eq!((&checks["database_reads"], &checks["database_writes"]), (&json!("ok"), &json!("failing")));
        }
        app.anonymous().get("/health/live").await.expect(StatusCode::OK);
        mend(&app);
        app.anonymous().get("/health/ready").await.expect(StatusCode::OK);
    }
}

#[actix_web::test]
async fn the_probe_writes_for_itself_and_not_for_each_who_asks() {
    let app = TestApp::start().await;
    fail_with(&app, "probes", "database or disk is full");
    app.anonymous().get("/health/ready").await.expect(StatusCode::SERVICE_UNAVAILABLE);
    mend(&app);
    app.execute(
        "CREATE TABLE noted (size INTEGER);
         CREATE TRIGGER noted_insert AFTER INSERT ON probes BEGIN INSERT INTO noted VALUES (length(NEW.filling)); END;
         CREATE TRIGGER noted_update AFTER UPDATE ON probes BEGIN INSERT INTO noted VALUES (length(NEW.filling)); END;",
    );
    let begun = Instant::now();
    let anybody = app.anonymous();
    let reports = join_all((0..40).map(|_| anybody.get("/health/ready"))).await;
    assert!(reports.iter().all(|report| report.status == StatusCode::OK));
    // One write a second at most.
    let writes = app.number("SELECT count(*) AS n FROM noted");
    assert!(writes >= 1 && writes <= 1 + i64::try_from(begun.elapsed().as_secs()).unwrap(), "{writes}");
    assert_eq!(app.number("SELECT count(*) AS n FROM probes"), 1);
    // After a failure the probe's write is larger than any other.
    assert!(app.number("SELECT max(size) AS n FROM noted") > 100_000);
}

#[actix_web::test]
async fn readiness_does_not_wait_for_as_long_as_writes_do() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.anonymous().get("/health/ready").await.expect(StatusCode::OK);
    let path = app.folder.path().join("status-tracker.db");
    let mut other = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    // The write began first, and waits for the same lock.
    let write = Box::pin(admin.post("/api/v1/entries", json!({"metric": "water", "value": 250})));
    let anybody = app.anonymous();
    let asked = Box::pin(async {
        for path in ["/health/ready", "/health"] {
            let report = anybody.get(path).await;
            report.expect(StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(report.json["checks"]["database_reads"], "ok");
            assert_eq!(report.json["checks"]["database_writes"], "failing");
        }
    });
    let Either::Right(((), write)) = select(write, asked).await else { panic!("the write was answered first") };
    other.batch_execute("ROLLBACK").unwrap();
    write.await.expect(StatusCode::CREATED);
    app.anonymous().get("/health/ready").await.expect(StatusCode::OK);
}
