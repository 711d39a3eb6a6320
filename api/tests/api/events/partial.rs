//! Events for viewers who see only a part: the status follows what they see, and hidden changes do not show.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{account::model::Role, metric::Detail, people::sharing::Granted};

use super::change_share;
use crate::support::{Client, NOON, TestApp};

#[actix_web::test]
async fn a_hidden_change_moves_no_heartbeat() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let sasha = app.named("sasha", Role::Admin).await;
    let mut own = robin.listen("robin").await;
    let mut tick = sasha.listen("sasha").await;
    own.expect("status").await;
    tick.expect("status").await;
    app.clock.advance(100);
    let mut stream = alex.listen("robin").await;
    stream.expect("status").await;
    own.expect("share").await;
    app.clock.advance(14_900);
    tick.heartbeat().await;
    // The heartbeat of alex is due, but the second is not over.
    app.clock.advance(100);
    robin.patch("/api/v1/me", json!({"unit": "fl_oz"})).await.expect(StatusCode::OK);
    own.expect("me").await;
    robin.log("water", 250, NOON).await;
    stream.expect("entry").await;
    assert_eq!(stream.comments, 1, "nothing but the word at the beginning");
}

#[actix_web::test]
async fn a_viewer_without_the_history_hears_the_status_alone() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    robin.log("water", 250, NOON).await;
    change_share(&app, |share| share.set_terms(Granted { history: false, ..Granted::USUAL })).await;
    let mut stream = alex.listen("robin").await;
    let first = stream.expect("status").await;
    // This changes nothing that they see.
    let old = robin.log("water", 100, "2026-02-01T08:00:00Z").await;
    robin.delete(&format!("/api/v1/entries/{}", old["id"].as_str().unwrap())).await;
    robin.log("altitude", 7, NOON).await;
    let second = stream.expect("status").await;
    assert_eq!(second.data["altitude"]["value"], 7);
    assert_eq!(second.data, alex.get("/api/v1/people/robin/status").await.json);
    assert_eq!(alex.listen_after("robin", &first.id).await.expect("status").await, second);
    alex.listen_after("robin", &second.id).await.heartbeat().await;
}

#[actix_web::test]
async fn a_viewer_without_the_history_is_told_nothing_when_the_past_changes() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    robin.log("water", 250, NOON).await;
    change_share(&app, |share| share.set_terms(Granted { history: false, ..Granted::USUAL })).await;
    let mut stream = alex.listen("robin").await;
    stream.expect("status").await;
    app.clock.advance(1);
    robin.log("water", 100, "2026-02-01T08:00:00Z").await;
    rewind(&robin).await;
    app.clock.advance(1);
    robin.log("altitude", 7, NOON).await;
    assert_eq!(stream.expect("status").await.data["altitude"]["value"], 7);
    // Changes of visible data are sent all the same, and so is a change of their own share.
    rewind(&robin).await;
    assert_eq!(stream.expect("status").await.data["altitude"]["value"], json!(null));
    change_share(&app, |share| share.set_terms(Granted { history: false, water: Detail::None, ..Granted::USUAL }))
        .await;
    stream.expect("reset").await;
    assert_eq!(stream.expect("status").await.data["water"]["last_at"], json!(null));
}

/// Puts all entries back to noon.
async fn rewind(robin: &Client) {
    let path = "/api/v1/entries/rewind";
    let preview = robin.post(&format!("{path}?dry_run=true"), json!({"to": NOON})).await.json;
    assert_eq!(preview["removed"], 1, "{preview}");
    robin.post(path, json!({"to": NOON, "digest": preview["digest"]})).await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn a_band_of_the_day_that_moves_is_told_at_once() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    robin.patch("/api/v1/me", json!({"daily_goal_ml": 1000})).await.expect(StatusCode::OK);
    robin.log("water", 250, NOON).await;
    let glass = robin.log("water", 210, NOON).await;
    for history in [true, false] {
        let terms = Granted { water: Detail::Band, history, ..Granted::USUAL };
        change_share(&app, move |share| share.set_terms(terms)).await;
        let mut stream = alex.listen("robin").await;
        assert_eq!(stream.expect("status").await.data["water"]["band"], "low");
        // The glass stays in its band, but the day does not.
        let path = format!("/api/v1/entries/{}", glass["id"].as_str().unwrap());
        robin.patch(&path, json!({"value": 399})).await.expect(StatusCode::OK);
        let status = stream.expect("status").await;
        assert_eq!(status.data["water"]["band"], "middle");
        assert_eq!(status.data, alex.get("/api/v1/people/robin/status").await.json);
        robin.patch("/api/v1/me", json!({"daily_goal_ml": 600})).await.expect(StatusCode::OK);
        assert_eq!(stream.expect("status").await.data["water"]["band"], "high");
        robin.patch("/api/v1/me", json!({"daily_goal_ml": 1000})).await.expect(StatusCode::OK);
        assert_eq!(stream.expect("status").await.data["water"]["band"], "middle");
        robin.patch(&path, json!({"value": 210})).await.expect(StatusCode::OK);
        assert_eq!(stream.expect("status").await.data, status_without(&status.data, "low"));
    }
}

fn status_without(status: &Value, band: &str) -> Value {
    let mut status = status.clone();
    status["water"]["band"] = band.into();
    status
}

/// A hidden change of hours reaches every viewer at once by the status, and by nothing else.
#[actix_web::test]
async fn hours_are_told_by_the_status_alone() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    robin.log("water", 250, "2026-03-01T02:00:00Z").await;
    for granted in [
        Granted::USUAL,
        Granted { history: false, ..Granted::USUAL },
        Granted { water: Detail::Logged, altitude: Detail::None, ..Granted::USUAL },
    ] {
        change_share(&app, move |share| share.set_terms(granted)).await;
        let hours = json!({"ageing_after_hours": 6, "stale_after_hours": 24});
        robin.patch("/api/v1/me", hours.clone()).await;
        let mut stream = alex.listen("robin").await;
        let first = stream.expect("status").await;
        assert_eq!(first.data["freshness"], "ageing");
        for (change, freshness) in [
            (json!({"ageing_after_hours": 5}), None),
            (json!({"ageing_after_hours": 11}), Some("fresh")),
            (json!({"stale_after_hours": 12}), None),
            (json!({"day_starts_at": 3}), None),
            (json!({"ageing_after_hours": 1, "stale_after_hours": 9, "day_starts_at": 0}), Some("stale")),
        ] {
            robin.patch("/api/v1/me", change).await;
            if let Some(freshness) = freshness {
                assert_eq!(stream.expect("status").await.data["freshness"], freshness, "{granted:?}");
            }
        }
        robin.patch("/api/v1/me", hours).await;
        // The same state has the same id again, despite the changes in between.
        let last = stream.expect("status").await;
        assert_eq!((&last.data, &last.id), (&first.data, &first.id), "{granted:?}");
    }
}

#[actix_web::test]
async fn a_hidden_change_is_not_the_moment_at_which_time_shows() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    // The entry is about to count as ageing.
    let glass = robin.log("water", 250, "2026-03-01T06:00:05Z").await;
    let mut own = robin.listen("robin").await;
    own.expect("status").await;
    let band = Granted { water: Detail::Band, ..Granted::USUAL };
    for (number, terms) in [band, Granted { history: false, ..Granted::USUAL }].into_iter().enumerate() {
        change_share(&app, move |share| share.set_terms(terms)).await;
        let mut stream = alex.listen("robin").await;
        assert_eq!(stream.expect("status").await.data["freshness"], "fresh");
        app.clock.advance(6000);
        let hidden = if number == 0 {
            let path = format!("/api/v1/entries/{}", glass["id"].as_str().unwrap());
            robin.patch(&path, json!({"value": 251})).await
        } else {
            robin.post("/api/v1/entries", json!({"metric": "water", "value": 1, "at": "2026-02-01T08:00:00Z"})).await
        };
        while own.next().await.unwrap().data["entry"]["id"] != hidden.json["id"] {}
        let name = format!("Robin {number}");
        robin.patch("/api/v1/me", json!({"display_name": name})).await.expect(StatusCode::OK);
        let status = stream.expect("status").await.data;
        assert_eq!((&status["freshness"], &status["person"]["display_name"]), (&json!("ageing"), &json!(name)));
        app.clock.advance(-6000);
    }
}
