//! API tokens: what they may do, and what ends them.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    account::model::Role,
    clock::{DAY, HOUR, Timestamp},
};

use crate::support::{Client, NOON, PASSWORD, TestApp};

/// A token of these scopes, good for thirty days.
async fn token(app: &TestApp, owner: &Client, scopes: Value) -> (String, Client) {
    let expires_at = Timestamp(app.clock.now().0 + 30 * DAY);
    let body = json!({"name": "kitchen button", "scopes": scopes, "expires_at": expires_at});
    let made = owner.post("/api/v1/me/tokens", body).await;
    made.expect(StatusCode::CREATED);
    let bearer = made.json["token"].as_str().map(str::to_owned);
    (made.json["id"].as_str().unwrap().to_owned(), Client { bearer, cookie: None, ..owner.clone() })
}

async fn listed(owner: &Client) -> Vec<Value> {
    let answer = owner.get("/api/v1/me/tokens").await;
    answer.expect(StatusCode::OK).json["items"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn a_token_whose_answer_was_lost_is_made_once() {
    let app = TestApp::start().await;
    let (robin, kim) = (app.named("robin", Role::Admin).await, app.named("kim", Role::Viewer).await);
    let body = |name: &str| json!({"id": "019cb2f0-0000-7000-8000-000000000001", "name": name, "scopes": ["read"], "expires_at": "2026-04-01T00:00:00Z"});
    let made = async |owner: &Client, name: &str| owner.post("/api/v1/me/tokens", body(name)).await;
    let bearer =
        |made: &Value| Client { bearer: made["token"].as_str().map(str::to_owned), cookie: None, ..robin.clone() };

    let lost = made(&robin, "button").await.expect(StatusCode::CREATED).json.clone();
    let seen = made(&robin, "kitchen button").await.expect(StatusCode::CREATED).json.clone();
    assert_eq!(listed(&robin).await.len(), 1);
    assert_eq!(listed(&robin).await[0]["name"], "kitchen button", "as it was wanted last");
    bearer(&lost).get("/api/v1/people").await.expect_problem(401, "unauthorized");

    // A used token is not replaced, nor is somebody else's.
    made(&kim, "mine").await.expect_problem(409, "id_conflict");
    bearer(&seen).get("/api/v1/people").await.expect(StatusCode::OK);
    app.clock.advance(HOUR);
    bearer(&seen).get("/api/v1/people").await.expect(StatusCode::OK);
    made(&robin, "another").await.expect_problem(409, "id_conflict");
    assert_eq!(listed(&robin).await[0]["name"], "kitchen button");
}

#[actix_web::test]
async fn a_token_is_shown_once_stored_as_a_hash_and_listed_apart_from_devices() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let body = json!({"name": "kitchen button", "scopes": ["log:water", "read"], "expires_at": "2026-04-01T00:00:00Z"});
    let made = robin.post("/api/v1/me/tokens", body).await;
    made.expect(StatusCode::CREATED);
    let text = made.json["token"].as_str().unwrap().to_owned();
    assert!(text.starts_with("st_"), "{text}");
    assert_eq!(
        listed(&robin).await,
        [json!({
            "id": made.json["id"], "name": "kitchen button", "scopes": ["log:water", "read"], "created_at": NOON,
            "expires_at": "2026-04-01T00:00:00.000Z", "last_used_at": null,
        })]
    );
    let devices = robin.get("/api/v1/me/sessions").await.json["items"].as_array().unwrap().clone();
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0]["kind"], "jwt");
    app.state.db.checkpoint().unwrap();
    let file = std::fs::read(app.folder.path().join("status-tracker.db")).unwrap();
    assert!(!file.windows(text.len()).any(|window| window == text.as_bytes()));
    let id = made.json["id"].as_str().unwrap();
    let expected = ["robin", id, "success", r#"kitchen button: ["log:water","read"]"#].map(str::to_owned);
    assert_eq!(app.recorded("token.create"), [expected]);
}

#[actix_web::test]
async fn the_last_use_is_shown_from_the_first_on() {
    let app = TestApp::start().await;
    let robin = app.admin().await;
    let (_, script) = token(&app, &robin, json!(["read"])).await;
    app.clock.advance(1000);
    script.get("/api/v1/people").await.expect(StatusCode::OK);
    app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
    assert_eq!(listed(&robin).await[0]["last_used_at"], "2026-03-01T12:00:01.000Z");
    app.clock.advance(HOUR);
    script.get("/api/v1/people").await.expect(StatusCode::OK);
    app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
    assert_eq!(listed(&robin).await[0]["last_used_at"], "2026-03-01T13:00:01.000Z");
}

/// Tries what no scope allows: the account, the administration, and changes of an entry.
async fn expect_no_more(script: &Client, id: &str, entry: &str) {
    let one = format!("/api/v1/entries/{entry}");
    for (method, path, body) in [
        ("GET", "/api/v1/me", json!(null)),
        ("PATCH", "/api/v1/me", json!({"daily_goal_ml": 3000})),
        ("DELETE", "/api/v1/me", json!({"password": PASSWORD})),
        (
            "PUT",
            "/api/v1/me/password",
            json!({"current_password": PASSWORD, "new_password": "Wide-Meadow-38-swallows"}),
        ),
        ("GET", "/api/v1/me/sessions", json!(null)),
        ("DELETE", "/api/v1/me/sessions", json!(null)),
        ("GET", "/api/v1/me/tokens", json!(null)),
        (
            "POST",
            "/api/v1/me/tokens",
            json!({"name": "more", "scopes": ["read", "log"], "expires_at": "2026-03-02T00:00:00Z"}),
        ),
        ("DELETE", &format!("/api/v1/me/tokens/{id}"), json!(null)),
        ("GET", "/api/v1/me/totp", json!(null)),
        ("POST", "/api/v1/me/totp", json!({"password": PASSWORD})),
        ("GET", "/api/v1/admin/audit", json!(null)),
        ("POST", "/api/v1/auth/logout", json!(null)),
        ("PATCH", &one, json!({"value": 300})),
        ("DELETE", &one, json!(null)),
    ] {
        let (kind, body) = if body.is_null() { ("", String::new()) } else { ("application/json", body.to_string()) };
        script.send(method, path, kind, body).await.expect_problem(403, "insufficient_scope");
    }
}

/// OWASP ASVS v5.0.0-8.2.1
#[actix_web::test]
async fn a_token_does_what_its_scopes_say_and_nothing_else() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let viewer = app.viewer().await;
    let water = json!({"metric": "water", "value": 250});
    let altitude = json!({"metric": "altitude", "value": 7});
    let entry = robin.log("water", 250, NOON).await["id"].as_str().unwrap().to_owned();
    for (scopes, reads, water_status, altitude_status) in [
        (json!(["read"]), 200, 403, 403),
        (json!(["log"]), 403, 201, 201),
        (json!(["log:water"]), 403, 201, 403),
        (json!(["log:altitude"]), 403, 403, 201),
        (json!(["read", "log:water"]), 200, 201, 403),
        (json!(["log:water", "log:altitude"]), 403, 201, 201),
        (json!(["read", "log", "log:water", "log:altitude"]), 200, 201, 201),
    ] {
        let (id, script) = token(&app, &robin, scopes.clone()).await;
        for path in ["/api/v1/people", "/api/v1/people/robin/status", "/api/v1/people/robin/entries"] {
            let answer = script.get(path).await;
            assert_eq!(answer.status, reads, "{path} with {scopes}");
            assert!(reads == 200 || answer.json["code"] == "insufficient_scope", "{}", answer.json);
        }
        for (body, expected) in [(&water, water_status), (&altitude, altitude_status)] {
            let answer = script.post("/api/v1/entries", body.clone()).await;
            assert_eq!(answer.status, expected, "{body} with {scopes}");
            assert!(expected == 201 || answer.json["code"] == "insufficient_scope", "{}", answer.json);
        }
        let before = app.contents();
        expect_no_more(&script, &id, &entry).await;
        assert_eq!(app.contents(), before);
        robin.delete(&format!("/api/v1/me/tokens/{id}")).await.expect(StatusCode::NO_CONTENT);
        script.get("/api/v1/people").await.expect_problem(401, "unauthorized");
    }
    // A scope adds nothing to a role.
    let (_, script) = token(&app, &viewer, json!(["read", "log"])).await;
    script.post("/api/v1/entries", water).await.expect_problem(403, "read_only_role");
    script.get("/api/v1/people/robin/status").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn a_token_rests_as_long_as_it_was_made_for_and_ends_then() {
    let app = TestApp::start().await;
    let robin = app.admin().await;
    let (_, script) = token(&app, &robin, json!(["read"])).await;
    app.clock.advance(30 * DAY - 1);
    script.get("/api/v1/people").await.expect(StatusCode::OK);
    app.clock.advance(1);
    script.get("/api/v1/people").await.expect_problem(401, "unauthorized");
    let page = app.anonymous().sign_in(&robin.username, PASSWORD).await;
    assert!(listed(&page).await.is_empty());
}

#[actix_web::test]
async fn a_token_that_does_not_fit_is_refused() {
    let app = TestApp::start().await;
    let robin = app.admin().await;
    let valid = json!({"name": "button", "scopes": ["read"], "expires_at": "2027-03-01T12:00:00Z"});
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("  ")),
        ("name", json!("a\u{0}b")),
        ("name", json!("x".repeat(65))),
        ("scopes", json!([])),
        ("scopes", json!(["read", "read"])),
        ("scopes", json!(["admin"])),
        ("scopes", json!("read")),
        ("expires_at", json!(NOON)),
        ("expires_at", json!("2026-02-28T12:00:00Z")),
        ("expires_at", json!("2027-03-03T12:00:00Z")),
        ("expires_at", json!("never")),
        ("expires_at", json!(null)),
        ("role", json!("admin")),
    ] {
        let mut body = valid.clone();
        body[field] = value.clone();
        let answer = robin.post("/api/v1/me/tokens", body).await;
        answer.expect_problem(422, "invalid");
        assert!(answer.fields()[0].starts_with(field), "{field} {value}: {}", answer.json);
    }
    assert!(listed(&robin).await.is_empty());
    robin.post("/api/v1/me/tokens", valid).await.expect(StatusCode::CREATED);
}

#[actix_web::test]
async fn there_are_at_most_twenty_also_if_many_are_made_at_once() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.admin().await, app.admin().await);
    let make = || {
        let robin = robin.clone();
        async move {
            let body = json!({"name": "button", "scopes": ["read"], "expires_at": "2026-03-02T12:00:00Z"});
            robin.post("/api/v1/me/tokens", body).await
        }
    };
    let outcomes = futures_util::future::join_all((0..25).map(|_| make())).await;
    assert_eq!(outcomes.iter().filter(|answer| answer.status == 201).count(), 20);
    make().await.expect_problem(409, "too_many_tokens");
    token(&app, &sasha, json!(["read"])).await;
    // Expired tokens make room.
    app.clock.advance(DAY);
    token(&app, &robin, json!(["read"])).await;
}

/// OWASP ASVS v5.0.0-8.2.2
#[actix_web::test]
async fn only_its_owner_sees_and_revokes_a_token_and_not_as_a_device() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.admin().await, app.admin().await);
    let (id, script) = token(&app, &robin, json!(["read"])).await;
    let path = format!("/api/v1/me/tokens/{id}");
    assert!(listed(&sasha).await.is_empty());
    sasha.delete(&path).await.expect_problem(404, "not_found");
    robin.delete(&format!("/api/v1/me/sessions/{id}")).await.expect_problem(404, "not_found");
    let device = robin.get("/api/v1/me/sessions").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    robin.delete(&format!("/api/v1/me/tokens/{device}")).await.expect_problem(404, "not_found");
    // Tokens stay when all other devices are signed out, since they are no devices.
    robin.delete("/api/v1/me/sessions").await.expect(StatusCode::NO_CONTENT);
    script.get("/api/v1/people").await.expect(StatusCode::OK);
    robin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    robin.delete(&path).await.expect_problem(404, "not_found");
    assert_eq!(app.recorded("token.delete"), [[&*robin.username, &id, "success", ""].map(str::to_owned)]);
}

/// Ending all sessions also ends tokens that those sessions are just creating.
#[actix_web::test]
async fn no_token_outlives_the_session_it_is_made_in() {
    let app = TestApp::start().await;
    let robin = app.admin().await;
    let page = app.anonymous().sign_in(&robin.username, PASSWORD).await;
    let thief = robin.clone();
    let change = page
        .put("/api/v1/me/password", json!({"current_password": PASSWORD, "new_password": "Wide-Meadow-38-swallows"}));
    let make = async {
        let mut made = Vec::new();
        let body = json!({"name": "thief", "scopes": ["read"], "expires_at": "2026-03-02T12:00:00Z"});
        // Waits until the password has been changed.
        for _ in 0..10_000 {
            let answer = thief.post("/api/v1/me/tokens", body.clone()).await;
            match answer.status.as_u16() {
                201 => made.push(answer.json["token"].as_str().unwrap().to_owned()),
                409 => {}
                _ => return (made, answer),
            }
        }
        panic!("nothing ended the session");
    };
    let (changed, (made, last)) = futures_util::future::join(change, make).await;
    changed.expect(StatusCode::NO_CONTENT);
    last.expect_problem(401, "unauthorized");
    for token in made {
        let script = Client { bearer: Some(token), ..app.anonymous() };
        script.get("/api/v1/people").await.expect_problem(401, "unauthorized");
    }
}
