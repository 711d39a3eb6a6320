//! Care of the database while the server runs.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    clock::{DAY, HOUR},
    ops::care::tend,
};

use crate::support::{Client, NOON, TestApp};

const DATABASE: &str = "/api/v1/admin/database";

async fn report(admin: &Client) -> Value {
    admin.get(DATABASE).await.expect(StatusCode::OK).json.clone()
}

/// Begins a task, and returns the report once it is over.
async fn done(admin: &Client, task: &str) -> Value {
    let begun = admin.post(&format!("{DATABASE}/{task}"), json!(null)).await;
    begun.expect(StatusCode::ACCEPTED);
    loop {
        let report = report(admin).await;
        if report["running"] == json!([]) {
            return report;
        }
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn a_sound_database_is_checked_and_says_when() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.log("water", 250, NOON).await;
    let before = report(&admin).await;
    assert_eq!(
        (&before["checked_at"], &before["optimized_at"], &before["fault"]),
        (&json!(null), &json!(null), &json!(null))
    );
    assert!(before["file_bytes"].as_u64().unwrap() > 4096 && before["wal_bytes"].as_u64().unwrap() > 0, "{before}");
    let after = done(&admin, "check").await;
    assert_eq!((&after["checked_at"], &after["fault"]), (&json!(NOON), &json!(null)));
    app.clock.advance(HOUR);
    let after = done(&admin, "optimize").await;
    assert_eq!((&after["checked_at"], &after["optimized_at"]), (&json!(NOON), &json!("2026-03-01T13:00:00.000Z")));
    // The time itself was noted afterwards.
    assert!(after["wal_bytes"].as_u64().unwrap() < 20_000, "{after}");
    for action in ["database.check", "database.optimize"] {
        let records = admin.get(&format!("/api/v1/admin/audit?action={action}")).await;
        assert_eq!(records.json["items"].as_array().unwrap().len(), 1, "{action}");
    }
}

#[actix_web::test]
async fn damage_is_told_until_it_is_gone() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (damage, repair, told) in [
        (
            "PRAGMA foreign_keys = OFF; INSERT INTO recovery_codes (user_id, hash) VALUES ('nobody', 'x')",
            "DELETE FROM recovery_codes",
            "a row of recovery_codes belongs to nobody",
        ),
        (
            "CREATE TABLE planted (name TEXT NOT NULL); INSERT INTO planted VALUES ('x'); CREATE INDEX by_name ON planted (name);
             PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE INDEX by_name ON planted (name COLLATE NOCASE)' WHERE name = 'by_name';
             UPDATE sqlite_master SET sql = 'CREATE TABLE planted (name TEXT NOT NULL CHECK (name = ''y''))' WHERE name = 'planted';
             PRAGMA writable_schema = RESET",
            "DROP TABLE planted",
            "CHECK constraint failed in planted",
        ),
    ] {
        app.execute(damage);
        assert_eq!(done(&admin, "check").await["fault"], told);
        app.execute(repair);
        assert_eq!(done(&admin, "check").await["fault"], json!(null), "{told}");
    }
}

#[actix_web::test]
async fn free_room_is_given_back() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.execute(
        "CREATE TABLE planted (bytes BLOB);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 4000) INSERT INTO planted SELECT zeroblob(4000) FROM n;
         DROP TABLE planted",
    );
    let before = report(&admin).await;
    assert!(before["free_bytes"].as_u64().unwrap() > 15_000_000, "{before}");
    let after = done(&admin, "optimize").await;
    assert!(after["free_bytes"].as_u64().unwrap() <= 250 * 4096, "{after}");
    assert!(after["file_bytes"].as_u64().unwrap() < 3_000_000, "{after}");
    admin.log("water", 250, NOON).await;
    assert_eq!(done(&admin, "check").await["fault"], json!(null));
}

#[actix_web::test]
async fn the_server_optimises_once_a_day() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut times = Vec::new();
    for passes in [0, HOUR, DAY, DAY - HOUR, HOUR] {
        app.clock.advance(passes);
        tend(&app.state, &app.services.care).await.unwrap();
        times.push(report(&admin).await["optimized_at"].as_str().unwrap().to_owned());
    }
    assert_eq!(times[1], times[0]);
    assert!(times[2] > times[1]);
    assert_eq!(times[3], times[2]);
    assert!(times[4] > times[3]);
}
