//! Where somebody is signed in, and what ends it.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::clock::{DAY, HOUR, MINUTE};

use crate::support::{Answer, Client, PASSWORD, TestApp};

const NEW_PASSWORD: &str = "Wide-Meadow-38-swallows";

async fn sessions(client: &Client) -> Vec<Value> {
    let answer = client.get("/api/v1/me/sessions").await;
    answer.expect(StatusCode::OK).json["items"].as_array().unwrap().clone()
}

async fn change(client: &Client, current: &str, new: &str) -> Answer {
    client.put("/api/v1/me/password", json!({"current_password": current, "new_password": new})).await
}

/// The client with the cookie that an answer gave it.
fn renewed(client: &Client, answer: &Answer) -> Client {
    Client { cookie: Some(answer.cookie().expect("a new cookie")), ..client.clone() }
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
    change(&page, "not this one", NEW_PASSWORD).await.expect_problem(403, "wrong_password");
    let weak = change(&page, PASSWORD, "password").await;
    assert_eq!(weak.expect_problem(422, "invalid").fields(), ["new_password"]);
    viewer.get("/api/v1/me").await.expect(StatusCode::OK);

    let changed = change(&page, PASSWORD, NEW_PASSWORD).await;
    changed.expect(StatusCode::NO_CONTENT);
    viewer.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    renewed(&page, &changed).get("/api/v1/me").await.expect(StatusCode::OK);
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
    // The loser finds its password changed (401), its session gone (401), or comes late and is simply wrong (403).
    assert_eq!(outcomes[0], 204);
    assert!([401, 403].contains(&outcomes[1]), "{outcomes:?}");
}

#[actix_web::test]
async fn a_session_ends_a_week_after_its_last_use() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    // Uses within ten minutes are not noted, later ones are, and no read writes one by itself.
    app.clock.advance(9 * MINUTE);
    page.get("/api/v1/me").await.expect(StatusCode::OK);
    app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
    assert_eq!(current(&page).await["last_seen_at"], "2026-03-01T12:00:00.000Z");
    app.clock.advance(HOUR);
    page.get("/api/v1/me").await.expect(StatusCode::OK);
    assert_eq!(current(&page).await["last_seen_at"], "2026-03-01T12:00:00.000Z");
    app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
    assert_eq!(current(&page).await["last_seen_at"], "2026-03-01T13:09:00.000Z");
    app.clock.advance(7 * DAY - 1);
    page.get("/api/v1/me").await.expect(StatusCode::OK);
    app.clock.advance(1);
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

/// OWASP ASVS v5.0.0-7.2.4
#[actix_web::test]
async fn a_new_password_gives_the_cookie_a_new_session_id() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let before = current(&page).await;
    let changed = change(&page, PASSWORD, NEW_PASSWORD).await;
    changed.expect(StatusCode::NO_CONTENT);
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    let page = renewed(&page, &changed);
    let after = current(&page).await;
    assert_ne!(after["id"], before["id"]);
    assert_eq!(after["expires_at"], before["expires_at"], "it does not live longer for it");

    let body = json!({"username": viewer.username, "password": NEW_PASSWORD});
    let token = app.anonymous().post("/api/v1/auth/token", body).await;
    let client = Client { bearer: token.json["access_token"].as_str().map(str::to_owned), ..app.anonymous() };
    let changed = change(&client, NEW_PASSWORD, PASSWORD).await;
    assert!(changed.expect(StatusCode::NO_CONTENT).cookie().is_none());
    client.get("/api/v1/me").await.expect(StatusCode::OK);
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

/// A thief of a session cannot guess the password with it: wrong passwords count and lock like failed sign-ins.
///
/// OWASP ASVS v5.0.0-7.5.1 and v5.0.0-6.3.1
#[actix_web::test]
async fn a_stolen_session_cannot_guess_the_password() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for attempt in [
        change(&admin, "Quiet-Harbour-71-lanternA", NEW_PASSWORD).await,
        admin.post("/api/v1/me/totp", json!({"password": "Quiet-Harbour-71-lanternB"})).await,
        admin.delete_with("/api/v1/me/totp", json!({"password": "Quiet-Harbour-71-lanternC"})).await,
        admin.delete_with("/api/v1/me", json!({"password": "Quiet-Harbour-71-lanternD"})).await,
        change(&admin, "Quiet-Harbour-71-lanternE", NEW_PASSWORD).await,
    ] {
        attempt.expect_problem(403, "wrong_password");
    }
    change(&admin, PASSWORD, NEW_PASSWORD).await.expect_problem(423, "locked");
    admin.delete_with("/api/v1/me", json!({"password": PASSWORD})).await.expect_problem(423, "locked");
    let body = json!({"username": admin.username, "password": PASSWORD});
    app.anonymous().post("/api/v1/auth/login", body).await.expect_problem(423, "locked");
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
    let name = admin.username.as_str();
    assert_eq!(app.recorded("auth.lock"), [[name, name, "success", ""].map(str::to_owned)]);
    let outcomes: Vec<String> = app.recorded("password.change").into_iter().map(|[_, _, outcome, _]| outcome).collect();
    assert_eq!(outcomes, ["denied", "failure", "failure"]);

    app.clock.advance(30 * MINUTE);
    change(&admin, PASSWORD, NEW_PASSWORD).await.expect(StatusCode::NO_CONTENT);
}

/// The user with a cookie, a JWT and an API token.
async fn in_every_form(app: &TestApp) -> [Client; 3] {
    let jwt = app.viewer().await;
    let page = app.anonymous().sign_in(&jwt.username, PASSWORD).await;
    let body = json!({"name": "script", "scopes": ["read"], "expires_at": "2026-04-01T00:00:00Z"});
    let made = jwt.post("/api/v1/me/tokens", body).await;
    let script = Client { bearer: made.json["token"].as_str().map(str::to_owned), ..jwt.clone() };
    for client in [&page, &jwt, &script] {
        client.get("/api/v1/people").await.expect(StatusCode::OK);
    }
    [page, jwt, script]
}

/// OWASP ASVS v5.0.0-7.4.1 and v5.0.0-7.4.2
#[actix_web::test]
async fn what_ends_sessions_ends_cookies_tokens_and_api_tokens_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for end in ["password", "delete", "disable", "role", "reset", "end all", "erase"] {
        let [page, jwt, script] = in_every_form(&app).await;
        let account = format!("/api/v1/admin/users/{}", jwt.username);
        let answer = match end {
            "password" => change(&jwt, PASSWORD, NEW_PASSWORD).await,
            "delete" => jwt.delete_with("/api/v1/me", json!({"password": PASSWORD})).await,
            "disable" => admin.patch(&account, json!({"disabled": true})).await,
            "role" => admin.patch(&account, json!({"role": "admin"})).await,
            "reset" => admin.post(&format!("{account}/reset-password"), json!({})).await,
            "end all" => admin.delete(&format!("{account}/sessions")).await,
            _ => admin.delete(&account).await,
        };
        assert!(answer.status.is_success(), "{end}: {answer:?}");
        // The token with which the password was changed stays good.
        let ended: &[&Client] = if end == "password" { &[&page, &script] } else { &[&page, &script, &jwt] };
        for client in ended {
            client.get("/api/v1/people").await.expect_problem(401, "unauthorized");
            client.get("/api/v1/me").await.expect_problem(401, "unauthorized");
        }
    }
    // Signing out ends its own session, whichever credential carried it.
    let [page, jwt, script] = in_every_form(&app).await;
    for (client, others) in [(&page, vec![&jwt, &script]), (&jwt, vec![&script])] {
        client.post("/api/v1/auth/logout", json!({})).await.expect(StatusCode::NO_CONTENT);
        client.get("/api/v1/people").await.expect_problem(401, "unauthorized");
        for other in others {
            other.get("/api/v1/people").await.expect(StatusCode::OK);
        }
    }
}

/// OWASP ASVS v5.0.0-6.4.1
#[actix_web::test]
async fn a_temporary_password_is_good_for_choosing_another_until_its_time_is_over() {
    let app = TestApp::start().await;
    let (other, admin) = (app.admin().await, app.admin().await);
    let reset = async |username: &str| {
        let answer = other.post(&format!("/api/v1/admin/users/{username}/reset-password"), json!({})).await;
        answer.expect(StatusCode::OK).json["temporary_password"].as_str().unwrap().to_owned()
    };
    let temporary = reset(&admin.username).await;
    let page = app.anonymous().sign_in(&admin.username, &temporary).await;
    assert_eq!(page.get("/api/v1/me").await.json["password_change_required"], true);
    let before = app.contents();
    for (method, path, body) in [
        ("GET", "/api/v1/people", json!(null)),
        ("GET", "/api/v1/me/sessions", json!(null)),
        ("GET", "/api/v1/me/tokens", json!(null)),
        ("GET", "/api/v1/me/totp", json!(null)),
        ("GET", "/api/v1/admin/audit", json!(null)),
        ("PATCH", "/api/v1/me", json!({"daily_goal_ml": 3000})),
        ("DELETE", "/api/v1/me", json!({"password": temporary})),
        ("POST", "/api/v1/entries", json!({"metric": "water", "value": 250})),
        ("POST", "/api/v1/me/totp", json!({"password": temporary})),
        ("POST", "/api/v1/me/tokens", json!({"name": "x", "scopes": ["read"], "expires_at": "2026-03-02T00:00:00Z"})),
    ] {
        let (kind, body) = if body.is_null() { ("", String::new()) } else { ("application/json", body.to_string()) };
        page.send(method, path, kind, body).await.expect_problem(403, "password_change_required");
    }
    assert_eq!(app.contents(), before);
    let same = change(&page, &temporary, &temporary).await;
    assert_eq!(same.expect_problem(422, "invalid").fields(), ["new_password"]);
    let changed = change(&page, &temporary, NEW_PASSWORD).await;
    changed.expect(StatusCode::NO_CONTENT);
    let page = renewed(&page, &changed);
    assert_eq!(page.get("/api/v1/me").await.json["password_change_required"], false);
    page.post("/api/v1/entries", json!({"metric": "water", "value": 250})).await.expect(StatusCode::CREATED);
    app.anonymous().sign_in(&admin.username, NEW_PASSWORD).await;
    // A password that is no longer temporary may stay as it is.
    let changed = change(&page, NEW_PASSWORD, NEW_PASSWORD).await;
    changed.expect(StatusCode::NO_CONTENT);

    // An expired temporary password is wrong like any other, also in a session that it began.
    let late = app.viewer().await;
    let temporary = reset(&late.username).await;
    let page = app.anonymous().sign_in(&late.username, &temporary).await;
    app.clock.advance(DAY);
    let body = json!({"username": late.username, "password": temporary});
    app.anonymous().post("/api/v1/auth/login", body).await.expect_problem(401, "invalid_credentials");
    change(&page, &temporary, NEW_PASSWORD).await.expect_problem(403, "wrong_password");
}

/// Hashing takes a second in production; a session that ends during that second changes nothing any more.
///
/// OWASP ASVS v5.0.0-15.4.2
#[actix_web::test]
async fn an_ended_session_does_not_change_the_password() {
    for ending in
        ["UPDATE users SET disabled = 1", "DELETE FROM sessions", "UPDATE users SET password_hash = 'another'"]
    {
        let app = TestApp::with(&[("BCRYPT_COST", "11")]).await;
        let viewer = app.viewer().await;
        let unchanged = "SELECT count(*) AS n FROM users WHERE password_hash = (SELECT hash FROM held)";
        app.execute("CREATE TABLE held AS SELECT password_hash AS hash FROM users");
        let changing = change(&viewer, PASSWORD, NEW_PASSWORD);
        let meanwhile = async {
            // The attempt is counted before the password is hashed.
            while app.number("SELECT count(*) AS n FROM sign_in_attempts") == 0 {
                tokio::task::yield_now().await;
            }
            app.execute(&format!("{ending}; UPDATE held SET hash = (SELECT password_hash FROM users)"));
        };
        let (answer, ()) = futures_util::future::join(changing, meanwhile).await;
        answer.expect_problem(401, "unauthorized");
        assert_eq!(app.number(unchanged), 1, "{ending}");
    }
}

/// Of two devices that sign each other out at once, one stays.
///
/// OWASP ASVS v5.0.0-15.4.2
#[actix_web::test]
async fn an_ended_session_ends_no_other() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let again = async || app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    for round in 0..10 {
        let (one, two) = (again().await, again().await);
        let path = async |of: &Client| match round % 2 {
            0 => "/api/v1/me/sessions".to_owned(),
            _ => format!("/api/v1/me/sessions/{}", current(of).await["id"].as_str().unwrap()),
        };
        let (ends_two, ends_one) = (path(&two).await, path(&one).await);
        let (by_one, by_two) = futures_util::future::join(one.delete(&ends_two), two.delete(&ends_one)).await;
        let mut outcomes = [by_one.status.as_u16(), by_two.status.as_u16()];
        outcomes.sort_unstable();
        assert_eq!(outcomes, [204, 401], "round {round}");
    }
}
