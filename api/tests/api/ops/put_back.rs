//! A clock that was wrong and is corrected: data from the time when it was ahead.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    account::model::Role,
    clock::{DAY, HOUR, MINUTE, SECOND, Timestamp},
    limits::{AT_ONCE, penalties::OFFENCES},
    ops::put_back::bring_back,
};

use crate::support::{Client, NOON, PASSWORD, TestApp, code_at};

const WRONG: &str = "Quiet-Harbour-71-lanternS";
const LOGIN: &str = "/api/v1/auth/login";

fn instant(value: &Value) -> i64 {
    Timestamp::parse(value.as_str().unwrap()).unwrap().0
}

fn credentials(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password})
}

/// Does what the server does once its clock was put back.
async fn bring_all_back(app: &TestApp) {
    let (now, jwt_life) = (app.clock.now(), app.state.config.jwt_ttl);
    app.state.db.write(move |conn| Ok(bring_back(conn, now, jwt_life)?)).await.unwrap();
}

#[actix_web::test]
async fn each_change_of_an_entry_is_later_than_the_one_before() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    // Zero as well: within a millisecond the clock stands still.
    for ahead in [2 * HOUR, 1, 0] {
        app.clock.set_by(ahead);
        let entry = robin.log("water", 250, NOON).await;
        let path = format!("/api/v1/entries/{}", entry["id"].as_str().unwrap());
        let mut before = instant(&entry["updated_at"]);
        app.clock.set_by(-ahead);
        let mut later = |value: &Value| {
            let at = instant(&value["updated_at"]);
            assert!(at > before, "{at} is not after {before}, {ahead} ms ahead");
            before = at;
        };
        later(&robin.patch(&path, json!({"value": 300})).await.expect(StatusCode::OK).json);
        later(&robin.patch(&path, json!({"note": "cold"})).await.expect(StatusCode::OK).json);
        robin.delete(&path).await.expect(StatusCode::NO_CONTENT);
        later(&robin.post(&format!("{path}/restore"), json!({})).await.expect(StatusCode::OK).json);
        later(&robin.post(&format!("{path}/versions/1/restore"), json!({})).await.expect(StatusCode::OK).json["entry"]);
        let versions = robin.get(&format!("{path}/versions")).await.json["items"].clone();
        let numbers: Vec<i64> =
            versions.as_array().unwrap().iter().map(|one| one["number"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [5, 4, 3, 2, 1], "in the order in which they were written");
    }
}

#[actix_web::test]
async fn changes_of_many_are_later_too_and_preview_and_change_agree() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let kept = robin.log("water", 100, "2026-03-01T11:00:00Z").await;
    app.clock.advance(MINUTE);
    let moment = app.clock.now();
    app.clock.advance(MINUTE);
    app.clock.set_by(2 * HOUR);
    let path = format!("/api/v1/entries/{}", kept["id"].as_str().unwrap());
    let changed = robin.patch(&path, json!({"value": 900})).await.json;
    robin.log("water", 200, "2026-03-01T11:30:00Z").await;
    app.clock.set_by(-2 * HOUR);
    let body = |digest: Option<&str>| json!({"to": moment.to_string(), "digest": digest});
    let preview = robin.post("/api/v1/entries/rewind?dry_run=true", body(None)).await;
    let digest = preview.expect(StatusCode::OK).json["digest"].as_str().unwrap().to_owned();
    let done = robin.post("/api/v1/entries/rewind", body(Some(&digest))).await;
    assert_eq!((&done.json["removed"], &done.json["changed"]), (&json!(1), &json!(1)));
    let after = robin.get(&path).await.json;
    assert_eq!(after["value"], 100);
    assert!(instant(&after["updated_at"]) > instant(&changed["updated_at"]));
    // By days as well, which is one statement for all entries that move alike.
    let before = instant(&after["updated_at"]);
    robin.patch("/api/v1/me", json!({"time_zone": "Pacific/Kiritimati"})).await.expect(StatusCode::OK);
    let preview = robin.post("/api/v1/entries/recompute?dry_run=true", json!({})).await;
    let digest = preview.expect(StatusCode::OK).json["digest"].clone();
    robin.post("/api/v1/entries/recompute", json!({"digest": digest})).await.expect(StatusCode::OK);
    let moved = robin.get(&path).await.json;
    assert_eq!(moved["day"], "2026-03-02");
    assert!(instant(&moved["updated_at"]) > before);
}

#[actix_web::test]
async fn going_back_is_undone_while_entries_lie_ahead_and_as_a_whole() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let mut paths = Vec::new();
    for value in [100, 200, 300] {
        let entry = robin.log("water", value, "2026-03-01T11:00:00Z").await;
        paths.push(format!("/api/v1/entries/{}", entry["id"].as_str().unwrap()));
    }
    app.clock.advance(MINUTE);
    let moment = app.clock.now().to_string();
    // Two changed at different times that lie ahead, and one after the clock was corrected.
    app.clock.set_by(2 * HOUR);
    for (path, value) in paths.iter().zip([110, 220]) {
        app.clock.advance(5 * MINUTE);
        robin.patch(path, json!({"value": value})).await.expect(StatusCode::OK);
    }
    app.clock.set_by(-2 * HOUR);
    robin.patch(&paths[2], json!({"value": 330})).await.expect(StatusCode::OK);
    let values = async || {
        let mut values = Vec::new();
        for path in &paths {
            values.push(robin.get(path).await.json["value"].clone());
        }
        json!(values)
    };
    let rewind = async |to: &str| {
        let preview = robin.post("/api/v1/entries/rewind?dry_run=true", json!({"to": to})).await;
        let digest = preview.expect(StatusCode::OK).json["digest"].clone();
        robin.post("/api/v1/entries/rewind", json!({"to": to, "digest": digest})).await.expect(StatusCode::OK);
    };
    rewind(&moment).await;
    assert_eq!(values().await, json!([100, 200, 300]));
    let mut changed = Vec::new();
    for path in &paths {
        changed.push(instant(&robin.get(&format!("{path}/versions")).await.json["items"][0]["replaced_at"]));
    }
    assert!(changed.iter().all(|at| *at == changed[0]), "{changed:?}");
    rewind(&Timestamp(changed[0] - 1).to_string()).await;
    assert_eq!(values().await, json!([110, 220, 330]));
    let later = json!({"to": Timestamp(changed[0] + MINUTE).to_string()});
    let refused = robin.post("/api/v1/entries/rewind?dry_run=true", later).await;
    assert_eq!(refused.expect_problem(422, "invalid").fields(), ["to"], "nothing was changed that late");
}

#[actix_web::test]
async fn sessions_that_were_begun_ahead_last_as_long_as_those_begun_now() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    app.clock.set_by(400 * DAY);
    let jwt = async || {
        let token = app.anonymous().post("/api/v1/auth/token", credentials(&viewer.username, PASSWORD)).await;
        let token = token.expect(StatusCode::OK).json["access_token"].as_str().unwrap().to_owned();
        Client { bearer: Some(token), ..app.anonymous() }
    };
    let (page, first) = (app.anonymous().sign_in(&viewer.username, PASSWORD).await, jwt().await);
    let chosen = Timestamp(app.clock.now().0 + 30 * DAY).to_string();
    let body = json!({"name": "button", "scopes": ["read"], "expires_at": chosen});
    let made = page.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED).json.clone();
    let script = Client { bearer: made["token"].as_str().map(str::to_owned), ..app.anonymous() };
    app.clock.set_by(-400 * DAY);
    bring_all_back(&app).await;
    app.clock.advance(DAY - 1);
    first.get("/api/v1/me").await.expect(StatusCode::OK);
    // As often as the server starts meanwhile, nothing is prolonged.
    bring_all_back(&app).await;
    app.clock.advance(1);
    first.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    for days in [0, 6, 6] {
        app.clock.advance(days * DAY);
        page.get("/api/v1/me").await.expect(StatusCode::OK);
        app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
    }
    app.clock.advance(DAY);
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    script.get("/api/v1/people").await.expect(StatusCode::OK);
    app.clock.advance(400 * DAY);
    script.get("/api/v1/people").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn tokens_that_were_made_ahead_work_as_long_as_their_session() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    app.clock.set_by(2 * HOUR);
    let token = app.anonymous().post("/api/v1/auth/token", credentials(&viewer.username, PASSWORD)).await;
    let jwt = Client { bearer: token.json["access_token"].as_str().map(str::to_owned), ..app.anonymous() };
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let expires = json!((Timestamp(app.clock.now().0 + DAY)).to_string());
    let body = json!({"name": "button", "scopes": ["read"], "expires_at": expires});
    let made = page.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED).json.clone();
    let script = Client { bearer: made["token"].as_str().map(str::to_owned), ..app.anonymous() };
    app.clock.set_by(-2 * HOUR);
    for client in [&jwt, &page, &script] {
        client.get("/api/v1/people").await.expect(StatusCode::OK);
    }
    let sessions = page.get("/api/v1/me/sessions").await.json["items"].clone();
    for session in sessions.as_array().unwrap() {
        assert!(instant(&session["last_seen_at"]) <= app.clock.now().0, "nobody was here later than now");
    }
    app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
    page.delete("/api/v1/me/sessions").await.expect(StatusCode::NO_CONTENT);
    jwt.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    // A session from before the correction, idle since, ends as it would have.
    app.clock.advance(7 * DAY + HOUR);
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

#[actix_web::test]
async fn a_lock_that_was_made_ahead_lasts_half_an_hour() {
    for ahead in [2 * HOUR, DAY, 400 * DAY] {
        let app = TestApp::start().await;
        let (admin, viewer) = (app.admin().await, app.viewer().await);
        app.clock.set_by(ahead);
        for _ in 0..5 {
            app.anonymous().post(LOGIN, credentials(&viewer.username, WRONG)).await;
        }
        app.clock.set_by(-ahead);
        let shown = admin.get(&format!("/api/v1/admin/users/{}", viewer.username)).await.json["locked_until"].clone();
        assert_eq!(shown, "2026-03-01T12:30:00.000Z");
        let right = credentials(&viewer.username, PASSWORD);
        let locked = app.anonymous().post(LOGIN, right.clone()).await;
        assert_eq!(locked.expect_problem(423, "locked").header("retry-after"), "1800");
        assert!(locked.json["detail"].as_str().unwrap().starts_with("Wait 30 minutes"), "{}", locked.json);
        app.clock.advance(30 * MINUTE - 1);
        app.anonymous().post(LOGIN, right.clone()).await.expect_problem(423, "locked");
        app.clock.advance(1);
        app.anonymous().post(LOGIN, right).await.expect(StatusCode::OK);
    }
}

#[actix_web::test]
async fn a_penalty_that_was_made_ahead_lasts_as_long_as_it_would() {
    let settings = [("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "1/24h")];
    let app = TestApp::with(&settings).await;
    let viewer = app.viewer().await;
    app.clock.set_by(DAY);
    for _ in 0..=AT_ONCE + OFFENCES as usize {
        viewer.get("/api/v1/me").await;
    }
    app.clock.set_by(-DAY);
    let waits =
        |answer: crate::support::Answer| answer.expect_problem(429, "penalised").header("retry-after").to_owned();
    assert_eq!(waits(viewer.get("/api/v1/me").await), "60");
    // The next process, and an admin who looks, see the same.
    let restarted = app.restarted(&settings).await;
    let again = Client { url: restarted.url.clone(), ..viewer.clone() };
    assert_eq!(waits(again.get("/api/v1/me").await), "60");
    let report = app.admin().await.get("/api/v1/admin/security").await.json;
    assert_eq!(report["penalties"][0]["until"], "2026-03-01T12:01:00.000Z");
    app.clock.advance(MINUTE);
    viewer.get("/api/v1/me").await.expect_problem(429, "rate_limited");
}

#[actix_web::test]
async fn offences_that_were_counted_ahead_are_forgotten_after_an_hour() {
    let app = TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "1/24h")]).await;
    let viewer = app.viewer().await;
    let offend = async |times: usize| {
        for _ in 0..times {
            viewer.get("/api/v1/me").await.expect_problem(429, "rate_limited");
        }
    };
    app.clock.set_by(DAY);
    viewer.get("/api/v1/me").await.expect(StatusCode::OK);
    offend(AT_ONCE + OFFENCES as usize - 1).await;
    app.clock.set_by(-DAY);
    app.clock.advance(20 * HOUR);
    // The first of another ten, the last of which earns the penalty.
    offend(OFFENCES as usize).await;
    viewer.get("/api/v1/me").await.expect_problem(429, "penalised");
}

#[actix_web::test]
async fn setting_the_clock_neither_spends_a_limit_nor_fills_it() {
    let app = TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "2/20s")]).await;
    let viewer = app.viewer().await;
    for _ in 0..2 {
        viewer.get("/api/v1/me").await.expect(StatusCode::OK);
    }
    for by in [DAY, -2 * DAY, DAY] {
        app.clock.set_by(by);
        assert_eq!(viewer.get("/api/v1/me").await.expect_problem(429, "rate_limited").header("retry-after"), "10");
    }
    app.clock.advance(10 * SECOND);
    viewer.get("/api/v1/me").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn codes_are_taken_again_once_the_clock_is_right() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    app.clock.set_by(2 * HOUR);
    let setup = viewer.post("/api/v1/me/totp", json!({"password": PASSWORD})).await;
    let secret = setup.expect(StatusCode::CREATED).json["secret"].clone();
    let body = json!({"code": code_at(&secret, app.clock.now())});
    viewer.post("/api/v1/me/totp/confirm", body).await.expect(StatusCode::OK);
    app.clock.set_by(-2 * HOUR);
    let code = code_at(&secret, app.clock.now());
    let body = json!({"username": viewer.username, "password": PASSWORD, "totp_code": code});
    app.anonymous().post(LOGIN, body.clone()).await.expect(StatusCode::OK);
    app.anonymous().post(LOGIN, body).await.expect_problem(401, "invalid_totp");
}

#[actix_web::test]
async fn rows_that_lie_in_the_future_are_brought_back() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    app.clock.set_by(5 * DAY);
    let reset = admin.post(&format!("/api/v1/admin/users/{}/reset-password", viewer.username), Value::Null).await;
    let temporary = reset.expect(StatusCode::OK).json["temporary_password"].as_str().unwrap().to_owned();
    app.clock.set_by(-5 * DAY);
    bring_all_back(&app).await;
    app.clock.advance(DAY - 1);
    app.anonymous().post(LOGIN, credentials(&viewer.username, &temporary)).await.expect(StatusCode::OK);
    app.clock.advance(1);
    app.anonymous()
        .post(LOGIN, credentials(&viewer.username, &temporary))
        .await
        .expect_problem(401, "invalid_credentials");
}

#[actix_web::test]
async fn a_viewer_who_was_refused_ahead_may_ask_again_a_day_from_now() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    app.clock.set_by(5 * DAY);
    robin.patch("/api/v1/me/shares/alex", json!({"state": "ended"})).await.expect(StatusCode::OK);
    app.clock.set_by(-5 * DAY);
    let ask = async || alex.post("/api/v1/people/robin/share-requests", json!({})).await;
    assert_eq!(ask().await.expect_problem(409, "asked_recently").header("retry-after"), "86400");
    bring_all_back(&app).await;
    app.clock.advance(DAY);
    ask().await.expect(StatusCode::CREATED);
}

#[actix_web::test]
async fn every_event_says_what_time_it_is() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.viewer().await);
    let mut stream = alex.listen("robin").await;
    stream.expect("status").await;
    assert_eq!(stream.server_time, app.clock.now().0);
    app.clock.set_by(-2 * HOUR);
    robin.log("water", 250, "2026-03-01T09:00:00Z").await;
    stream.expect("entry").await;
    assert_eq!(stream.server_time, app.clock.now().0);
    stream.expect("status").await;
    app.clock.advance(15 * SECOND);
    stream.heartbeat().await;
    assert_eq!(stream.server_time, app.clock.now().0);
}
