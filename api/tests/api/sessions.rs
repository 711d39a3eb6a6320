//! Where somebody is signed in, and what ends it.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::clock::{DAY, HOUR, MINUTE};

use crate::support::{Client, PASSWORD, TestApp};

const NEW_PASSWORD: &str = "Wide-Meadow-38-swallows";

async fn sessions(client: &Client) -> Vec<Value> {
    let answer = client.get("/api/v1/me/sessions").await;
    answer.expect(StatusCode::OK).json["items"].as_array().unwrap().clone()
}

async fn current(client: &Client) -> Value {
    sessions(client).await.into_iter().find(|session| session["current"] == true).unwrap()
}

#[actix_web::test]
async fn devices_are_listed_so_that_one_recognises_them() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    app.clock.advance(1000);
    let request =
        app.anonymous().request("POST", "/api/v1/auth/login").insert_header(("user-agent", "a phone".repeat(100)));
    let body = json!({"username": viewer.username, "password": PASSWORD});
    request.send_json(&body).await.unwrap();
    let listed = sessions(&viewer).await;
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["kind"], &listed[0]["current"]), (&json!("cookie"), &json!(false)));
    assert_eq!(listed[0]["user_agent"].as_str().unwrap().len(), 200);
    assert_eq!(listed[0]["address"], "127.0.0.1");
    assert_eq!((&listed[1]["kind"], &listed[1]["current"]), (&json!("jwt"), &json!(true)));
}

#[actix_web::test]
async fn one_device_or_all_others_can_be_signed_out() {
    let app = TestApp::start().await;
    let (viewer, other) = (app.viewer().await, app.viewer().await);
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let theirs = sessions(&other).await[0]["id"].as_str().unwrap().to_owned();
    viewer.delete(&format!("/api/v1/me/sessions/{theirs}")).await.expect_problem(404, "not_found");
    other.get("/api/v1/me").await.expect(StatusCode::OK);

    let id = current(&page).await["id"].as_str().unwrap().to_owned();
    viewer.delete(&format!("/api/v1/me/sessions/{id}")).await.expect(StatusCode::NO_CONTENT);
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    viewer.delete(&format!("/api/v1/me/sessions/{id}")).await.expect_problem(404, "not_found");

    let again = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    again.delete("/api/v1/me/sessions").await.expect(StatusCode::NO_CONTENT);
    viewer.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    again.get("/api/v1/me").await.expect(StatusCode::OK);
    other.get("/api/v1/me").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn a_new_password_ends_every_other_session_and_the_old_password() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let change = |client: &Client, current: &str, new: &str| {
        let request = client.request("PUT", "/api/v1/me/password");
        let body = json!({"current_password": current, "new_password": new});
        async move { crate::support::Answer::of(request.send_json(&body).await.unwrap()).await }
    };
    change(&page, "not this one", NEW_PASSWORD).await.expect_problem(403, "wrong_password");
    let weak = change(&page, PASSWORD, "password").await;
    assert_eq!(weak.expect_problem(422, "invalid").fields(), ["new_password"]);
    viewer.get("/api/v1/me").await.expect(StatusCode::OK);

    change(&page, PASSWORD, NEW_PASSWORD).await.expect(StatusCode::NO_CONTENT);
    viewer.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    page.get("/api/v1/me").await.expect(StatusCode::OK);
    let old = json!({"username": viewer.username, "password": PASSWORD});
    app.anonymous().post("/api/v1/auth/login", old).await.expect_problem(401, "invalid_credentials");
    app.anonymous().sign_in(&viewer.username, NEW_PASSWORD).await;
}

#[actix_web::test]
async fn of_two_password_changes_at_once_one_wins() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let change = |client: &Client, new: &'static str| {
        let request = client.request("PUT", "/api/v1/me/password");
        async move {
            request
                .send_json(&json!({"current_password": PASSWORD, "new_password": new}))
                .await
                .unwrap()
                .status()
                .as_u16()
        }
    };
    let (one, two) =
        futures_util::future::join(change(&viewer, NEW_PASSWORD), change(&page, "Brave-Cobble-52-otters")).await;
    let mut outcomes = [one, two];
    outcomes.sort_unstable();
    // The loser finds its password changed (401), or its session already gone (401), or is late and simply wrong (403).
    assert_eq!(outcomes[0], 204);
    assert!([401, 403].contains(&outcomes[1]), "{outcomes:?}");
}

#[actix_web::test]
async fn a_session_ends_a_week_after_its_last_use() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    // Uses within ten minutes are not worth noting, later ones are, and reading writes none of them by itself.
    app.clock.advance(9 * MINUTE);
    page.get("/api/v1/me").await.expect(StatusCode::OK);
    app.state.seen.flush(&app.state.db).await.unwrap();
    assert_eq!(current(&page).await["last_seen_at"], "2026-03-01T12:00:00.000Z");
    app.clock.advance(HOUR);
    page.get("/api/v1/me").await.expect(StatusCode::OK);
    assert_eq!(current(&page).await["last_seen_at"], "2026-03-01T12:00:00.000Z");
    app.state.seen.flush(&app.state.db).await.unwrap();
    assert_eq!(current(&page).await["last_seen_at"], "2026-03-01T13:09:00.000Z");
    app.clock.advance(7 * DAY - 1);
    page.get("/api/v1/me").await.expect(StatusCode::OK);
    app.clock.advance(1);
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}
