mod deleted;
mod queued;
mod recompute;
mod rewind;
mod time;
mod versions;

use actix_web::{http::StatusCode, web::Bytes};
use futures_util::stream;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use status_tracker::users::model::Role;

use crate::support::{Client, NOON, PASSWORD, TestApp};

const ENTRIES: &str = "/api/v1/entries";
const ID: &str = "019cb2f0-0000-7000-8000-000000000001";

fn path(entry: &Value) -> String {
    format!("{ENTRIES}/{}", entry["id"].as_str().unwrap())
}

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
    // Their id is free for an entry of one's own, so it tells nothing either.
    sasha.post(ENTRIES, json!({"id": ID, "metric": "altitude", "value": 2})).await.expect(StatusCode::CREATED);
    assert_eq!(robin.get(&theirs).await.json["note"], "mine");
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
async fn what_does_not_fit_is_refused_and_named() {
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
async fn what_cannot_be_read_is_refused() {
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

/// Follows the cursor from `path` to the end and returns all items.
async fn all(client: &Client, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut next = path.to_owned();
    loop {
        let mut page = client.get(&next).await;
        page.expect(StatusCode::OK);
        items.append(page.json["items"].as_array_mut().unwrap());
        let Some(cursor) = page.json["next_cursor"].as_str() else { return items };
        next = format!("{path}&cursor={cursor}");
    }
}

#[actix_web::test]
async fn pages_of_any_size_and_filter_show_each_entry_once_and_in_order() {
    let app = TestApp::start().await;
    let strategy = (
        // Few instants, so that many entries share one.
        prop::collection::vec((0_i64..12, any::<bool>(), 1..=10_i32), 0..40),
        1..=9_usize,
        any::<bool>(),
        prop::option::of(any::<bool>()),
        prop::option::of(25..=28_u32),
        prop::option::of(25..=28_u32),
    );
    let mut runner = TestRunner::deterministic();
    for case in 0..24 {
        let (logs, limit, ascending, metric, from, to) = strategy.new_tree(&mut runner).unwrap().current();
        let name = format!("person{case}");
        let person = app.named(&name, Role::Admin).await;
        let mut expected = Vec::new();
        for (six_hours, water, value) in logs {
            let at = format!("2026-02-{:02}T{:02}:00:00.000Z", 25 + six_hours / 4, six_hours % 4 * 6);
            expected.push(person.log(if water { "water" } else { "altitude" }, value, &at).await);
        }
        let metric = metric.map(|water| if water { "water" } else { "altitude" });
        let day = |day: u32| format!("2026-02-{day:02}");
        expected.retain(|entry| {
            metric.is_none_or(|metric| entry["metric"] == metric)
                && from.is_none_or(|from| entry["day"].as_str().unwrap() >= day(from).as_str())
                && to.is_none_or(|to| entry["day"].as_str().unwrap() <= day(to).as_str())
        });
        expected
            .sort_by_key(|entry| (entry["at"].as_str().unwrap().to_owned(), entry["id"].as_str().unwrap().to_owned()));
        if !ascending {
            expected.reverse();
        }
        let mut path = format!("/api/v1/people/{name}/entries?limit={limit}");
        path += if ascending { "&order=asc" } else { "" };
        path += &metric.map(|metric| format!("&metric={metric}")).unwrap_or_default();
        path += &from.map(|from| format!("&from={}", day(from))).unwrap_or_default();
        path += &to.map(|to| format!("&to={}", day(to))).unwrap_or_default();
        assert_eq!(all(&person, &path).await, expected, "{path}");
    }
}

#[actix_web::test]
async fn a_page_continues_where_the_one_before_ended_while_entries_come_and_go() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let mut entries = Vec::new();
    for hour in 0..6 {
        entries.push(robin.log("water", 100 + hour, &format!("2026-03-01T0{hour}:00:00Z")).await);
    }
    let first = robin.get("/api/v1/people/robin/entries?limit=3").await;
    let cursor = first.json["next_cursor"].as_str().unwrap();
    robin.log("water", 999, "2026-03-01T11:00:00Z").await;
    robin.delete(&path(&entries[3])).await.expect(StatusCode::NO_CONTENT);
    let second = robin.get(&format!("/api/v1/people/robin/entries?limit=3&cursor={cursor}")).await;
    let values: Vec<_> =
        second.json["items"].as_array().unwrap().iter().map(|entry| entry["value"].as_i64().unwrap()).collect();
    assert_eq!(values, [102, 101, 100]);
    assert_eq!(second.json["next_cursor"], json!(null));
}

#[actix_web::test]
async fn a_cursor_from_elsewhere_is_refused() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    for hour in 0..3 {
        for person in [&robin, &sasha] {
            person.log("water", 100, &format!("2026-03-01T0{hour}:00:00Z")).await;
        }
    }
    let viewer = app.viewer().await;
    let first = viewer.get("/api/v1/people/robin/entries?limit=1").await;
    let cursor = first.json["next_cursor"].as_str().unwrap();
    viewer.get(&format!("/api/v1/people/robin/entries?limit=2&cursor={cursor}")).await.expect(StatusCode::OK);
    for elsewhere in [
        format!("sasha/entries?cursor={cursor}"),
        format!("robin/entries?cursor={cursor}&order=asc"),
        format!("robin/entries?cursor={cursor}&metric=water"),
        format!("robin/entries?cursor={cursor}&from=2026-03-01"),
        format!("robin/entries?cursor=AAAAAA{}", &cursor[6..]),
        format!("robin/entries?cursor={}", &cursor[2..]),
        "robin/entries?cursor=MTIzNDU2Nzg5MCAxMjM0NTY3ODkw".to_owned(),
        "robin/entries?cursor=".to_owned(),
        "robin/entries?cursor=%01%ff".to_owned(),
    ] {
        viewer.get(&format!("/api/v1/people/{elsewhere}")).await.expect_problem(422, "invalid_cursor");
    }
    let people = viewer.get("/api/v1/people?limit=1").await;
    let cursor = people.json["next_cursor"].as_str().unwrap();
    viewer.get(&format!("/api/v1/people/robin/entries?cursor={cursor}")).await.expect_problem(422, "invalid_cursor");
    for query in
        ["limit=0", "limit=101", "limit=-1", "metric=steps", "order=up", "from=2026-02-30", "from=today", "sort=note"]
    {
        viewer.get(&format!("/api/v1/people/robin/entries?{query}")).await.expect_problem(422, "invalid");
    }
}

#[actix_web::test]
async fn an_id_that_is_none_is_not_found() {
    let app = TestApp::start().await;
    let robin = app.admin().await;
    for id in ["7", "not-an-id", "%01", "...", "019cb2f0-0000-7000-8000-00000000000"] {
        robin.get(&format!("{ENTRIES}/{id}")).await.expect_problem(404, "not_found");
    }
}
