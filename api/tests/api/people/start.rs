//! The data that a page needs to draw itself comes in one answer, and each part equals the answer of its own route.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    account::model::Role,
    clock::{DAY, MINUTE},
};

use crate::{
    people::sharing::{robin_and_alex, settled},
    support::{Client, PASSWORD, TestApp},
};

const START: &str = "/api/v1/start";

async fn start(client: &Client, query: &str) -> Value {
    client.get(&format!("{START}{query}")).await.expect(StatusCode::OK).json.clone()
}

/// The answer of a part's own route; `null` where it refuses.
async fn part(client: &Client, path: &str) -> Value {
    let answer = client.get(path).await;
    if answer.status == StatusCode::OK { answer.json } else { Value::Null }
}

/// Expects that each part is the answer that `client` gets from the part's own route.
async fn assert_parts(client: &Client, query: &str, shown: Option<&str>) {
    let start = start(client, query).await;
    let fields: Vec<&String> = start.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["instance", "me", "people", "shares", "today"]);
    assert_eq!(start["instance"], part(client, "/api/v1/instance").await);
    assert_eq!(start["me"], part(client, "/api/v1/me").await);
    assert_eq!(start["people"], part(client, "/api/v1/people?limit=100").await);
    assert_eq!(start["shares"], part(client, "/api/v1/me/shares?limit=100").await);
    let Some(shown) = shown else { return assert_eq!(start["today"], Value::Null) };
    let day = part(client, &format!("/api/v1/people/{shown}/status")).await["day"].clone();
    let path = format!("/api/v1/people/{shown}/entries?limit=100&from={}", day.as_str().unwrap());
    assert_eq!(start["today"], json!({"username": shown, "day": day, "entries": part(client, &path).await}));
}

#[actix_web::test]
async fn every_part_is_what_its_own_route_says() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    let sasha = app.named("sasha", Role::Admin).await;
    for number in 0..3 {
        robin.log("water", 100 + number, "2026-03-01T10:00:00Z").await;
        sasha.log("altitude", 5, "2026-03-01T09:00:00Z").await;
    }
    robin.log("water", 900, "2026-02-28T10:00:00Z").await;
    assert_parts(&robin, "", Some("robin")).await;
    assert_parts(&robin, "?person=ROBIN", Some("robin")).await;
    assert_parts(&robin, "?person=sasha", None).await;
    // Sasha shares with alex, robin does not: there is a choice.
    assert_parts(&alex, "", None).await;
    assert_parts(&alex, "?person=sasha", Some("sasha")).await;
    assert_parts(&alex, "?person=robin", None).await;
    assert_parts(&alex, "?person=nobody", None).await;
    sasha.sharing("nobody").await;
    robin.decides(&alex, json!({"state": "approved", "water": "band", "altitude": "none"})).await;
    assert_parts(&alex, "", Some("robin")).await;
    robin.decides(&alex, json!({"history": false})).await;
    assert_parts(&alex, "", None).await;
    assert_parts(&alex, "?person=robin", None).await;
    robin.decides(&alex, json!({"history": true, "until": "2026-03-02T12:00:00Z"})).await;
    app.clock.advance(DAY);
    assert_parts(&alex, "?person=robin", None).await;
}

#[actix_web::test]
async fn the_day_is_the_persons_own() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.decides(&alex, json!({"state": "approved"})).await;
    robin.patch("/api/v1/me", json!({"time_zone": "Pacific/Kiritimati", "day_starts_at": 4})).await;
    robin.log("water", 250, "2026-03-01T10:00:00Z").await;
    for client in [&robin, &alex] {
        assert_parts(client, "", Some("robin")).await;
        assert_eq!(start(client, "").await["today"]["day"], "2026-03-01");
    }
    // A look is written behind its answer, and the next write waits for it.
    app.state.db.write(|_| Ok(())).await.unwrap();
    app.clock.advance(DAY / 2);
    for client in [&robin, &alex] {
        assert_parts(client, "", Some("robin")).await;
        assert_eq!(start(client, "").await["today"]["entries"]["items"], json!([]));
    }
}

#[actix_web::test]
async fn a_caller_whom_the_server_does_not_know_gets_the_instance_alone() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let page = app.anonymous().sign_in("robin", PASSWORD).await;
    assert_parts(&page, "", Some("robin")).await;
    robin.delete("/api/v1/me/sessions").await.expect(StatusCode::NO_CONTENT);
    for client in [app.anonymous(), page, Client { cookie: Some("session=made-up".to_owned()), ..app.anonymous() }] {
        for query in ["", "?person=robin"] {
            let instance = part(&client, "/api/v1/instance").await;
            let nothing = Value::Null;
            assert_eq!(
                start(&client, query).await,
                json!({"instance": instance, "me": nothing, "people": nothing, "today": nothing, "shares": nothing})
            );
        }
    }
    let forged = Client { bearer: Some("made-up".to_owned()), ..app.anonymous() };
    forged.get(START).await.expect_problem(401, "unauthorized");
    robin.get(&format!("{START}?people=robin")).await.expect_problem(422, "invalid");
}

#[actix_web::test]
async fn an_api_token_gets_what_its_scopes_allow() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.decides(&alex, json!({"state": "approved"})).await;
    robin.log("water", 250, "2026-03-01T10:00:00Z").await;
    for client in [&robin, &alex] {
        for (scopes, shown) in [(json!(["read"]), Some("robin")), (json!(["log"]), None)] {
            let body = json!({"name": "button", "scopes": scopes, "expires_at": "2026-03-02T12:00:00Z"});
            let made = client.post("/api/v1/me/tokens", body).await;
            if made.status != StatusCode::CREATED {
                assert_eq!((client.username.as_str(), shown), ("alex", None), "{}", made.json);
                continue;
            }
            let script = Client { bearer: made.json["token"].as_str().map(str::to_owned), ..client.clone() };
            assert_parts(&script, "", shown).await;
            let start = start(&script, "").await;
            assert_eq!((&start["me"], &start["shares"]), (&Value::Null, &Value::Null));
            assert_eq!(start["people"].is_null(), shown.is_none());
        }
    }
}

#[actix_web::test]
async fn a_user_who_has_to_choose_a_password_first_gets_no_more_than_that() {
    let app = TestApp::start().await;
    let robin = app.admin().await;
    for role in ["viewer", "admin"] {
        let user = json!({"username": format!("new-{role}"), "role": role});
        let made = robin.post("/api/v1/admin/users", user).await;
        let password = made.expect(StatusCode::CREATED).json["temporary_password"].as_str().unwrap().to_owned();
        let newcomer = app.anonymous().sign_in(&format!("new-{role}"), &password).await;
        assert_parts(&newcomer, "", None).await;
        let start = start(&newcomer, "").await;
        assert_eq!(start["me"]["password_change_required"], true);
        assert_eq!((&start["people"], &start["shares"]), (&Value::Null, &Value::Null));
    }
}

#[actix_web::test]
async fn it_counts_as_a_look_once_a_minute() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.decides(&alex, json!({"state": "approved"})).await;
    app.named("sasha", Role::Admin).await.sharing("nobody").await;
    let looks = || app.recorded("person.look").len();
    for expected in [1, 1, 2] {
        start(&alex, "").await;
        start(&alex, "?person=robin").await;
        start(&robin, "").await;
        app.anonymous().get(START).await;
        settled(&app).await;
        assert_eq!(looks(), expected);
        app.clock.advance(MINUTE / 2);
    }
    // A viewer who may not watch leaves no look.
    robin.decides(&alex, json!({"state": "ended"})).await;
    app.clock.advance(MINUTE);
    start(&alex, "?person=robin").await;
    settled(&app).await;
    assert_eq!(looks(), 2);
}

#[actix_web::test]
async fn an_answer_that_did_not_change_is_not_sent_again() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.decides(&alex, json!({"state": "approved"})).await;
    let first = alex.get(START).await;
    assert_eq!(first.header("cache-control"), "no-store");
    let again = async || {
        let request = alex.request("GET", START).insert_header(("if-none-match", first.header("etag")));
        request.send().await.unwrap().status()
    };
    assert_eq!(again().await, StatusCode::NOT_MODIFIED);
    robin.log("water", 250, "2026-03-01T10:00:00Z").await;
    assert_eq!(again().await, StatusCode::OK);
}
