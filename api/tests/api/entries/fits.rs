//! Values that are accepted in an entry, and values that are refused.

use actix_web::{http::StatusCode, web::Bytes};
use futures_util::stream;
use serde_json::{Value, json};
use status_tracker::account::model::Role;

use super::{ENTRIES, path};
use crate::support::{NOON, TestApp};

/// Fields of an entry that do not fit: the field, its value, and the code of the problem with it.
fn unfit() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("value", json!(0), "range"),
        ("value", json!(-1), "range"),
        ("value", json!(5001), "range"),
        ("value", json!(5.5), "type"),
        ("value", json!("7"), "type"),
        ("value", json!(null), "type"),
        ("value", json!(9_999_999_999_i64), "type"),
        ("value", json!([7]), "type"),
        ("at", json!("2026-03-01T12:05:00.001Z"), "future"),
        ("at", json!("1999-12-31T23:59:59.999Z"), "past"),
        ("at", json!("2026-03-01T12:00:00"), "type"),
        ("at", json!("2026-02-30T12:00:00Z"), "type"),
        ("at", json!(1_772_366_400_000_i64), "type"),
        ("note", json!("n".repeat(501)), "length"),
        ("note", json!(7), "type"),
        ("tags", json!(vec!["t"; 11]), "tags"),
        ("tags", json!([""]), "tags"),
        ("tags", json!(["t".repeat(33)]), "tags"),
        ("tags", json!("home"), "type"),
        ("colour", json!("blue"), "unknown"),
        ("user_id", json!("somebody"), "unknown"),
        ("day", json!("2026-03-01"), "unknown"),
    ]
}

#[actix_web::test]
async fn a_value_that_does_not_fit_is_refused_and_named() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let water = robin.log("water", 150, NOON).await;
    let before = app.contents();
    for (field, value, code) in unfit() {
        let mut body = json!({"metric": "water", "value": 250});
        body[field] = value.clone();
        for answer in [robin.post(ENTRIES, body).await, robin.patch(&path(&water), json!({field: value})).await] {
            answer.expect_problem(422, "invalid");
            assert!(answer.fields()[0].starts_with(field), "{field} {value}: {}", answer.json);
            assert_eq!(answer.json["errors"][0]["code"], code, "{field} {value}: {}", answer.json);
        }
    }
    for (body, field) in [
        (json!({"metric": "altitude", "value": 11}), "value"),
        (json!({"metric": "altitude", "value": 0}), "value"),
        (json!({"metric": "steps", "value": 1}), "metric"),
        (json!({"metric": "water"}), "value"),
        (json!({"value": 1}), "metric"),
        (json!({"metric": "water", "value": 1, "id": "7"}), "id"),
        (json!({}), "metric"),
        (json!([]), ""),
        (json!(["water", 250, null, null, null, null]), ""),
        (json!("water"), ""),
    ] {
        let answer = robin.post(ENTRIES, body.clone()).await;
        answer.expect_problem(422, "invalid");
        assert_eq!(answer.fields(), [field], "{body}: {}", answer.json);
    }
    let altitude = robin.patch(&path(&water), json!({"metric": "altitude"})).await;
    assert_eq!(altitude.expect_problem(422, "invalid").fields(), ["metric"]);
    assert_eq!(app.contents(), before);
}

#[actix_web::test]
async fn the_edges_of_what_fits_are_accepted() {
    let app = TestApp::start().await;
    let robin = app.admin().await;
    for body in [
        json!({"metric": "water", "value": 1}),
        json!({"metric": "water", "value": 5000}),
        json!({"metric": "altitude", "value": 1}),
        json!({"metric": "altitude", "value": 10}),
        json!({"metric": "water", "value": 1, "at": "2026-03-01T12:05:00Z"}),
        json!({"metric": "water", "value": 1, "at": "2000-01-01T00:00:00Z"}),
        json!({"metric": "water", "value": 1, "note": "ü".repeat(500), "tags": ["ü".repeat(32), "b", "c", "d", "e", "f", "g", "h", "i", "j"]}),
        json!({"metric": "water", "value": 1, "at": null, "note": null, "tags": null, "id": null}),
    ] {
        robin.post(ENTRIES, body).await.expect(StatusCode::CREATED);
    }
}

#[actix_web::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let before = app.contents();
    let json = "application/json";
    let valid = r#"{"metric":"water","value":250}"#;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_field = format!(r#"{{"metric":"water","value":250,"note":{deep}}}"#);
    for (content_type, body, status, code) in [
        (json, "", 400, "bad_request"),
        (json, "{", 400, "bad_request"),
        (json, "{'metric':'water'}", 400, "bad_request"),
        (json, r#"{"metric":"water","value":1e400}"#, 422, "invalid"),
        (json, r#"{"metric":"water","value":NaN}"#, 400, "bad_request"),
        (json, r#"{"metric":"water","value":250} {}"#, 400, "bad_request"),
        (json, "\u{feff}{}", 400, "bad_request"),
        (json, r#"{"metric":"water","value":250,"value":1}"#, 422, "invalid"),
        (json, &deep, 400, "bad_request"),
        (json, &deep_field, 400, "bad_request"),
        ("text/plain", valid, 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "metric=water&value=250", 415, "unsupported_media_type"),
        ("multipart/form-data; boundary=x", valid, 415, "unsupported_media_type"),
        ("application/jsonp", valid, 415, "unsupported_media_type"),
    ] {
        let answer = robin.send("POST", ENTRIES, content_type, body.to_owned()).await;
        answer.expect_problem(status, code);
    }
    let not_utf8 =
        robin.send("POST", ENTRIES, json, b"{\"metric\":\"water\",\"value\":1,\"note\":\"\xff\"}".to_vec()).await;
    not_utf8.expect_problem(400, "bad_request");
    let none = robin.request("POST", ENTRIES).send_body(valid).await.unwrap();
    assert_eq!(none.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "no content type at all");
    let gzip = robin.request("POST", ENTRIES).insert_header(("content-encoding", "gzip")).content_type(json);
    assert_eq!(gzip.send_body(valid).await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(app.contents(), before);
    robin.send("POST", ENTRIES, "application/json; charset=utf-8", valid).await.expect(StatusCode::CREATED);
}

#[actix_web::test]
async fn a_body_over_the_limit_is_refused_whole_or_in_chunks() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let before = app.contents();
    let mut body = br#"{"metric":"water","value":250}"#.to_vec();
    body.resize(10 * 1024 * 1024 + 1, b' ');
    robin.send("POST", ENTRIES, "application/json", body.clone()).await.expect_problem(413, "payload_too_large");
    let chunks: Vec<_> =
        body.chunks(64 * 1024).map(|chunk| Ok::<_, std::io::Error>(Bytes::copy_from_slice(chunk))).collect();
    let chunked =
        robin.request("POST", ENTRIES).content_type("application/json").send_stream(stream::iter(chunks)).await;
    assert_eq!(chunked.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(app.contents(), before);
    body.truncate(10 * 1024 * 1024);
    robin.send("POST", ENTRIES, "application/json", body).await.expect(StatusCode::CREATED);
}
