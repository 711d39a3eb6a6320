//! The audit log: nothing happens without its record, and no record changes or goes unnoticed.

use actix_web::http::StatusCode;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use serde_json::{Value, json};
use status_tracker::{
    audit::{
        model::{Verdict, head, verify},
        retention,
    },
    clock::{DAY, MINUTE},
    db::DbConnection,
    trail::{Action, AuditContext, AuditEvent},
};

use crate::support::{Client, PASSWORD, TestApp};

async fn records(admin: &Client, query: &str) -> Vec<Value> {
    let answer = admin.get(&format!("/api/v1/admin/audit?limit=100{query}")).await;
    answer.expect(StatusCode::OK).json["items"].as_array().unwrap().clone()
}

/// `action actor target outcome` of each, oldest first.
fn told(records: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |record: &Value| ["action", "actor", "target", "outcome"].map(|field| text(&record[field])).join(" ");
    records.iter().rev().map(line).collect()
}

fn verdict(app: &TestApp) -> Verdict {
    app.state.db.read_blocking(|conn| Ok(verify(conn, None)?)).unwrap()
}

/// The database file as somebody with a shell has it.
fn raw(app: &TestApp) -> DbConnection {
    let path = app.folder.path().join("status-tracker.db");
    DbConnection::Sqlite(SqliteConnection::establish(path.to_str().unwrap()).unwrap())
}

const WITHOUT_TRIGGERS: &str = "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_removed;";

async fn some_records(app: &TestApp, count: usize) {
    for number in 0..count {
        let context = AuditContext::operator(&app.clock);
        let event = AuditEvent::new(Action::UserUpdate).on(format!("user-{number}"));
        app.state.db.write(move |conn| Ok(context.record(conn, &event)?)).await.unwrap();
        app.clock.advance(1000);
    }
}

#[actix_web::test]
async fn each_change_leaves_a_record_that_says_who_what_whom_when_from_where_and_in_which_request() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let registration = json!({"username": "alex", "password": PASSWORD, "privacy_policy_version": "2026-11-25.2"});
    app.anonymous().post("/api/v1/auth/register", registration).await.expect(StatusCode::CREATED);
    let answer = admin.post("/api/v1/entries", json!({"metric": "water", "value": 250})).await;
    let id = answer.json["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/entries/{id}");
    admin.patch(&path, json!({"value": 300})).await.expect(StatusCode::OK);
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.post(&format!("{path}/restore"), json!(null)).await.expect(StatusCode::OK);
    admin.patch("/api/v1/me", json!({"unit": "ml"})).await.expect(StatusCode::OK);
    let name = &admin.username;
    let found = records(&admin, "").await;
    assert_eq!(
        told(&found),
        [
            "auth.register alex alex success".to_owned(),
            format!("entry.create {name} {id} success"),
            format!("entry.update {name} {id} success"),
            format!("entry.delete {name} {id} success"),
            format!("entry.restore {name} {id} success"),
            format!("user.update {name} {name} success"),
        ]
    );
    let created = &found[4];
    assert_eq!(created["at"], "2026-03-01T12:00:00.000Z");
    assert_eq!(created["address"], "127.0.0.1");
    assert_eq!(created["request_id"], answer.header("x-request-id"));
    assert_eq!(created["id"], 2);
}

#[actix_web::test]
async fn what_was_refused_or_changed_nothing_leaves_no_record_of_a_change() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let entry = json!({"metric": "water", "value": 250, "id": "0192bbbb-0000-7000-8000-000000000000"});
    admin.post("/api/v1/entries", entry.clone()).await.expect(StatusCode::CREATED);
    let before = told(&records(&admin, "").await);
    admin.post("/api/v1/entries", entry).await.expect(StatusCode::OK);
    let other = json!({"metric": "water", "value": 9, "id": "0192bbbb-0000-7000-8000-000000000000"});
    admin.post("/api/v1/entries", other).await.expect(StatusCode::CONFLICT);
    admin.post("/api/v1/entries", json!({"metric": "water", "value": 0})).await.expect_problem(422, "invalid");
    viewer.post("/api/v1/entries", json!({"metric": "water", "value": 9})).await.expect_problem(403, "read_only_role");
    admin.delete("/api/v1/entries/0192aaaa-0000-7000-8000-000000000000").await.expect_problem(404, "not_found");
    assert_eq!(told(&records(&admin, "").await), before);
}

#[actix_web::test]
async fn a_look_is_recorded_once_for_each_viewer_person_and_minute() {
    let app = TestApp::start().await;
    let (admin, viewer, other) = (app.admin().await, app.viewer().await, app.viewer().await);
    let status = format!("/api/v1/people/{}/status", admin.username);
    let history = format!("/api/v1/people/{}/entries", admin.username);
    for path in [&status, &history, &status] {
        viewer.get(path).await.expect(StatusCode::OK);
    }
    viewer.get("/api/v1/people").await.expect(StatusCode::OK);
    other.get("/api/v1/people").await.expect(StatusCode::OK);
    admin.get(&status).await.expect(StatusCode::OK);
    viewer.get("/api/v1/people/nobody/status").await.expect_problem(404, "not_found");
    app.clock.advance(MINUTE);
    viewer.get(&history).await.expect(StatusCode::OK);
    // Looks are written after the answer, in order: a later write comes after them.
    admin.log("water", 250, "2026-03-01T11:00:00Z").await;
    let (one, two, person) = (&viewer.username, &other.username, &admin.username);
    assert_eq!(
        told(&records(&admin, "&action=person.look").await),
        [one, two, one].map(|viewer| format!("person.look {viewer} {person} success"))
    );
}

#[actix_web::test]
async fn the_list_is_filtered_and_paged_and_for_admins_alone() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    some_records(&app, 5).await;
    app.clock.advance(DAY);
    admin.log("water", 250, "2026-03-01T11:00:00Z").await;
    viewer.get("/api/v1/admin/audit").await.expect_problem(403, "read_only_role");
    viewer.get("/api/v1/admin/audit/export").await.expect_problem(403, "read_only_role");
    app.anonymous().get("/api/v1/admin/audit").await.expect_problem(401, "unauthorized");

    let count = async |query: &str| records(&admin, query).await.len();
    assert_eq!(count("").await, 6);
    assert_eq!(count("&actor=(operator)").await, 5);
    assert_eq!(count("&action=entry.create").await, 1);
    assert_eq!(count("&target=user-3").await, 1);
    assert_eq!(count("&target=user-3&action=entry.create").await, 0);
    assert_eq!(count("&outcome=success").await, 6);
    assert_eq!(count("&outcome=denied").await, 0);
    assert_eq!(count("&from=2026-03-02T00:00:00Z").await, 1);
    assert_eq!(count("&to=2026-03-02T00:00:00Z").await, 5);
    assert_eq!(count("&from=2026-03-01T12:00:01Z&to=2026-03-01T12:00:03Z").await, 2);
    for wrong in ["action=nonsense", "outcome=maybe", "from=yesterday", "limit=0", "cursor=x", "role=admin"] {
        let answer = admin.get(&format!("/api/v1/admin/audit?{wrong}")).await;
        assert_eq!(answer.status, 422, "{wrong}");
    }

    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("/api/v1/admin/audit?limit=4{cursor}")).await;
        ids.extend(page.expect(StatusCode::OK).json["items"].as_array().unwrap().iter().map(|one| one["id"].as_i64()));
        let Some(next) = page.json["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(ids, [6, 5, 4, 3, 2, 1].map(Some));
    let foreign = admin.get("/api/v1/admin/audit?limit=4").await.json["next_cursor"].as_str().unwrap().to_owned();
    admin.get(&format!("/api/v1/admin/audit?actor=x&cursor={foreign}")).await.expect_problem(422, "invalid_cursor");
}

#[actix_web::test]
async fn an_export_holds_every_record_once_and_is_recorded_itself() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    some_records(&app, 1203).await;
    let hostile = AuditEvent::new(Action::UserUpdate).on("=HYPERLINK(\"x\")").detail("two\nlines, \"quoted\"");
    let context = AuditContext::operator(&app.clock);
    app.state.db.write(move |conn| Ok(context.record(conn, &hostile)?)).await.unwrap();

    let lines = admin.get("/api/v1/admin/audit/export").await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    assert_eq!(lines.header("content-disposition"), "attachment; filename=\"audit.jsonl\"");
    let text = String::from_utf8(lines.body.to_vec()).unwrap();
    let ids: Vec<i64> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap())
        .filter(|id| *id <= 1204)
        .collect();
    assert_eq!(ids, (1..=1204).collect::<Vec<_>>());
    assert_eq!(records(&admin, "&action=audit.export").await.len(), 1);

    let table = admin.get("/api/v1/admin/audit/export?format=csv&from=2026-03-01T12:20:00Z").await;
    let text = String::from_utf8(table.body.to_vec()).unwrap();
    assert!(text.starts_with("id,at,actor,action,target,outcome,address,request_id,detail\r\n1201,"), "{text}");
    assert!(text.contains(",\"'=HYPERLINK(\"\"x\"\")\",success,,,\"two\nlines, \"\"quoted\"\"\"\r\n"), "{text}");
}

#[actix_web::test]
async fn an_export_that_cannot_be_recorded_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.execute(
        "CREATE TRIGGER planted BEFORE INSERT ON audit WHEN NEW.action = 'audit.export' BEGIN SELECT RAISE(ABORT, 'planted'); END",
    );
    for format in ["jsonl", "csv"] {
        let answer = admin.get(&format!("/api/v1/admin/audit/export?format={format}")).await;
        answer.expect_problem(500, "internal");
    }
    app.execute("DROP TRIGGER planted");
    admin.get("/api/v1/admin/audit/export").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-16.4.2
#[actix_web::test]
async fn the_database_itself_refuses_to_change_or_remove_a_record() {
    let app = TestApp::start().await;
    some_records(&app, 5).await;
    for statement in [
        "UPDATE audit SET actor = 'somebody else' WHERE id = 2",
        "DELETE FROM audit WHERE id = 2",
        "DELETE FROM audit",
        "UPDATE audit_head SET last = 2",
        "DELETE FROM audit_head",
        "INSERT INTO audit_anchors (id, hash, at) VALUES (9, 'x', 0); DELETE FROM audit_anchors",
        "UPDATE audit_anchors SET hash = 'y'",
    ] {
        let refused = raw(&app).transaction::<(), diesel::result::Error, _>(|conn| conn.batch_execute(statement));
        // An update of an empty table changes nothing and is not refused.
        assert_eq!(refused.is_err(), !statement.starts_with("UPDATE audit_anchors"), "{statement}");
    }
    assert!(matches!(verdict(&app), Verdict::Sound { count: 5, .. }));
}

/// OWASP ASVS v5.0.0-16.4.2
#[actix_web::test]
async fn every_edited_removed_or_moved_record_is_found() {
    let app = TestApp::start().await;
    some_records(&app, 6).await;
    let Verdict::Sound { hash, last: 6, first: 1, count: 6 } = verdict(&app) else { panic!("{:?}", verdict(&app)) };
    let mut tampering: Vec<String> = (1..=6)
        .flat_map(|id| {
            let columns = ["at", "actor", "action", "target", "outcome", "address", "request_id", "detail", "hash"];
            columns.map(|column| {
                let value = match column {
                    "at" => "at + 1",
                    "outcome" => "'denied'",
                    _ => "coalesce(SUBSTR(hash, 1, 7), '') || 'x'",
                };
                format!("UPDATE audit SET {column} = {value} WHERE id = {id}")
            })
        })
        .collect();
    tampering.extend((1..=6).map(|id| format!("DELETE FROM audit WHERE id = {id}")));
    tampering.push("DELETE FROM audit".to_owned());
    tampering.push("UPDATE audit SET id = -1 WHERE id = 2; UPDATE audit SET id = 2 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = -1".to_owned());
    tampering.push("DELETE FROM audit WHERE id = 1; UPDATE audit SET id = id - 1".to_owned());
    tampering.push("INSERT INTO audit_anchors (id, hash, at) SELECT id, hash, at FROM audit WHERE id = 3; DELETE FROM audit WHERE id <= 3".to_owned());
    tampering.push("INSERT INTO audit SELECT 7, at, actor, action, target, outcome, address, request_id, detail, hash FROM audit WHERE id = 6".to_owned());
    for statement in &tampering {
        let found = raw(&app).test_transaction::<_, diesel::result::Error, _>(|conn| {
            conn.batch_execute(WITHOUT_TRIGGERS)?;
            conn.batch_execute(statement)?;
            verify(conn, None)
        });
        assert!(matches!(found, Verdict::Broken(_)), "{statement}");
    }
    // A head that was stored elsewhere exposes a chain that was rewritten as a whole, with the right hashes.
    let known = |id, hash: &str| app.state.db.read_blocking(|conn| Ok(verify(conn, Some((id, hash)))?)).unwrap();
    assert!(matches!(known(6, &hash), Verdict::Sound { .. }));
    assert!(matches!(known(6, &"0".repeat(64)), Verdict::Broken(_)));
    assert!(matches!(known(7, &hash), Verdict::Broken(_)));
}

#[actix_web::test]
async fn old_records_go_and_leave_an_anchor_from_which_the_rest_is_verified() {
    let app = TestApp::with(&[("AUDIT_RETENTION_DAYS", "30")]).await;
    some_records(&app, 2500).await;
    app.clock.advance(29 * DAY);
    app.admin().await.log("water", 250, "2026-03-01T11:00:00Z").await;
    retention::prune(&app.state).await.unwrap();
    assert!(matches!(verdict(&app), Verdict::Sound { count: 2501, first: 1, .. }), "none is old enough");

    app.clock.advance(DAY);
    retention::prune(&app.state).await.unwrap();
    let Verdict::Sound { first, count, last, .. } = verdict(&app) else { panic!("{:?}", verdict(&app)) };
    assert_eq!((first, last), (2501, 2501 + 3), "three records say that old ones went, a thousand at a time");
    assert_eq!(count, 4);
    let pruned = records(&app.admin().await, "&action=audit.prune").await;
    assert_eq!(told(&pruned)[0], "audit.prune (retention) - success");
    assert!(pruned[0]["detail"].as_str().unwrap().starts_with("500 records up to 2500, hash "));

    // Even a very old newest record stays: the chain never loses its end.
    app.clock.advance(400 * DAY);
    retention::prune(&app.state).await.unwrap();
    assert!(matches!(verdict(&app), Verdict::Sound { count: 2, .. }));
    let newest = app.state.db.read_blocking(|conn| Ok(head(conn)?)).unwrap();
    assert_eq!(newest.0, 2501 + 5);
}
