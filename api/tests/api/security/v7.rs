//! Sessions.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::{
    account::model::Role,
    clock::{DAY, HOUR},
};

use super::{NEW_PASSWORD, WRONG, change_password, document::Section, login, repository};
use crate::support::{Client, PASSWORD, TestApp};

async fn bearer(app: &TestApp, username: &str) -> Client {
    let body = json!({"username": username, "password": PASSWORD});
    let answer = app.anonymous().post("/api/v1/auth/token", body).await;
    let token = answer.expect(StatusCode::OK).json["access_token"].as_str().unwrap().to_owned();
    Client { bearer: Some(token), username: username.to_owned(), ..app.anonymous() }
}

fn days(name: &str) -> i64 {
    i64::try_from(Section::of("Sessions").number(name)).unwrap() * DAY
}

/// OWASP ASVS v5.0.0-7.1.1, 7.3.2
#[actix_web::test]
async fn v5_0_0_7_1_1_a_session_ends_after_the_time_written_down_however_it_is_used() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let (page, token) =
        (app.anonymous().sign_in(&viewer.username, PASSWORD).await, bearer(&app, &viewer.username).await);
    let hours = i64::try_from(Section::of("Sessions").number("longest life of a token")).unwrap() * HOUR;
    app.clock.advance(hours - 1000);
    token.get("/api/v1/me").await.expect(StatusCode::OK);
    app.clock.advance(1000);
    token.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    let (mut left, step) = (days("longest life of a cookie") - hours, 3 * DAY);
    while left > step {
        app.clock.advance(step);
        left -= step;
        page.get("/api/v1/me").await.expect(StatusCode::OK);
        app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
    }
    app.clock.advance(left - 1000);
    page.get("/api/v1/me").await.expect(StatusCode::OK);
    app.clock.advance(1000);
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

/// OWASP ASVS v5.0.0-7.1.2
#[actix_web::test]
async fn v5_0_0_7_1_2_any_number_of_devices_is_signed_in_and_listed() {
    assert_eq!(Section::of("Sessions").value("devices at once"), "no limit; each is listed and can be ended");
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for _ in 0..30 {
        login(&app, &viewer.username, PASSWORD).await.expect(StatusCode::OK);
    }
    assert_eq!(viewer.get("/api/v1/me/sessions").await.json["items"].as_array().unwrap().len(), 31);
}

/// OWASP ASVS v5.0.0-7.2.1
#[actix_web::test]
async fn v5_0_0_7_2_1_a_sealed_credential_without_its_session_is_worth_nothing() {
    let app = TestApp::start().await;
    let (viewer, other) = (app.viewer().await, app.viewer().await);
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    other.get("/api/v1/me").await.expect(StatusCode::OK);
    let end_all = |conn: &mut _| {
        use diesel::prelude::*;
        Ok(diesel::delete(status_tracker::db::schema::sessions::table).execute(conn)?)
    };
    assert_eq!(app.state.db.write(end_all).await.unwrap(), 3);
    for client in [viewer, page, other] {
        client.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
}

/// OWASP ASVS v5.0.0-7.2.2, 7.2.3
#[actix_web::test]
async fn v5_0_0_7_2_2_every_sign_in_makes_a_credential_that_cannot_be_guessed() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
        let token = bearer(&app, &viewer.username).await;
        // The signature alone is 128 bits; and the same session encrypted again looks different.
        assert!(page.cookie.as_ref().unwrap().len() > 100 && token.bearer.as_ref().unwrap().len() > 100);
        assert!(seen.insert(page.cookie) && seen.insert(token.bearer));
    }
}

/// OWASP ASVS v5.0.0-7.2.4
#[actix_web::test]
async fn v5_0_0_7_2_4_signing_in_makes_a_new_session_and_ends_the_one_before() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let first = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let second = first.sign_in(&viewer.username, PASSWORD).await;
    assert_ne!(first.cookie, second.cookie);
    first.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    second.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-7.3.1
#[actix_web::test]
async fn v5_0_0_7_3_1_a_session_that_nobody_uses_ends() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let (used, left) = (
        app.anonymous().sign_in(&viewer.username, PASSWORD).await,
        app.anonymous().sign_in(&viewer.username, PASSWORD).await,
    );
    let idle = days("unused for");
    app.clock.advance(idle - 1000);
    used.get("/api/v1/me").await.expect(StatusCode::OK);
    app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
    app.clock.advance(1000);
    left.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    used.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-7.4.1
#[actix_web::test]
async fn v5_0_0_7_4_1_after_signing_out_the_same_credential_is_worth_nothing() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for client in [app.anonymous().sign_in(&viewer.username, PASSWORD).await, bearer(&app, &viewer.username).await] {
        client.get("/api/v1/me").await.expect(StatusCode::OK);
        client.post("/api/v1/auth/logout", json!({})).await.expect(StatusCode::NO_CONTENT);
        for _ in 0..3 {
            client.get("/api/v1/me").await.expect_problem(401, "unauthorized");
        }
    }
}

/// OWASP ASVS v5.0.0-7.4.2
#[actix_web::test]
async fn v5_0_0_7_4_2_who_is_deleted_or_disabled_is_out_everywhere() {
    let app = TestApp::start().await;
    let (admin, erased, leaving, disabled) =
        (app.admin().await, app.viewer().await, app.viewer().await, app.viewer().await);
    let mut ended = Vec::new();
    for client in [&erased, &leaving, &disabled] {
        ended.push(app.anonymous().sign_in(&client.username, PASSWORD).await);
        ended.push(client.clone());
    }
    admin.delete(&format!("/api/v1/admin/users/{}", erased.username)).await.expect(StatusCode::NO_CONTENT);
    let path = format!("/api/v1/admin/users/{}", disabled.username);
    admin.patch(&path, json!({"disabled": true})).await.expect(StatusCode::OK);
    let body = json!({"password": PASSWORD}).to_string();
    leaving.send("DELETE", "/api/v1/me", "application/json", body).await.expect(StatusCode::NO_CONTENT);
    for client in &ended {
        client.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
    login(&app, &disabled.username, PASSWORD).await.expect_problem(401, "invalid_credentials");
    // Ended sessions do not come back with the account either.
    admin.patch(&path, json!({"disabled": false})).await.expect(StatusCode::OK);
    for client in &ended {
        client.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
}

/// OWASP ASVS v5.0.0-7.4.3
#[actix_web::test]
async fn v5_0_0_7_4_3_a_new_password_ends_every_other_session() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let (page, other) = (
        app.anonymous().sign_in(&viewer.username, PASSWORD).await,
        app.anonymous().sign_in(&viewer.username, PASSWORD).await,
    );
    let changed = change_password(&page, PASSWORD, NEW_PASSWORD).await;
    changed.expect(StatusCode::NO_CONTENT);
    for ended in [&viewer, &other, &page] {
        ended.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
    let renewed = Client { cookie: changed.cookie(), ..page };
    renewed.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-7.4.4
#[test]
fn v5_0_0_7_4_4_every_screen_offers_to_sign_out() {
    // The two frames of somebody signed in: the ordinary one, and the one before the required steps are done.
    for frame in ["web/src/SignedIn.svelte", "web/src/App.svelte"] {
        let frame = repository(frame);
        assert!(frame.contains("<Shell") && frame.contains("<SignOut"));
    }
    assert!(repository("web/src/rooms/auth/SignOut.svelte").contains("Sign out"));
}

/// OWASP ASVS v5.0.0-7.4.5
#[actix_web::test]
async fn v5_0_0_7_4_5_an_admin_signs_a_user_out_everywhere() {
    let app = TestApp::start().await;
    let (admin, viewer, other) = (app.admin().await, app.viewer().await, app.viewer().await);
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let path = format!("/api/v1/admin/users/{}/sessions", viewer.username);
    assert_eq!(admin.get(&path).await.json["items"].as_array().unwrap().len(), 2);
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    for client in [&viewer, &page] {
        client.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
    for client in [&admin, &other] {
        client.get("/api/v1/me").await.expect(StatusCode::OK);
    }
    other.delete(&path).await.expect_problem(403, "read_only_role");
}

/// OWASP ASVS v5.0.0-7.5.1, 7.5.3
#[actix_web::test]
async fn v5_0_0_7_5_1_credentials_change_only_with_the_password() {
    let app = TestApp::start().await;
    app.admin().await;
    let admin = app.named("robin", Role::Admin).await;
    let page = app.anonymous().sign_in("robin", PASSWORD).await;
    for client in [&admin, &page] {
        change_password(client, WRONG, NEW_PASSWORD).await.expect_problem(403, "wrong_password");
        let body = json!({"password": WRONG}).to_string();
        client.send("DELETE", "/api/v1/me", "application/json", body).await.expect_problem(403, "wrong_password");
        client.send("DELETE", "/api/v1/me", "application/json", "{}").await.expect_problem(422, "invalid");
    }
    login(&app, "robin", PASSWORD).await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-7.5.2
#[actix_web::test]
async fn v5_0_0_7_5_2_people_see_where_they_are_signed_in_and_end_it() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let devices = viewer.get("/api/v1/me/sessions").await.json["items"].clone();
    let other = devices.as_array().unwrap().iter().find(|device| device["current"] == false).unwrap().clone();
    let path = format!("/api/v1/me/sessions/{}", other["id"].as_str().unwrap());
    viewer.delete(&path).await.expect(StatusCode::NO_CONTENT);
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    let again = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    again.delete("/api/v1/me/sessions").await.expect(StatusCode::NO_CONTENT);
    viewer.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

/// OWASP ASVS v5.0.0-7.6.2
#[actix_web::test]
async fn v5_0_0_7_6_2_a_session_begins_only_by_signing_in() {
    let app = TestApp::start().await;
    for (method, path, _) in super::operations() {
        if !path.ends_with("/auth/login") {
            let answer = app.anonymous().send(&method, &super::filled(&path), "application/json", "{}").await;
            assert!(answer.cookie().is_none(), "{method} {path} sets a cookie");
        }
    }
    super::register(&app, "alex", PASSWORD).await.expect(StatusCode::CREATED);
    let page = app.anonymous().sign_in("alex", PASSWORD).await;
    assert_eq!(page.get("/api/v1/me/sessions").await.json["items"].as_array().unwrap().len(), 1);
}
