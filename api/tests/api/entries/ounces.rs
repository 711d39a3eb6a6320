//! Water that was typed in fluid ounces keeps its tenths beside the millilitres, through every change and back.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{account::model::Role, clock::SECOND};

use super::{ENTRIES, ID, path};
use crate::support::{Client, TestApp};

const AT: &str = "2026-03-01T08:00:00Z";
const STATUS: &str = "/api/v1/people/robin/status";

fn ounces(ml: i32, tenths: i32) -> Value {
    json!({"metric": "water", "value": ml, "fl_oz_tenths": tenths, "at": AT})
}

async fn water(client: &Client) -> Value {
    client.get(STATUS).await.expect(StatusCode::OK).json["water"].clone()
}

#[actix_web::test]
async fn sixteen_ounces_one_by_one_are_sixteen() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    for _ in 0..16 {
        let logged = robin.post(ENTRIES, ounces(30, 10)).await;
        assert_eq!(logged.expect(StatusCode::CREATED).json["fl_oz_tenths"], 10);
    }
    let status = water(&robin).await;
    assert_eq!(status["today_ml"], 480, "millilitres are what they were");
    assert_eq!(status["today_fl_oz_tenths"], 160);
    assert_eq!(status["last_fl_oz_tenths"], 10);

    // Water that was typed in millilitres is rounded once: 173 ml are 5.85 fl oz.
    robin.log("water", 100, "2026-03-01T09:00:00Z").await;
    robin.log("water", 73, "2026-03-01T09:30:00Z").await;
    let status = water(&robin).await;
    assert_eq!((&status["today_fl_oz_tenths"], &status["today_ml"]), (&json!(218), &json!(653)));
    assert_eq!(status.get("last_fl_oz_tenths"), None, "the last one was typed in millilitres");
}

#[actix_web::test]
async fn a_person_who_types_millilitres_sees_no_difference() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let entry = robin.log("water", 250, AT).await;
    assert_eq!(entry.get("fl_oz_tenths"), None);
    let goal = 2000;
    let at = "2026-03-01T08:00:00.000Z";
    assert_eq!(water(&robin).await, json!({"last_at": at, "last_ml": 250, "today_ml": 250, "goal_ml": goal}));
}

#[actix_web::test]
async fn tenths_that_are_not_the_millilitres_are_refused() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let before = app.contents();
    for (ml, tenths) in [(30, 11), (30, 9), (30, 0), (30, -10), (250, 1), (5000, 1690), (5000, i32::MAX)] {
        let refused = robin.post(ENTRIES, ounces(ml, tenths)).await;
        assert_eq!(refused.expect_problem(422, "invalid").json["errors"][0]["field"], "fl_oz_tenths", "{ml} {tenths}");
    }
    let altitude = json!({"metric": "altitude", "value": 7, "fl_oz_tenths": 2});
    robin.post(ENTRIES, altitude).await.expect_problem(422, "invalid");
    robin
        .post(ENTRIES, json!({"metric": "water", "value": 30, "fl_oz_tenths": 1.5}))
        .await
        .expect_problem(422, "invalid");
    assert_eq!(app.contents(), before);
    robin.post(ENTRIES, ounces(5000, 1691)).await.expect(StatusCode::CREATED);
}

#[actix_web::test]
async fn ounces_stay_as_long_as_they_are_true() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let entry = robin.post(ENTRIES, ounces(473, 160)).await.json;
    let change = async |body: Value| {
        app.clock.advance(SECOND);
        robin.patch(&path(&entry), body).await
    };
    let tenths = |answer: &crate::support::Answer| answer.json.get("fl_oz_tenths").cloned();
    let noted = change(json!({"note": "tea"})).await;
    assert_eq!(tenths(&noted), Some(json!(160)), "another note is the same amount");
    let same = change(json!({"value": 473})).await;
    assert_eq!(tenths(&same), Some(json!(160)));
    let more = change(json!({"value": 500})).await;
    assert_eq!(tenths(&more), None, "another amount was not typed in ounces");
    let typed = change(json!({"value": 503, "fl_oz_tenths": 170})).await;
    assert_eq!(tenths(&typed), Some(json!(170)));
    let taken = change(json!({"fl_oz_tenths": null})).await;
    assert_eq!(tenths(&taken), None);
    change(json!({"fl_oz_tenths": 160})).await.expect_problem(422, "invalid");
    assert_eq!(tenths(&robin.get(&path(&entry)).await), None);

    let versions = robin.get(&format!("{}/versions", path(&entry))).await.json["items"].clone();
    let kept: Vec<_> =
        versions.as_array().unwrap().iter().map(|version| version.get("fl_oz_tenths").cloned()).collect();
    assert_eq!(kept, [Some(json!(170)), None, Some(json!(160)), Some(json!(160))]);
}

#[actix_web::test]
async fn they_come_back_by_every_way_back() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let entry = robin.post(ENTRIES, ounces(473, 160)).await.json;
    let now = async || robin.get(&path(&entry)).await.json.get("fl_oz_tenths").cloned();
    app.clock.advance(SECOND);
    robin.patch(&path(&entry), json!({"value": 500})).await.expect(StatusCode::OK);
    app.clock.advance(SECOND);
    robin.post(&format!("{}/versions/1/restore", path(&entry)), json!({})).await.expect(StatusCode::OK);
    assert_eq!(now().await, Some(json!(160)), "a version");

    robin.delete(&path(&entry)).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(robin.get("/api/v1/entries/deleted").await.json["items"][0]["fl_oz_tenths"], 160);
    robin.post(&format!("{}/restore", path(&entry)), json!({})).await.expect(StatusCode::OK);
    assert_eq!(now().await, Some(json!(160)), "what was deleted");

    let moment = app.clock.now();
    app.clock.advance(SECOND);
    robin.patch(&path(&entry), json!({"fl_oz_tenths": null})).await.expect(StatusCode::OK);
    let rewind = async |dry_run, body: Value| robin.post(&format!("{ENTRIES}/rewind?dry_run={dry_run}"), body).await;
    let preview = rewind(true, json!({"to": moment})).await;
    assert_eq!(preview.json["changed"], 1, "{}", preview.json);
    rewind(false, json!({"to": moment, "digest": preview.json["digest"]})).await.expect(StatusCode::OK);
    assert_eq!(now().await, Some(json!(160)), "all of them");
}

#[actix_web::test]
async fn the_same_sent_again_is_the_same_in_ounces_too() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let body = |tenths: Value| json!({"id": ID, "metric": "water", "value": 473, "fl_oz_tenths": tenths, "at": AT});
    robin.post(ENTRIES, body(json!(160))).await.expect(StatusCode::CREATED);
    robin.post(ENTRIES, body(json!(160))).await.expect(StatusCode::OK);
    robin.post(ENTRIES, body(json!(null))).await.expect_problem(409, "id_conflict");
}

#[actix_web::test]
async fn a_viewer_without_exact_water_sees_no_ounces() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    robin.patch("/api/v1/me", json!({"daily_goal_ml": 1893, "unit": "fl_oz"})).await.expect(StatusCode::OK);
    robin.post(ENTRIES, ounces(473, 160)).await.expect(StatusCode::CREATED);
    for detail in ["band", "logged", "none"] {
        let share = json!({"state": "approved", "water": detail});
        robin.patch("/api/v1/me/shares/alex", share).await.expect(StatusCode::OK);
        for address in [STATUS, "/api/v1/people/robin/entries", "/api/v1/people"] {
            let seen = alex.get(address).await;
            seen.expect(StatusCode::OK);
            assert!(!seen.json.to_string().contains("fl_oz_tenths"), "{detail} {address}: {}", seen.json);
        }
    }
    robin.patch("/api/v1/me/shares/alex", json!({"water": "exact"})).await.expect(StatusCode::OK);
    assert_eq!(alex.get(STATUS).await.json["water"]["today_fl_oz_tenths"], 160);

    // Four times sixteen ounces reach a goal of sixty-four, though rounding each to whole millilitres gives 1892 of 1893.
    for _ in 0..3 {
        robin.post(ENTRIES, ounces(473, 160)).await.expect(StatusCode::CREATED);
    }
    robin.patch("/api/v1/me/shares/alex", json!({"water": "band"})).await.expect(StatusCode::OK);
    assert_eq!(alex.get(STATUS).await.json["water"]["band"], "high");
}
