use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::{
    account::model::Role,
    clock::{HOUR, MINUTE, SECOND},
};

use crate::support::{Client, PASSWORD, TestApp};

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
    app.clock.advance(SECOND);
    robin.delete(&format!("/api/v1/entries/{}", gone["id"].as_str().unwrap())).await.expect(StatusCode::NO_CONTENT);

    let viewer = app.viewer().await;
    let status = viewer.get("/api/v1/people/ROBIN/status").await;
    assert_eq!(
        status.json["water"],
        json!({"last_at": "2026-03-01T10:00:00.000Z", "last_ml": 250, "today_ml": 400, "goal_ml": 2000})
    );
    assert_eq!(status.json["altitude"], json!({"value": 7, "at": "2026-03-01T09:00:00.000Z"}));
    assert_eq!(status.json["updated_at"], "2026-03-01T12:00:01.000Z");
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

    // Another admin, a viewer and a name that nobody has look the same.
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
    for query in ["limit=0", "limit=501", "limit=x", "cursor=", "cursor=nonsense", "page=2", "limit=1&limit=2"] {
        assert_eq!(viewer.get(&format!("/api/v1/people?{query}")).await.status, 422, "{query}");
    }
    for (query, message) in [
        ("limit=x", "a number in it is not a whole number, or is out of range"),
        ("limit=-1", "a number in it is not a whole number, or is out of range"),
        ("limit=99999999999", "a number in it is not a whole number, or is out of range"),
        ("limit=", "a number in it is not a whole number, or is out of range"),
        ("page=2", "unknown field `page`, expected `limit` or `cursor`"),
        ("limit=1&limit=2", "duplicate field `limit`"),
    ] {
        let refused = viewer.get(&format!("/api/v1/people?{query}")).await;
        assert_eq!(refused.json["errors"][0]["message"], message, "{query}");
    }
}

#[actix_web::test]
async fn freshness_goes_by_the_persons_own_hours() {
    let app = TestApp::start().await;
    let (robin, viewer) = (app.named("robin", Role::Admin).await, app.viewer().await);
    robin.patch("/api/v1/me", json!({"ageing_after_hours": 2, "stale_after_hours": 5})).await.expect(StatusCode::OK);
    robin.log("water", 250, "2026-03-01T12:05:00Z").await;
    // The entry lies five minutes ahead, by the clock of the device on which it was logged.
    for (moved, freshness) in [
        (0, "fresh"),
        (2 * HOUR + 5 * MINUTE - 1, "fresh"),
        (1, "ageing"),
        (3 * HOUR - 1, "ageing"),
        (1, "stale"),
        (1000 * HOUR, "stale"),
    ] {
        app.clock.advance(moved);
        let viewer = fresh_session(&app, &viewer).await;
        assert_eq!(viewer.get("/api/v1/people/robin/status").await.json["freshness"], freshness, "{}", app.clock.now());
    }
}

/// Signs in again, as somebody who has been away for weeks.
async fn fresh_session(app: &TestApp, client: &Client) -> Client {
    app.anonymous().sign_in(&client.username, PASSWORD).await
}

#[actix_web::test]
async fn other_hours_count_at_once() {
    let app = TestApp::start().await;
    let (robin, viewer) = (app.named("robin", Role::Admin).await, app.viewer().await);
    robin.log("water", 250, "2026-03-01T04:00:00Z").await;
    for (hours, freshness) in [
        (json!({}), "ageing"),
        (json!({"ageing_after_hours": 9}), "fresh"),
        (json!({"ageing_after_hours": 1, "stale_after_hours": 8}), "stale"),
        (json!({"stale_after_hours": 9}), "ageing"),
        (json!({"stale_after_hours": 336, "ageing_after_hours": 168}), "fresh"),
        (json!({"stale_after_hours": 2, "ageing_after_hours": 1}), "stale"),
    ] {
        robin.patch("/api/v1/me", hours.clone()).await.expect(StatusCode::OK);
        assert_eq!(viewer.get("/api/v1/people/robin/status").await.json["freshness"], freshness, "{hours}");
    }
}

#[actix_web::test]
async fn hours_that_do_not_fit_are_refused() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let before = robin.get("/api/v1/me").await.json;
    for (field, value) in [
        ("ageing_after_hours", json!(0)),
        ("ageing_after_hours", json!(-1)),
        ("ageing_after_hours", json!(169)),
        ("ageing_after_hours", json!("6")),
        ("ageing_after_hours", json!(6.5)),
        ("ageing_after_hours", json!(null)),
        ("ageing_after_hours", json!(32_768)),
        ("stale_after_hours", json!(1)),
        ("stale_after_hours", json!(337)),
        ("stale_after_hours", json!(null)),
        ("stale_after_hours", json!(6)),
        ("stale_after_hours", json!(5)),
    ] {
        let answer = robin.patch("/api/v1/me", json!({field: value})).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), [field], "{value}");
    }
    let both = json!({"ageing_after_hours": 24});
    assert_eq!(robin.patch("/api/v1/me", both).await.expect_problem(422, "invalid").fields(), ["stale_after_hours"]);
    assert_eq!(robin.get("/api/v1/me").await.json, before);
}

#[actix_web::test]
async fn freshness_comes_only_from_what_a_viewer_sees() {
    let app = TestApp::start().await;
    let (robin, viewer) = (app.named("robin", Role::Admin).await, app.viewer().await);
    robin.log("altitude", 7, "2026-02-28T00:00:00Z").await;
    let water = robin.log("water", 250, "2026-03-01T11:00:00Z").await;
    for (of_water, of_altitude, freshness, updated_at) in [
        ("exact", "exact", "fresh", json!("2026-03-01T12:00:00.000Z")),
        ("logged", "none", "fresh", json!("2026-03-01T11:00:00.000Z")),
        ("band", "none", "fresh", json!("2026-03-01T11:00:00.000Z")),
        ("none", "exact", "stale", json!("2026-02-28T00:00:00.000Z")),
        ("none", "logged", "stale", json!("2026-02-28T00:00:00.000Z")),
        ("none", "none", "never", json!(null)),
    ] {
        app.execute(&format!("UPDATE shares SET water = '{of_water}', altitude = '{of_altitude}'"));
        let status = viewer.get("/api/v1/people/robin/status").await.json;
        assert_eq!((&status["freshness"], &status["updated_at"]), (&json!(freshness), &updated_at), "{status}");
    }
    // Nor does deleting a hidden entry show.
    app.execute("UPDATE shares SET water = 'none', altitude = 'logged'");
    let before = viewer.get("/api/v1/people/robin/status").await.json;
    robin.delete(&format!("/api/v1/entries/{}", water["id"].as_str().unwrap())).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(viewer.get("/api/v1/people/robin/status").await.json, before);
}
