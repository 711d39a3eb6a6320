//! Versions of an entry before each change, and the way back to them.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{account::model::Role, clock::SECOND};

use super::{ENTRIES, ID, path};
use crate::support::{Client, NOON, PASSWORD, TestApp};

async fn versions(client: &Client, entry: &Value) -> Vec<Value> {
    let page = client.get(&format!("{}/versions?limit=100", path(entry))).await;
    page.expect(StatusCode::OK);
    assert_eq!(page.json["next_cursor"], json!(null));
    page.json["items"].as_array().unwrap().clone()
}

async fn restore(client: &Client, entry: &Value, number: u32) -> Value {
    let answer = client.post(&format!("{}/versions/{number}/restore", path(entry)), json!({})).await;
    answer.expect(StatusCode::OK).json["entry"].clone()
}

#[actix_web::test]
async fn each_change_saves_one_version_that_says_who_when_and_what() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let body = json!({"id": ID, "metric": "water", "value": 250, "at": "2026-03-01T08:00:00Z", "note": "tea", "tags": ["home"]});
    let entry = robin.post(ENTRIES, body.clone()).await.json;
    robin.post(ENTRIES, body.clone()).await.expect(StatusCode::OK);
    assert!(versions(&robin, &entry).await.is_empty(), "what is logged is no change, nor is the same sent again");

    app.clock.advance(SECOND);
    let change = json!({"value": 300, "at": "2026-02-28T08:00:00Z", "note": null, "tags": []});
    robin.patch(&path(&entry), change.clone()).await.expect(StatusCode::OK);
    app.clock.advance(SECOND);
    let unchanged = robin.patch(&path(&entry), change).await;
    assert_eq!(unchanged.expect(StatusCode::OK).json["updated_at"], "2026-03-01T12:00:01.000Z");
    robin.patch(&path(&entry), json!({})).await.expect(StatusCode::OK);
    assert_eq!(app.recorded("entry.update").len(), 1, "what changes nothing is no record either");
    robin.delete(&path(&entry)).await.expect(StatusCode::NO_CONTENT);
    robin.delete(&path(&entry)).await.expect_problem(404, "not_found");
    app.clock.advance(SECOND);
    for _ in 0..2 {
        robin.post(&format!("{}/restore", path(&entry)), json!({})).await.expect(StatusCode::OK);
    }

    let version = |number, value, at: &str, note, tags, deleted, valid_from, replaced_at| {
        json!({"number": number, "value": value, "at": at, "day": at[..10], "note": note, "tags": tags, "deleted": deleted,
               "valid_from": format!("2026-03-01T12:00:0{valid_from}.000Z"),
               "replaced_at": format!("2026-03-01T12:00:0{replaced_at}.000Z"), "replaced_by": "robin"})
    };
    let (before, since) = ("2026-03-01T08:00:00.000Z", "2026-02-28T08:00:00.000Z");
    assert_eq!(
        versions(&robin, &entry).await,
        [
            version(3, 300, since, json!(null), json!([]), true, 2, 3),
            version(2, 300, since, json!(null), json!([]), false, 1, 2),
            version(1, 250, before, json!("tea"), json!(["home"]), false, 0, 1),
        ]
    );
}

#[actix_web::test]
async fn an_entry_is_put_back_to_any_of_its_versions() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let entry = robin.log("altitude", 3, "2026-03-01T02:00:00Z").await;
    robin.patch("/api/v1/me", json!({"day_starts_at": 4})).await.expect(StatusCode::OK);
    app.clock.advance(SECOND);
    robin.patch(&path(&entry), json!({"value": 9, "note": "better", "at": "2026-03-01T01:00:00Z"})).await;
    app.clock.advance(SECOND);
    robin.delete(&path(&entry)).await.expect(StatusCode::NO_CONTENT);

    app.clock.advance(SECOND);
    let back = restore(&robin, &entry, 1).await;
    let mut expected = entry.clone();
    expected["updated_at"] = json!("2026-03-01T12:00:03.000Z");
    assert_eq!(back, expected, "with the day it had, though by now that instant would belong to the day before");
    assert_eq!(robin.get(&path(&entry)).await.json, expected);
    app.clock.advance(SECOND);
    assert_eq!(restore(&robin, &entry, 1).await, expected, "what is so already stays as it is");
    let second = restore(&robin, &entry, 2).await;
    assert_eq!(
        (&second["value"], &second["note"], &second["day"]),
        (&json!(9), &json!("better"), &json!("2026-02-28"))
    );
    assert_eq!(restore(&robin, &entry, 3).await, json!(null), "it was deleted then");
    robin.get(&path(&entry)).await.expect_problem(404, "not_found");
    assert_eq!(restore(&robin, &entry, 3).await, json!(null));

    let kept: Vec<_> =
        versions(&robin, &entry).await.iter().map(|one| (one["value"].clone(), one["deleted"].clone())).collect();
    let kept_as = |value: i32, deleted: bool| (json!(value), json!(deleted));
    assert_eq!(kept, [kept_as(9, false), kept_as(3, false), kept_as(9, true), kept_as(9, false), kept_as(3, false)]);
    let details: Vec<_> = app.recorded("entry.restore").into_iter().map(|[.., detail]| detail).collect();
    assert_eq!(details, ["version 3", "version 2", "version 1"]);
}

#[actix_web::test]
async fn versions_come_in_pages() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let (entry, other) = (robin.log("water", 1, NOON).await, robin.log("water", 1, NOON).await);
    for value in 2..=6 {
        robin.patch(&path(&entry), json!({"value": value})).await.expect(StatusCode::OK);
    }
    let mut numbers = Vec::new();
    let mut next = format!("{}/versions?limit=2", path(&entry));
    loop {
        let page = robin.get(&next).await;
        numbers.extend(
            page.expect(StatusCode::OK).json["items"].as_array().unwrap().iter().map(|one| one["number"].clone()),
        );
        let Some(cursor) = page.json["next_cursor"].as_str() else { break };
        next = format!("{}/versions?limit=2&cursor={cursor}", path(&entry));
        let elsewhere = robin.get(&format!("{}/versions?cursor={cursor}", path(&other))).await;
        elsewhere.expect_problem(422, "invalid_cursor");
    }
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    for query in ["limit=0", "limit=501", "limit=x", "number=1"] {
        robin.get(&format!("{}/versions?{query}", path(&entry))).await.expect_problem(422, "invalid");
    }
}

#[actix_web::test]
async fn versions_are_their_owners_alone() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    let entry = robin.log("water", 250, NOON).await;
    robin.patch(&path(&entry), json!({"value": 300})).await.expect(StatusCode::OK);
    let viewer = app.viewer().await;
    let (list, one) = (format!("{}/versions", path(&entry)), format!("{}/versions/1/restore", path(&entry)));
    let before = app.contents();
    for answer in [sasha.get(&list).await, sasha.post(&one, json!({})).await] {
        answer.expect_problem(404, "not_found");
    }
    for answer in [viewer.get(&list).await, viewer.post(&one, json!({})).await] {
        answer.expect_problem(403, "read_only_role");
    }
    for number in ["0", "-1", "2", "99", "9999999999", "x", "1.0", "%00"] {
        let answer = robin.post(&format!("{}/versions/{number}/restore", path(&entry)), json!({})).await;
        answer.expect_client_error();
        assert!([400, 404].contains(&answer.status.as_u16()), "{number}: {}", answer.status);
    }
    robin.get(&format!("{ENTRIES}/{ID}/versions")).await.expect_problem(404, "not_found");
    robin.get(&format!("{ENTRIES}/x/versions")).await.expect_problem(404, "not_found");
    assert_eq!(app.contents(), before);
}

#[actix_web::test]
async fn versions_of_an_erased_account_are_gone() {
    let app = TestApp::start().await;
    let (robin, _sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    let entry = robin.log("water", 250, NOON).await;
    robin.patch(&path(&entry), json!({"value": 300})).await.expect(StatusCode::OK);
    assert_eq!(app.number("SELECT count(*) AS n FROM entry_versions"), 1);
    robin.delete_with("/api/v1/me", json!({"password": PASSWORD})).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(app.number("SELECT count(*) AS n FROM entry_versions"), 0);
}

#[actix_web::test]
async fn a_viewer_is_told_of_a_restored_version_as_far_as_they_see_it() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let entry = robin.log("water", 250, NOON).await;
    for change in [json!({"note": "tea"}), json!({"value": 260}), json!({"value": 500})] {
        robin.patch(&path(&entry), change).await.expect(StatusCode::OK);
    }
    let level = || app.number("SELECT level AS n FROM outbox ORDER BY id DESC LIMIT 1");
    for (number, least) in [(3, 2), (2, 3), (1, 3)] {
        restore(&robin, &entry, number).await;
        assert_eq!(level(), least, "version {number}");
    }
}
