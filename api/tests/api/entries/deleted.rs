//! The list of deleted entries, from which they can be restored.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{account::model::Role, clock::SECOND};

use super::{ENTRIES, path};
use crate::support::{Client, TestApp};

const DELETED: &str = "/api/v1/entries/deleted";

async fn log(client: &Client, value: i32) -> Value {
    client
        .post(ENTRIES, json!({"metric": "water", "value": value, "note": "tea"}))
        .await
        .expect(StatusCode::CREATED)
        .json
        .clone()
}

/// All deleted entries, page by page.
async fn deleted(client: &Client, limit: u32) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{DELETED}?limit={limit}{cursor}")).await;
        page.expect(StatusCode::OK);
        items.extend(page.json["items"].as_array().unwrap().clone());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn values(entries: &[Value]) -> Vec<i64> {
    entries.iter().map(|entry| entry["value"].as_i64().unwrap()).collect()
}

#[actix_web::test]
async fn a_deleted_entry_is_listed_as_it_was_and_comes_back() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let (first, second, kept) = (log(&robin, 100).await, log(&robin, 200).await, log(&robin, 300).await);
    assert!(deleted(&robin, 20).await.is_empty());
    for entry in [&second, &first] {
        app.clock.advance(SECOND);
        robin.delete(&path(entry)).await.expect(StatusCode::NO_CONTENT);
    }

    let listed = deleted(&robin, 20).await;
    assert_eq!(values(&listed), [100, 200], "the last one deleted comes first");
    let mut expected = first.clone();
    expected["deleted_at"] = json!("2026-03-01T12:00:02.000Z");
    expected["updated_at"] = expected["deleted_at"].clone();
    assert_eq!(listed[0], expected);

    robin.post(&format!("{}/restore", path(&first)), json!({})).await.expect(StatusCode::OK);
    assert_eq!(values(&deleted(&robin, 20).await), [200]);
    robin.get(&path(&kept)).await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn entries_deleted_at_one_instant_are_listed_once_over_all_pages() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    app.clock.advance(SECOND);
    for value in 1..=7 {
        log(&robin, value).await;
    }
    let mut body = json!({"to": "2026-03-01T12:00:00Z"});
    let preview = robin.post("/api/v1/entries/rewind?dry_run=true", body.clone()).await;
    body["digest"] = preview.expect(StatusCode::OK).json["digest"].clone();
    robin.post("/api/v1/entries/rewind", body).await.expect(StatusCode::OK);

    let whole = deleted(&robin, 20).await;
    assert_eq!(whole.len(), 7);
    for limit in [1, 2, 3, 6, 7] {
        assert_eq!(deleted(&robin, limit).await, whole, "{limit} at once");
    }
}

#[actix_web::test]
async fn nobody_lists_what_another_deleted() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let jo = app.named("jo", Role::Admin).await;
    for value in [100, 200] {
        robin.delete(&path(&log(&robin, value).await)).await.expect(StatusCode::NO_CONTENT);
    }
    assert!(deleted(&jo, 20).await.is_empty());
    let cursor = robin.get(&format!("{DELETED}?limit=1")).await.json["next_cursor"].as_str().unwrap().to_owned();
    jo.get(&format!("{DELETED}?cursor={cursor}")).await.expect_problem(422, "invalid_cursor");
}
