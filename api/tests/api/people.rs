use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::{clock::HOUR, users::model::Role};

use crate::support::TestApp;

#[actix_web::test]
async fn a_person_who_never_logged_has_an_empty_status() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let status = robin.get("/api/v1/people/robin/status").await;
    assert_eq!(
        status.expect(StatusCode::OK).json,
        json!({
            "person": {"username": "robin", "display_name": "robin", "time_zone": "UTC"},
            "day": "2026-03-01",
            "water": {"last_at": null, "last_ml": null, "today_ml": 0, "goal_ml": 2000},
            "altitude": {"value": null, "at": null},
            "freshness": "never",
            "updated_at": null,
        })
    );
}

#[actix_web::test]
async fn status_tells_what_is_true_now() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    robin.log("water", 500, "2026-02-28T23:59:59Z").await;
    robin.log("water", 250, "2026-03-01T10:00:00Z").await;
    robin.log("water", 150, "2026-03-01T08:00:00Z").await;
    robin.log("altitude", 7, "2026-03-01T09:00:00Z").await;
    robin.log("altitude", 3, "2026-03-01T07:00:00Z").await;
    let gone = robin.log("water", 900, "2026-03-01T11:00:00Z").await;
    robin.delete(&format!("/api/v1/entries/{}", gone["id"].as_str().unwrap())).await.expect(StatusCode::NO_CONTENT);

    let viewer = app.viewer().await;
    let status = viewer.get("/api/v1/people/ROBIN/status").await;
    assert_eq!(
        status.json["water"],
        json!({"last_at": "2026-03-01T10:00:00.000Z", "last_ml": 250, "today_ml": 400, "goal_ml": 2000})
    );
    assert_eq!(status.json["altitude"], json!({"value": 7, "at": "2026-03-01T09:00:00.000Z"}));
    assert_eq!(status.json["updated_at"], "2026-03-01T12:00:00.000Z");
}

#[actix_web::test]
async fn today_is_the_persons_own_and_old_days_stay() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    robin.log("water", 100, "2026-03-01T11:30:00Z").await;
    robin.patch("/api/v1/me", json!({"time_zone": "Pacific/Kiritimati"})).await.expect(StatusCode::OK);
    let status = robin.get("/api/v1/people/robin/status").await;
    assert_eq!((&status.json["day"], &status.json["water"]["today_ml"]), (&json!("2026-03-02"), &json!(0)));
    let moved = robin.log("water", 200, "2026-03-01T11:45:00Z").await;
    assert_eq!(moved["day"], "2026-03-02");
    let status = robin.get("/api/v1/people/robin/status").await;
    assert_eq!(status.json["water"]["today_ml"], 200, "what was written under the old zone keeps its day");
    robin.patch("/api/v1/me", json!({"time_zone": "UTC", "day_starts_at": 6})).await.expect(StatusCode::OK);
    assert_eq!(robin.log("water", 50, "2026-03-01T05:59:59Z").await["day"], "2026-02-28");
}

#[actix_web::test]
async fn freshness_is_the_age_of_the_newest_entry() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    robin.log("altitude", 5, "2026-03-01T12:00:00Z").await;
    for (hours, freshness) in [(0, "fresh"), (6, "ageing"), (18, "stale")] {
        app.clock.advance(hours * HOUR);
        assert_eq!(robin.get("/api/v1/people/robin/status").await.json["freshness"], freshness);
    }
}

#[actix_web::test]
async fn a_viewer_sees_every_person_and_an_admin_themself() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let sasha = app.named("sasha", Role::Admin).await;
    let viewer = app.viewer().await;
    sasha.log("altitude", 9, "2026-03-01T11:00:00Z").await;

    let people = viewer.get("/api/v1/people").await;
    let names: Vec<_> = people.json["items"].as_array().unwrap().iter().map(|one| &one["person"]["username"]).collect();
    assert_eq!(names, ["robin", "sasha"]);
    assert_eq!(people.json["items"][1]["status"], viewer.get("/api/v1/people/sasha/status").await.json);
    let own = robin.get("/api/v1/people").await;
    assert_eq!(own.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(own.json["items"][0]["person"]["username"], "robin");

    // Another admin, a viewer and nobody at all look the same.
    for path in ["status", "entries"] {
        for who in ["sasha", &viewer.username, "nobody", "%01", ".%2f"] {
            robin.get(&format!("/api/v1/people/{who}/{path}")).await.expect_problem(404, "not_found");
        }
        viewer.get(&format!("/api/v1/people/{}/{path}", viewer.username)).await.expect_problem(404, "not_found");
    }
}

#[actix_web::test]
async fn people_come_in_pages() {
    let app = TestApp::start().await;
    for name in ["ada", "bob", "cyd", "dee", "eve"] {
        app.named(name, Role::Admin).await;
    }
    let (viewer, other) = (app.viewer().await, app.viewer().await);
    let mut names = Vec::new();
    let mut path = "/api/v1/people?limit=2".to_owned();
    loop {
        let page = viewer.get(&path).await;
        page.expect(StatusCode::OK);
        names.extend(page.json["items"].as_array().unwrap().iter().map(|one| one["person"]["username"].clone()));
        let Some(cursor) = page.json["next_cursor"].as_str() else { break };
        path = format!("/api/v1/people?limit=2&cursor={cursor}");
        other.get(&path).await.expect_problem(422, "invalid_cursor");
    }
    assert_eq!(names, ["ada", "bob", "cyd", "dee", "eve"]);
    for query in ["limit=0", "limit=101", "limit=x", "cursor=", "cursor=nonsense", "page=2", "limit=1&limit=2"] {
        assert_eq!(viewer.get(&format!("/api/v1/people?{query}")).await.status, 422, "{query}");
    }
}
