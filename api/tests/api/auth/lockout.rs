//! Guessing passwords.

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::{
    account::username::Username,
    auth::{
        AttemptId,
        lockout::{self, Begun},
    },
    clock::MINUTE,
    error::ApiResult,
};

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

    // Attempts during the lock do not prolong it.
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
    // Guesses that were not hashed for lack of room do not count: the rest of the five is still there.
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
    assert!(app.state.db.write(move |conn| Ok(lockout::forget(conn, &Username::typed(&name))?)).await.unwrap());
    attempt(&app, &viewer.username, PASSWORD).await.expect(StatusCode::OK);
    attempt(&app, &other.username, PASSWORD).await.expect_problem(423, "locked");
}

/// Begins an attempt and tells whether it is counted.
async fn begins(app: &TestApp, id: &'static str) -> bool {
    let now = app.clock.now();
    let begin =
        move |conn: &mut _| Ok(lockout::begin_attempt(conn, &AttemptId::new(id), &Username::typed("robin"), now)?);
    matches!(app.state.db.write(begin).await.unwrap(), Begun::Counted)
}

#[actix_web::test]
async fn an_attempt_is_taken_back_once_and_by_nobody_else() {
    let app = TestApp::start().await;
    // The owner's own attempts, the last of which signs them in and forgets the failures.
    for id in ["a", "b", "c", "d"] {
        assert!(begins(&app, id).await);
    }
    let settle: ApiResult<()> = app
        .state
        .db
        .write(|conn| {
            lockout::forget(conn, &Username::typed("robin"))?;
            for id in ["a", "a", "b", "c", "d", "a", "d", "never begun"] {
                lockout::take_back(conn, &AttemptId::new(id))?;
            }
            Ok(())
        })
        .await;
    settle.unwrap();
    let mut looked_at = 0;
    while begins(&app, ["1", "2", "3", "4", "5", "6", "7", "8", "9"][looked_at]).await {
        looked_at += 1;
    }
    assert_eq!(looked_at, 5);
}

#[actix_web::test]
async fn an_attempt_under_way_is_not_forgiven_by_a_sign_in_beside_it() {
    let app = TestApp::start().await;
    for id in ["1", "2", "3", "4"] {
        assert!(begins(&app, id).await);
    }
    app.state.db.write(|conn| Ok(lockout::forget(conn, &Username::typed("robin"))?)).await.unwrap();
    assert!(begins(&app, "5").await);
    assert!(!begins(&app, "6").await, "five are under way");
    let now = app.clock.now();
    for (id, failures) in [("1", 1), ("2", 2), ("2", 2), ("5", 3)] {
        let fail = move |conn: &mut _| Ok(lockout::fail(conn, &AttemptId::new(id), &Username::typed("robin"), now)?);
        assert_eq!(app.state.db.write(fail).await.unwrap(), failures, "{id}");
    }
}

#[actix_web::test]
async fn attempts_that_nobody_settles_have_failed() {
    let app = TestApp::start().await;
    let robin = app.named("robin", status_tracker::account::model::Role::Admin).await;
    for id in ["1", "2", "3", "4", "5"] {
        assert!(begins(&app, id).await);
    }
    app.clock.advance(2 * MINUTE);
    let locked = attempt(&app, "robin", PASSWORD).await;
    assert_eq!(locked.expect_problem(423, "locked").header("retry-after"), "1800");
    robin.get("/api/v1/me").await.expect(StatusCode::OK);
    app.clock.advance(30 * MINUTE);
    attempt(&app, "robin", PASSWORD).await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn right_sign_ins_at_once_are_no_guesses_however_many() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let sign_ins = (0..8).map(|_| attempt(&app, &viewer.username, PASSWORD));
    for answer in futures_util::future::join_all(sign_ins).await {
        // There may be no room to hash them, but they never count as guesses.
        assert!([200, 503].contains(&answer.status.as_u16()), "{}", answer.status);
    }
    attempt(&app, &viewer.username, PASSWORD).await.expect(StatusCode::OK);
}

/// The count holds whatever the owner does meanwhile, in any order.
#[actix_web::test]
async fn beside_its_owner_five_guesses_at_a_name_are_looked_at() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for _ in 0..5 {
        let (mut owner, mut guesses) = (Vec::new(), Vec::new());
        for _ in 0..4 {
            owner.push(attempt(&app, &viewer.username, PASSWORD));
            guesses.push(attempt(&app, &viewer.username, WRONG));
        }
        futures_util::future::join(futures_util::future::join_all(owner), futures_util::future::join_all(guesses))
            .await;
        assert_eq!(app.number("SELECT count(*) AS n FROM sign_in_attempts"), 0, "all are settled");
        let failures = app.number("SELECT coalesce(max(failures), 0) AS n FROM sign_in_failures");
        assert!((0..=5).contains(&failures), "{failures}");
        let mut looked_at = failures;
        while attempt(&app, &viewer.username, WRONG).await.status == 401 {
            looked_at += 1;
        }
        assert_eq!(looked_at, 5);
        app.clock.advance(31 * MINUTE);
    }
}
