//! An entry is logged once, and changed, deleted and restored by its owner alone.

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::account::model::Role;

use super::{ENTRIES, ID, path};
use crate::support::{NOON, PASSWORD, TestApp};

#[actix_web::test]
async fn log_read_change_delete_and_bring_back() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let body = json!({"metric": "water", "value": 250, "note": "I <3 water ünïcödé 🚰", "tags": ["home", "sport"]});
    let logged = robin.post(ENTRIES, body).await;
    logged.expect(StatusCode::CREATED);
    let entry = logged.json;
    assert_eq!((&entry["at"], &entry["day"]), (&json!(NOON), &json!("2026-03-01")), "without `at` it is now");
    assert_eq!(entry["note"], "I <3 water ünïcödé 🚰");
    assert_eq!(entry["tags"], json!(["home", "sport"]));
    assert_eq!(robin.get(&path(&entry)).await.json, entry);

    app.clock.advance(1000);
    let changed =
        robin.patch(&path(&entry), json!({"value": 300, "at": "2026-02-27T23:00:00+01:00", "note": null})).await;
    changed.expect(StatusCode::OK);
    assert_eq!(changed.json["value"], 300);
    assert_eq!(changed.json["at"], "2026-02-27T22:00:00.000Z");
    assert_eq!(changed.json["day"], "2026-02-27", "a backdated entry belongs to the day it happened on");
    assert_eq!((&changed.json["note"], &changed.json["tags"]), (&json!(null), &entry["tags"]));
    assert_eq!(
        (&changed.json["created_at"], &changed.json["updated_at"]),
        (&json!(NOON), &json!("2026-03-01T12:00:01.000Z"))
    );

    robin.delete(&path(&entry)).await.expect(StatusCode::NO_CONTENT);
    robin.get(&path(&entry)).await.expect_problem(404, "not_found");
    robin.patch(&path(&entry), json!({"value": 1})).await.expect_problem(404, "not_found");
    robin.delete(&path(&entry)).await.expect_problem(404, "not_found");
    assert_eq!(robin.get("/api/v1/people/robin/entries").await.json, json!({"items": [], "next_cursor": null}));

    let restored = robin.post(&format!("{}/restore", path(&entry)), json!({})).await;
    assert_eq!(restored.expect(StatusCode::OK).json["value"], 300);
    let again = robin.post(&format!("{}/restore", path(&entry)), json!({})).await;
    assert_eq!(again.expect(StatusCode::OK).json, restored.json);
}

#[actix_web::test]
async fn the_same_id_and_content_again_is_stored_once() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let body = json!({"id": ID, "metric": "altitude", "value": 7, "at": "2026-03-01T11:00:00Z", "note": "fine"});
    let first = robin.post(ENTRIES, body.clone()).await;
    first.expect(StatusCode::CREATED);
    app.clock.advance(5000);
    assert_eq!(robin.post(ENTRIES, body.clone()).await.expect(StatusCode::OK).json, first.json);
    let upper = json!({"id": ID.to_uppercase(), "metric": "altitude", "value": 7, "at": "2026-03-01T12:00:00+01:00", "note": "fine"});
    assert_eq!(robin.post(ENTRIES, upper).await.expect(StatusCode::OK).json, first.json, "the same, spelled otherwise");

    let before = app.contents();
    for (field, value) in [
        ("value", json!(8)),
        ("metric", json!("water")),
        ("at", json!("2026-03-01T11:00:01Z")),
        ("note", json!("fine.")),
        ("note", json!(null)),
        ("tags", json!(["x"])),
    ] {
        let mut other = body.clone();
        other[field] = value;
        robin.post(ENTRIES, other).await.expect_problem(409, "id_conflict");
    }
    assert_eq!(app.contents(), before);

    robin.delete(&format!("{ENTRIES}/{ID}")).await.expect(StatusCode::NO_CONTENT);
    robin.post(ENTRIES, body).await.expect_problem(409, "id_conflict");
}

#[actix_web::test]
async fn a_retry_that_left_the_time_to_the_server_finds_its_first_attempt() {
    let app = TestApp::start().await;
    let robin = app.admin().await;
    let body = json!({"id": ID, "metric": "water", "value": 150});
    let first = robin.post(ENTRIES, body.clone()).await;
    app.clock.advance(60_000);
    assert_eq!(robin.post(ENTRIES, body).await.expect(StatusCode::OK).json, first.json);
}

#[actix_web::test]
async fn the_same_id_sent_many_times_at_once_is_stored_once() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let attempts = (0..16).map(|_| robin.post(ENTRIES, json!({"id": ID, "metric": "water", "value": 150, "at": NOON})));
    let mut outcomes: Vec<_> =
        futures_util::future::join_all(attempts).await.iter().map(|answer| answer.status.as_u16()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, [[200; 15].as_slice(), &[201]].concat());
    assert_eq!(robin.get("/api/v1/people/robin/entries").await.json["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn another_admins_entry_cannot_even_be_named() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    let body = json!({"id": ID, "metric": "water", "value": 150, "at": NOON, "note": "mine"});
    robin.post(ENTRIES, body).await.expect(StatusCode::CREATED);
    let before = app.contents();
    let theirs = format!("{ENTRIES}/{ID}");
    for answer in [
        sasha.get(&theirs).await,
        sasha.patch(&theirs, json!({"value": 1})).await,
        sasha.delete(&theirs).await,
        sasha.post(&format!("{theirs}/restore"), json!({})).await,
    ] {
        answer.expect_problem(404, "not_found");
    }
    assert_eq!(app.contents(), before);
    // The id is free for an entry of one's own, so it reveals nothing either.
    sasha.post(ENTRIES, json!({"id": ID, "metric": "altitude", "value": 2})).await.expect(StatusCode::CREATED);
    assert_eq!(robin.get(&theirs).await.json["note"], "mine");
}

#[actix_web::test]
async fn an_id_that_is_none_is_not_found() {
    let app = TestApp::start().await;
    let robin = app.admin().await;
    for id in ["7", "not-an-id", "%01", "...", "019cb2f0-0000-7000-8000-00000000000"] {
        robin.get(&format!("{ENTRIES}/{id}")).await.expect_problem(404, "not_found");
    }
}

#[actix_web::test]
async fn a_viewer_can_write_nothing() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let entry = robin.log("water", 150, NOON).await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let before = app.contents();
    for client in [viewer, page] {
        client.post(ENTRIES, json!({"metric": "water", "value": 1})).await.expect_problem(403, "read_only_role");
        client.patch(&path(&entry), json!({"value": 1})).await.expect_problem(403, "read_only_role");
        client.delete(&path(&entry)).await.expect_problem(403, "read_only_role");
        client.post(&format!("{}/restore", path(&entry)), json!({})).await.expect_problem(403, "read_only_role");
    }
    assert_eq!(app.contents(), before);
}
