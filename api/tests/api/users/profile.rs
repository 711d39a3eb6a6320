use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::account::model::Role;

use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn an_account_starts_with_preferences_that_work() {
    let app = TestApp::start().await;
    let me = app.named("Robin", Role::Admin).await.get("/api/v1/me").await;
    me.expect(StatusCode::OK);
    assert_eq!(me.json["username"], "robin");
    assert_eq!(me.json["display_name"], "Robin", "shown as it was typed");
    assert_eq!(me.json["role"], "admin");
    assert_eq!(me.json["time_zone"], "UTC");
    assert_eq!(me.json["day_starts_at"], 0);
    assert_eq!(me.json["unit"], "ml");
    assert_eq!(me.json["daily_goal_ml"], 2000);
    assert_eq!(me.json["water_presets_ml"], json!([150, 250, 500]));
    assert!(me.json.get("password_hash").is_none() && me.json.get("id").is_none());
}

/// A zone can leave the tz database, and so an update of the program.
#[actix_web::test]
async fn a_zone_that_is_no_longer_one_stays_and_counts_as_utc() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    for gone in ["Asia/Atlantis", "europe/berlin", "Mars/Olympus", ""] {
        app.execute(&format!("UPDATE users SET time_zone = '{gone}', time_zone_set = 1"));
        assert_eq!(robin.get("/api/v1/me").await.expect(StatusCode::OK).json["time_zone"], gone);
        let changed = robin.patch("/api/v1/me", json!({"daily_goal_ml": 1500, "unit": "ml"})).await;
        assert_eq!(changed.expect(StatusCode::OK).json["time_zone"], gone);
        assert_eq!(app.number(&format!("SELECT count(*) AS n FROM users WHERE time_zone = '{gone}'")), 1);
        let status = robin.get("/api/v1/people/robin/status").await;
        assert_eq!(status.expect(StatusCode::OK).json["person"]["time_zone"], gone);
        let late = json!({"metric": "water", "value": 100, "at": "2026-02-27T23:59:59Z"});
        let entry = robin.post("/api/v1/entries", late).await;
        assert_eq!(entry.expect(StatusCode::CREATED).json["day"], "2026-02-27");
        let back = robin.patch("/api/v1/me", json!({"time_zone": gone})).await;
        assert_eq!(back.expect(StatusCode::UNPROCESSABLE_ENTITY).fields(), ["time_zone"], "nobody chooses it any more");
    }
}

#[actix_web::test]
async fn a_field_that_is_left_out_of_a_change_stays() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let changed = viewer.patch("/api/v1/me", json!({"unit": "fl_oz", "water_presets_ml": [100, 200, 300]})).await;
    changed.expect(StatusCode::OK);
    let changed = viewer.patch("/api/v1/me", json!({"display_name": "Zoë", "time_zone": "Pacific/Auckland"})).await;
    assert_eq!(changed.json["unit"], "fl_oz");
    assert_eq!(changed.json["water_presets_ml"], json!([100, 200, 300]));
    assert_eq!(changed.json["display_name"], "Zoë");
    assert_eq!(viewer.patch("/api/v1/me", json!({})).await.json, changed.json);
    assert_eq!(viewer.get("/api/v1/me").await.json, changed.json);
}

#[actix_web::test]
async fn the_zone_of_the_first_device_is_taken_while_nobody_chose_one_and_nothing_was_logged() {
    let app = TestApp::start().await;
    let device = |zone: &str| json!({"device_time_zone": zone});
    let zone = |me: &serde_json::Value| (me["time_zone"].clone(), me["time_zone_set"].clone());

    let robin = app.named("robin", Role::Admin).await;
    assert_eq!(robin.get("/api/v1/me").await.json["time_zone_set"], false);
    let taken = robin.patch("/api/v1/me", device("America/Los_Angeles")).await;
    assert_eq!(zone(&taken.expect(StatusCode::OK).json), (json!("America/Los_Angeles"), json!(true)));
    let second = robin.patch("/api/v1/me", device("Asia/Tokyo")).await;
    assert_eq!(zone(&second.json), (json!("America/Los_Angeles"), json!(true)), "never a second time");

    // The zone was chosen, even if it is the one there was.
    let kim = app.named("kim", Role::Viewer).await;
    kim.patch("/api/v1/me", json!({"time_zone": "UTC"})).await.expect(StatusCode::OK);
    assert_eq!(zone(&kim.patch("/api/v1/me", device("Asia/Tokyo")).await.json), (json!("UTC"), json!(true)));

    // Something was logged, even if it is deleted by now: it has a day.
    let sam = app.named("sam", Role::Admin).await;
    let entry = sam.log("water", 250, "2026-03-01T08:00:00Z").await;
    let path = format!("/api/v1/entries/{}", entry["id"].as_str().unwrap());
    assert_eq!(zone(&sam.patch("/api/v1/me", device("Asia/Tokyo")).await.json), (json!("UTC"), json!(false)));
    sam.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(zone(&sam.patch("/api/v1/me", device("Asia/Tokyo")).await.json), (json!("UTC"), json!(false)));

    // A zone chosen in the same request wins, and a zone that does not exist is refused.
    let alex = app.named("alex", Role::Viewer).await;
    let both = alex.patch("/api/v1/me", json!({"time_zone": "Asia/Kolkata", "device_time_zone": "Asia/Tokyo"})).await;
    assert_eq!(zone(&both.json), (json!("Asia/Kolkata"), json!(true)));
    for wrong in ["Etc/Unknown", "", "Local"] {
        alex.patch("/api/v1/me", device(wrong)).await.expect_problem(422, "invalid");
    }
    let jo = app.named("jo", Role::Viewer).await;
    let alias = jo.patch("/api/v1/me", device("Asia/Calcutta")).await;
    assert_eq!(alias.expect(StatusCode::OK).json["time_zone"], "Asia/Calcutta", "an old name is a name");
}

#[actix_web::test]
async fn a_change_that_does_not_fit_is_refused_whole() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let before = app.contents();
    for (field, value) in [
        ("display_name", json!("")),
        ("display_name", json!("   ")),
        ("display_name", json!("a\u{0}b")),
        ("display_name", json!("x".repeat(65))),
        ("display_name", json!(null)),
        ("time_zone", json!("Mars/Olympus")),
        ("time_zone", json!("")),
        ("day_starts_at", json!(7)),
        ("day_starts_at", json!(-1)),
        ("day_starts_at", json!(99_999)),
        ("unit", json!("pint")),
        ("daily_goal_ml", json!(99)),
        ("daily_goal_ml", json!(10_001)),
        ("daily_goal_ml", json!("2000")),
        ("water_presets_ml", json!([100, 200])),
        ("water_presets_ml", json!([100, 200, 5001])),
        ("water_presets_ml", json!([100, 200, 300, 400])),
        ("role", json!("admin")),
        ("username", json!("root")),
    ] {
        let answer = admin.patch("/api/v1/me", json!({"daily_goal_ml": 3000, field: value})).await;
        answer.expect_problem(422, "invalid");
        assert!(answer.fields()[0].starts_with(field), "{field} {value}: {}", answer.json);
    }
    assert_eq!(app.contents(), before);
}

#[actix_web::test]
async fn deleting_an_account_erases_it_and_ends_its_sessions() {
    let app = TestApp::start().await;
    let (admin, _other) = (app.admin().await, app.admin().await);
    admin.log("water", 250, "2026-03-01T08:00:00Z").await;
    let page = app.anonymous().sign_in(&admin.username, PASSWORD).await;
    let before = app.contents();

    let wrong = admin.send("DELETE", "/api/v1/me", "application/json", r#"{"password":"not this one"}"#).await;
    wrong.expect_problem(403, "wrong_password");
    assert_eq!(app.contents(), before);

    let body = json!({"password": PASSWORD}).to_string();
    admin.send("DELETE", "/api/v1/me", "application/json", body).await.expect(StatusCode::NO_CONTENT);
    admin.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    assert!(!app.contents().contains(&admin.username) && !app.contents().contains("water"));
}

#[actix_web::test]
async fn the_last_admin_stays_even_if_two_leave_at_once() {
    let app = TestApp::start().await;
    let (one, two, _viewer) = (app.admin().await, app.admin().await, app.viewer().await);
    let body = json!({"password": PASSWORD}).to_string();
    let leave = |client: crate::support::Client| {
        let body = body.clone();
        async move { client.send("DELETE", "/api/v1/me", "application/json", body).await.status.as_u16() }
    };
    let mut outcomes = <[u16; 2]>::from(futures_util::future::join(leave(one), leave(two)).await);
    outcomes.sort_unstable();
    assert_eq!(outcomes, [204, 409]);
}

#[actix_web::test]
async fn the_privacy_policy_is_there_for_everybody_and_may_be_cached() {
    let app = TestApp::start().await;
    let policy = app.anonymous().get("/api/v1/privacy-policy").await;
    policy.expect(StatusCode::OK);
    assert_eq!(policy.header("cache-control"), "public, max-age=300");
    assert!(policy.json["text"].as_str().unwrap().contains("# Who sees it"));
    assert!(policy.json["version"].as_str().unwrap().starts_with(policy.json["date"].as_str().unwrap()));
}

#[actix_web::test]
async fn the_privacy_policy_in_force_is_accepted_and_no_other() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let name = viewer.username.as_str();
    assert_eq!(viewer.get("/api/v1/me").await.json["privacy_policy_due"], true);
    for version in [json!("2020-01-01"), json!(""), json!(null), json!(20_261_101)] {
        let answer =
            viewer.patch("/api/v1/me", json!({"privacy_policy_version": version, "daily_goal_ml": 3000})).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), ["privacy_policy_version"]);
    }
    assert!(app.recorded("privacy.accept").is_empty() && app.recorded("user.update").is_empty());
    app.clock.advance(1000);
    let accepted = viewer.patch("/api/v1/me", json!({"privacy_policy_version": "2026-11-25.2"})).await;
    assert_eq!((&accepted.json["privacy_policy_due"], &accepted.json["daily_goal_ml"]), (&json!(false), &json!(2000)));
    assert_eq!(app.recorded("privacy.accept"), [[name, name, "success", "2026-11-25.2"].map(str::to_owned)]);
    assert!(app.recorded("user.update").is_empty(), "nothing else was changed");
    let at = format!("SELECT privacy_policy_accepted_at AS n FROM users WHERE username = '{name}'");
    assert_eq!(app.number(&at), app.clock.now().0);
}
