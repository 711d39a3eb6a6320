//! Recomputing moves all entries to the days they belong to by the present zone and start of the day.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    account::model::Role,
    clock::{SECOND, Timestamp},
    entries::ounces::nearest_tenths,
};

use super::{ENTRIES, all, path};
use crate::support::{Answer, Client, NOON, TestApp};

const RECOMPUTE: &str = "/api/v1/entries/recompute";

async fn preview(client: &Client) -> Answer {
    let answer = client.post(&format!("{RECOMPUTE}?dry_run=true"), json!({})).await;
    assert_eq!(answer.expect(StatusCode::OK).json["applied"], false);
    answer
}

/// Previews the change and applies just that.
async fn recompute(client: &Client) -> Value {
    let mut shown = preview(client).await.json;
    let done = client.post(RECOMPUTE, json!({"digest": shown["digest"]})).await;
    shown["applied"] = json!(true);
    assert_eq!(done.expect(StatusCode::OK).json, shown, "what was shown is what was done");
    shown
}

async fn prefer(client: &Client, zone: &str, starts_at: i16) {
    let answer = client.patch("/api/v1/me", json!({"time_zone": zone, "day_starts_at": starts_at})).await;
    answer.expect(StatusCode::OK);
}

#[actix_web::test]
async fn it_shows_first_what_would_move() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let night = robin.log("water", 250, "2026-03-01T02:00:00Z").await;
    let mood = robin.log("altitude", 3, "2026-03-01T03:00:00Z").await;
    let gone = robin.log("water", 900, "2026-03-01T01:00:00Z").await;
    let noon = robin.log("water", 500, NOON).await;
    robin.delete(&path(&gone)).await.expect(StatusCode::NO_CONTENT);
    app.clock.advance(SECOND);
    prefer(&robin, "UTC", 4).await;
    let before = app.contents();
    let shown = preview(&robin).await.json;
    assert_eq!(app.contents(), before, "changing the hour moves nothing, nor does a preview");
    assert_eq!(shown["moved"], 3);
    let mut items = shown["items"].as_array().unwrap().clone();
    items.sort_by_key(|item| item["at"].to_string());
    let moved = |entry: &Value| json!({"id": entry["id"], "metric": entry["metric"], "at": entry["at"], "from": "2026-03-01", "to": "2026-02-28"});
    assert_eq!(items, [moved(&gone), moved(&night), moved(&mood)]);
    let day = |day, before, after| {
        json!({
            "day": day, "water_ml_before": before, "water_ml_after": after,
            "water_fl_oz_tenths_before": nearest_tenths(before), "water_fl_oz_tenths_after": nearest_tenths(after),
        })
    };
    assert_eq!(
        shown["days"],
        json!([day("2026-02-28", 0, 250), day("2026-03-01", 750, 500)]),
        "without what is deleted"
    );

    let told = app.number("SELECT count(*) AS n FROM outbox");
    recompute(&robin).await;
    assert_eq!(app.number("SELECT count(*) AS n FROM outbox"), told + 2, "once for each metric");
    assert_eq!(robin.get(&path(&night)).await.json["day"], "2026-02-28");
    assert_eq!(robin.get(&path(&noon)).await.json, noon);
    let restored = robin.post(&format!("{}/restore", path(&gone)), json!({})).await;
    assert_eq!(restored.json["day"], "2026-02-28", "what was deleted comes back to its new day");
    let versions = robin.get(&format!("{}/versions", path(&night))).await;
    let [version] = versions.json["items"].as_array().unwrap().as_slice() else { panic!("{}", versions.json) };
    assert_eq!((&version["day"], &version["replaced_by"]), (&json!("2026-03-01"), &json!("robin")));

    assert_eq!(recompute(&robin).await["moved"], 0);
    assert_eq!(app.recorded("entry.recompute"), [["robin", "robin", "success", "3 moved"].map(str::to_owned)]);
    let to = Timestamp(app.clock.now().0 - 1);
    let back = robin.post("/api/v1/entries/rewind?dry_run=true", json!({"to": to})).await;
    assert_eq!(back.json["changed"], 2, "and it can be undone: {}", back.json);
}

#[actix_web::test]
async fn days_are_added_up_in_the_ounces_that_were_typed() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let ounce = |at| json!({"metric": "water", "value": 30, "fl_oz_tenths": 10, "at": at});
    for _ in 0..8 {
        robin.post(ENTRIES, ounce("2026-03-01T02:00:00Z")).await.expect(StatusCode::CREATED);
        robin.post(ENTRIES, ounce("2026-03-01T08:00:00Z")).await.expect(StatusCode::CREATED);
    }
    robin.log("water", 73, "2026-03-01T02:30:00Z").await;
    robin.log("water", 100, "2026-03-01T09:00:00Z").await;
    prefer(&robin, "UTC", 4).await;
    let days = recompute(&robin).await["days"].clone();
    let tenths = |day: &Value| json!([day["day"], day["water_fl_oz_tenths_before"], day["water_fl_oz_tenths_after"]]);
    let shown = days.as_array().unwrap().iter().map(tenths).collect::<Vec<_>>();
    // 173 ml are 5.85 fl oz, 73 ml are 2.47 and 100 ml are 3.38.
    assert_eq!(shown, [json!(["2026-02-28", 0, 105]), json!(["2026-03-01", 218, 114])]);
    let status = robin.get("/api/v1/people/robin/status").await;
    assert_eq!(status.json["water"]["today_fl_oz_tenths"], 114, "as the day itself says");
}

#[actix_web::test]
async fn only_what_was_shown_moves() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    let night = robin.log("water", 250, "2026-03-01T02:00:00Z").await;
    sasha.log("water", 250, "2026-03-01T02:00:00Z").await;
    prefer(&robin, "UTC", 4).await;
    prefer(&sasha, "UTC", 4).await;
    let digest = preview(&robin).await.json["digest"].clone();
    let theirs = preview(&sasha).await.json["digest"].clone();
    let before = app.contents();
    for missing in [json!({}), json!({"digest": null})] {
        assert_eq!(robin.post(RECOMPUTE, missing).await.expect_problem(422, "invalid").fields(), ["digest"]);
    }
    for wrong in [theirs, json!(""), json!("x")] {
        robin.post(RECOMPUTE, json!({"digest": wrong})).await.expect_problem(409, "changed_since_preview");
    }
    assert_eq!(app.contents(), before);
    prefer(&robin, "Pacific/Kiritimati", 0).await;
    robin.post(RECOMPUTE, json!({"digest": digest})).await.expect_problem(409, "changed_since_preview");
    prefer(&robin, "UTC", 4).await;
    robin.patch(&path(&night), json!({"value": 300})).await.expect(StatusCode::OK);
    robin.post(RECOMPUTE, json!({"digest": digest})).await.expect_problem(409, "changed_since_preview");
    let digest = preview(&robin).await.json["digest"].clone();
    let theirs = sasha.get("/api/v1/people/sasha/entries").await.json;
    let new = robin.log("water", 100, "2026-03-01T03:00:00Z").await;
    assert_eq!(new["day"], "2026-02-28");
    robin.post(RECOMPUTE, json!({"digest": digest})).await.expect(StatusCode::OK);
    assert_eq!(robin.get(&path(&new)).await.json, new, "what is logged meanwhile has the right day anyway");
    assert_eq!(sasha.get("/api/v1/people/sasha/entries").await.json, theirs);
}

#[actix_web::test]
async fn nothing_is_lost_while_entries_arrive() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let sum = |entries: &[Value]| entries.iter().map(|entry| entry["value"].as_i64().unwrap()).sum::<i64>();
    let mut logged = 0;
    for round in 0..6 {
        prefer(&robin, "UTC", if round % 2 == 0 { 0 } else { 6 }).await;
        let robin = &robin;
        let writes = (0..40).map(|number| async move {
            robin.log("water", 1 + number, &format!("2026-03-01T{:02}:30:00Z", number % 12)).await
        });
        let (entries, ()) =
            futures_util::future::join(futures_util::future::join_all(writes), recompute_often(robin)).await;
        logged += sum(&entries);
    }
    recompute(&robin).await;
    let entries = all(&robin, "/api/v1/people/robin/entries?limit=100").await;
    assert_eq!((entries.len(), sum(&entries)), (240, logged));
    for entry in &entries {
        let at = Timestamp::parse(entry["at"].as_str().unwrap()).unwrap();
        assert_eq!(entry["day"], json!(at.logical_day(chrono_tz::UTC, 6)), "{entry}");
    }
    let status = robin.get("/api/v1/people/robin/status").await;
    let today = entries.iter().filter(|entry| entry["day"] == "2026-03-01").cloned().collect::<Vec<_>>();
    assert_eq!(status.json["water"]["today_ml"], sum(&today));
}

/// Applies a preview again and again, whether or not it still holds.
async fn recompute_often(client: &Client) {
    for _ in 0..5 {
        let digest = preview(client).await.json["digest"].clone();
        let answer = client.post(RECOMPUTE, json!({"digest": digest})).await;
        assert!([200, 409].contains(&answer.status.as_u16()), "{}", answer.json);
    }
}

#[actix_web::test]
async fn a_long_list_is_shown_in_part_and_done_whole() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let months = (0..1200).map(|number| format!("{}-{:02}-15T01:00:00Z", 2001 + number / 48, 1 + number / 4 % 12));
    for at in months.collect::<Vec<_>>().chunks(100) {
        futures_util::future::join_all(at.iter().map(|at| robin.log("water", 1, at))).await;
    }
    prefer(&robin, "UTC", 6).await;
    let done = recompute(&robin).await;
    assert_eq!(done["moved"], 1200);
    assert_eq!((done["items"].as_array().unwrap().len(), done["days"].as_array().unwrap().len()), (100, 100));
    assert_eq!(
        done["days"][0],
        json!({"day": "2001-01-14", "water_ml_before": 0, "water_ml_after": 4, "water_fl_oz_tenths_before": 0, "water_fl_oz_tenths_after": 1})
    );
    assert_eq!(
        done["days"][1],
        json!({"day": "2001-01-15", "water_ml_before": 4, "water_ml_after": 0, "water_fl_oz_tenths_before": 1, "water_fl_oz_tenths_after": 0})
    );
    assert_eq!(app.number("SELECT count(*) AS n FROM entries WHERE day LIKE '%-14'"), 1200);
    assert_eq!(app.number("SELECT count(*) AS n FROM entry_versions WHERE number = 1"), 1200);
}

#[actix_web::test]
async fn a_request_that_does_not_fit_is_refused() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let viewer = app.viewer().await;
    for (body, field) in [(json!({"digest": 7}), "digest"), (json!({"zone": "UTC"}), "zone"), (json!([]), "")] {
        let answer = robin.post(&format!("{RECOMPUTE}?dry_run=true"), body).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), [field]);
    }
    for query in ["dry_run=1", "dry_run", "zone=UTC"] {
        robin.post(&format!("{RECOMPUTE}?{query}"), json!({})).await.expect_problem(422, "invalid");
    }
    for query in ["", "?dry_run=true"] {
        viewer.post(&format!("{RECOMPUTE}{query}"), json!({})).await.expect_problem(403, "read_only_role");
    }
    robin.send("POST", RECOMPUTE, "application/json", "").await.expect_problem(400, "bad_request");
    robin.get(RECOMPUTE).await.expect_client_error();
    assert_eq!(app.number("SELECT count(*) AS n FROM entry_versions"), 0);
}

/// Their addresses look like those of an entry, and are not.
#[actix_web::test]
async fn another_method_is_not_taken_for_an_entry() {
    let app = TestApp::start().await;
    let robin = app.admin().await;
    for (name, allowed) in [("recompute", "POST"), ("rewind", "POST"), ("deleted", "GET, HEAD")] {
        let answer = robin.patch(&format!("{ENTRIES}/{name}"), json!({"value": 5})).await;
        answer.expect_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allowed);
    }
    robin.patch(&format!("{ENTRIES}/recomputed"), json!({"value": 5})).await.expect_problem(404, "not_found");
}
