//! Guessing passwords.

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::{auth::lockout, clock::MINUTE};

use crate::support::{Answer, PASSWORD, TestApp};

const WRONG: &str = "Quiet-Harbour-71-lanternS";

async fn attempt(app: &TestApp, username: &str, password: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/login", json!({"username": username, "password": password})).await
}

#[actix_web::test]
async fn five_failures_lock_a_name_for_half_an_hour_and_no_longer() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for _ in 0..5 {
        attempt(&app, &viewer.username, WRONG).await.expect_problem(401, "invalid_credentials");
        app.clock.advance(MINUTE);
    }
    let locked = attempt(&app, &viewer.username, PASSWORD).await;
    locked.expect_problem(423, "locked");
    assert_eq!(locked.header("retry-after"), "1740", "half an hour from the last failure, a minute ago");
    attempt(&app, &viewer.username.to_uppercase(), PASSWORD).await.expect_problem(423, "locked");
    viewer.get("/api/v1/me").await.expect(StatusCode::OK);

    // Attempts meanwhile do not prolong it.
    app.clock.advance(28 * MINUTE);
    attempt(&app, &viewer.username, WRONG).await.expect_problem(423, "locked");
    app.clock.advance(MINUTE);
    attempt(&app, &viewer.username, PASSWORD).await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn a_name_that_nobody_has_is_locked_alike() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for name in [viewer.username.as_str(), "nobody", "no name at all '; --"] {
        let mut seen = Vec::new();
        for _ in 0..7 {
            let mut answer = attempt(&app, name, WRONG).await;
            answer.json["request_id"] = json!(null);
            seen.push((answer.status.as_u16(), answer.json.to_string(), answer.header("retry-after").to_owned()));
        }
        let statuses: Vec<u16> = seen.iter().map(|(status, ..)| *status).collect();
        assert_eq!(statuses, [401, 401, 401, 401, 401, 423, 423], "{name}");
        assert_eq!(seen[6].2, "1800", "{name}");
    }
}

#[actix_web::test]
async fn a_sign_in_that_works_forgets_the_failures_before_it() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for _ in 0..3 {
        for _ in 0..4 {
            attempt(&app, &viewer.username, WRONG).await.expect_problem(401, "invalid_credentials");
        }
        attempt(&app, &viewer.username, PASSWORD).await.expect(StatusCode::OK);
    }
}

#[actix_web::test]
async fn of_fifty_guesses_at_once_five_are_looked_at() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let guesses = (0..50).map(|_| attempt(&app, &viewer.username, WRONG));
    let outcomes: Vec<u16> =
        futures_util::future::join_all(guesses).await.iter().map(|answer| answer.status.as_u16()).collect();
    let mut looked_at = outcomes.iter().filter(|status| **status == 401).count();
    assert!(outcomes.iter().all(|status| [401, 423, 503].contains(status)), "{outcomes:?}");
    // Those that found no place to be hashed were not looked at and do not count: what is left of the five is still there.
    while attempt(&app, &viewer.username, WRONG).await.status == 401 {
        looked_at += 1;
    }
    assert_eq!(looked_at, 5, "{outcomes:?}");
    attempt(&app, &viewer.username, PASSWORD).await.expect_problem(423, "locked");
}

#[actix_web::test]
async fn an_admin_of_the_machine_lifts_a_lock() {
    let app = TestApp::start().await;
    let (viewer, other) = (app.viewer().await, app.viewer().await);
    for name in [&viewer.username, &other.username] {
        for _ in 0..5 {
            attempt(&app, name, WRONG).await.expect_problem(401, "invalid_credentials");
        }
    }
    let name = viewer.username.clone();
    assert!(app.state.db.write(move |conn| Ok(lockout::forget(conn, &name)?)).await.unwrap());
    attempt(&app, &viewer.username, PASSWORD).await.expect(StatusCode::OK);
    attempt(&app, &other.username, PASSWORD).await.expect_problem(423, "locked");
}
