//! Asking to watch.

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::{
    account::model::Role,
    clock::{DAY, MINUTE},
};

use super::{ASK_ROBIN, SHARES, comparable, robin_and_alex, rows, told};
use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn a_viewer_asks_waits_and_is_answered() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    let people = alex.get("/api/v1/people").await;
    assert_eq!(
        people.json["items"][0],
        json!({
            "person": {"username": "robin", "display_name": "robin", "time_zone": null},
            "access": "may_ask",
            "granted": null,
            "status": null,
        })
    );
    let asked = alex.ask("/api/v1/people/ROBIN/share-requests").await;
    assert_eq!(asked.expect(StatusCode::CREATED).json["access"], "requested");
    assert_eq!(alex.get("/api/v1/people").await.json["items"][0], asked.json);
    alex.get("/api/v1/people/robin/status").await.expect_problem(404, "not_found");

    let waiting = robin.get(SHARES).await;
    assert_eq!(
        waiting.expect(StatusCode::OK).json,
        json!({"items": [{
            "username": "alex", "display_name": "alex", "state": "requested", "water": "exact", "altitude": "exact",
            "history": true, "export": false, "until": null, "requested_at": "2026-03-01T12:00:00.000Z",
            "since": "2026-03-01T12:00:00.000Z", "last_looked_at": null, "watching": false,
        }], "next_cursor": null})
    );
    app.clock.advance(MINUTE);
    let approved = robin.decides(&alex, json!({"state": "approved"})).await;
    assert_eq!((&approved["state"], &approved["since"]), (&json!("approved"), &json!("2026-03-01T12:01:00.000Z")));
    assert_eq!(approved["requested_at"], "2026-03-01T12:00:00.000Z");
    alex.get("/api/v1/people/robin/status").await.expect(StatusCode::OK);
    let watching = alex.ask(ASK_ROBIN).await;
    assert_eq!(watching.expect(StatusCode::OK).json["access"], "watching", "who may watch has nothing to ask");
    assert_eq!(told(&app), 2, "of the request and of the answer");
    assert_eq!(app.recorded("share.request"), [["alex", "robin", "success", ""]]);
    let said = "approved, water exact, altitude exact, history";
    assert_eq!(app.recorded("share.update"), [["robin", "alex", "success", said]]);
}

#[actix_web::test]
async fn a_request_repeated_100_times_is_one() {
    let app = TestApp::start().await;
    let (_, alex) = robin_and_alex(&app).await;
    let first = alex.ask(ASK_ROBIN).await;
    first.expect(StatusCode::CREATED);
    let before = rows(&app);
    for _ in 0..99 {
        let again = alex.ask(ASK_ROBIN).await;
        assert_eq!(again.expect(StatusCode::OK).json, first.json);
    }
    assert_eq!(rows(&app), before);
    assert_eq!((told(&app), app.recorded("share.request").len()), (1, 1));
}

#[actix_web::test]
async fn requests_at_the_same_moment_are_one() {
    let app = TestApp::start().await;
    let (_, alex) = robin_and_alex(&app).await;
    let answers = futures_util::future::join_all((0..20).map(|_| alex.ask(ASK_ROBIN))).await;
    let asked = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!((asked, told(&app), app.recorded("share.request").len()), (1, 1, 1));
}

#[actix_web::test]
async fn a_person_whom_one_cannot_ask_is_not_there() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    let sasha = app.named("sasha", Role::Admin).await;
    app.named("off", Role::Admin).await;
    app.named("kim", Role::Viewer).await;
    robin.patch("/api/v1/admin/users/off", json!({"disabled": true})).await.expect(StatusCode::OK);
    app.execute("DELETE FROM shares; DELETE FROM outbox");
    sasha.sharing("nobody").await;
    let before = rows(&app);
    let mut answers = Vec::new();
    for who in ["nobody", "off", "kim", "alex", "sasha", "a%00b", "%2e%2e", &"x".repeat(200)] {
        let answer = alex.ask(&format!("/api/v1/people/{who}/share-requests")).await;
        answer.expect_client_error();
        if !who.contains('%') {
            answer.expect_problem(404, "not_found");
            answers.push(comparable(&answer));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "nobody can be told from another: {answers:#?}");
    // An admin learns nothing from it either, whatever the name.
    let mut refused = Vec::new();
    for who in ["robin", "sasha", "alex", "nobody"] {
        let answer = robin.ask(&format!("/api/v1/people/{who}/share-requests")).await;
        answer.expect_problem(403, "viewers_only");
        refused.push(comparable(&answer));
    }
    refused.dedup();
    assert_eq!(refused.len(), 1);
    assert_eq!(rows(&app), before);
}

#[actix_web::test]
async fn a_viewer_who_was_told_no_asks_again_a_day_later() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    alex.ask(ASK_ROBIN).await.expect(StatusCode::CREATED);
    robin.delete(&format!("{SHARES}/alex")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(app.recorded("share.end"), [["robin", "alex", "success", ""]]);
    assert_eq!(alex.get("/api/v1/people").await.json["items"][0]["access"], "ended");
    let before = rows(&app);
    for (later, wait) in [(0, "86400"), (DAY - 500, "1"), (499, "1")] {
        app.clock.advance(later);
        let again = alex.ask(ASK_ROBIN).await;
        again.expect_problem(409, "asked_recently");
        assert_eq!(again.header("retry-after"), wait);
    }
    assert_eq!(rows(&app), before);
    app.clock.advance(1);
    alex.ask(ASK_ROBIN).await.expect(StatusCode::CREATED);
    assert_eq!(robin.get(&format!("{SHARES}/alex")).await.json["state"], "requested");
}

/// The person finds their earlier choices when they are asked again, and a past end does not end the new share.
#[actix_web::test]
async fn asking_again_widens_nothing() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    let narrow = json!({"state": "approved", "water": "band", "history": false, "until": "2026-03-01T12:01:00Z"});
    robin.decides(&alex, narrow).await;
    app.clock.advance(MINUTE);
    alex.get("/api/v1/people/robin/status").await.expect_problem(404, "not_found");
    let asked = alex.ask(ASK_ROBIN).await;
    asked.expect(StatusCode::CREATED);
    let share = robin.get(&format!("{SHARES}/alex")).await.json;
    assert_eq!(
        (&share["state"], &share["water"], &share["history"]),
        (&json!("requested"), &json!("band"), &json!(false))
    );
    assert_eq!(share["until"], json!(null));
}

/// A share that ran out is no refusal: its viewer may ask again at once, whatever the person changed about it since.
#[actix_web::test]
async fn a_viewer_who_ran_out_of_time_asks_again_at_once() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.decides(&alex, json!({"state": "approved", "until": "2026-03-01T12:01:00Z"})).await;
    app.clock.advance(MINUTE);
    assert_eq!(robin.decides(&alex, json!({"water": "band"})).await["state"], "ended");
    alex.ask(ASK_ROBIN).await.expect(StatusCode::CREATED);
    assert_eq!(robin.get(&format!("{SHARES}/alex")).await.json["water"], "band");
}

#[actix_web::test]
async fn a_viewer_who_only_asked_is_in_everyone_and_waits_again_after_it() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    alex.ask(ASK_ROBIN).await.expect(StatusCode::CREATED);
    alex.get("/api/v1/people/robin/status").await.expect_problem(404, "not_found");
    robin.sharing("everyone").await;
    alex.get("/api/v1/people/robin/status").await.expect(StatusCode::OK);
    assert_eq!(robin.get(&format!("{SHARES}/alex")).await.json["state"], "approved");
    robin.decides(&alex, json!({"water": "band"})).await;
    let status = alex.get("/api/v1/people/robin/status").await;
    assert_eq!(status.expect(StatusCode::OK).json["water"]["goal_ml"], json!(null));

    robin.sharing("approved").await;
    alex.get("/api/v1/people/robin/status").await.expect_problem(404, "not_found");
    let share = robin.get(&format!("{SHARES}/alex")).await.json;
    assert_eq!((&share["state"], &share["water"]), (&json!("requested"), &json!("band")));
}

/// Otherwise somebody who is kept out of what everyone sees could come in by asking.
#[actix_web::test]
async fn asking_opens_nothing_with_everyone_either() {
    let app = TestApp::start().await;
    let (robin, alex) = robin_and_alex(&app).await;
    robin.sharing("everyone").await;
    alex.get("/api/v1/people/robin/status").await.expect(StatusCode::OK);
    robin.delete(&format!("{SHARES}/alex")).await.expect(StatusCode::NO_CONTENT);
    app.clock.advance(DAY);
    alex.ask(ASK_ROBIN).await.expect(StatusCode::CREATED);
    alex.get("/api/v1/people/robin/status").await.expect_problem(404, "not_found");
    assert_eq!(alex.get("/api/v1/people").await.json["items"][0]["access"], "requested");
    assert_eq!(robin.get(&format!("{SHARES}/alex")).await.json["state"], "requested");
    robin.decides(&alex, json!({"state": "approved", "water": "band"})).await;
    let status = alex.get("/api/v1/people/robin/status").await;
    assert_eq!(status.expect(StatusCode::OK).json["water"]["goal_ml"], json!(null));
}

/// Asking takes a session of one's own: an API token that may read does not ask.
#[actix_web::test]
async fn a_token_does_not_ask() {
    let app = TestApp::start().await;
    let (_, alex) = robin_and_alex(&app).await;
    let token = json!({"name": "clock", "scopes": ["read"], "expires_at": "2026-03-02T12:00:00Z"});
    let made = alex.post("/api/v1/me/tokens", token).await.json;
    let script = crate::support::Client { bearer: made["token"].as_str().map(str::to_owned), ..alex };
    let before = rows(&app);
    script.ask(ASK_ROBIN).await.expect_problem(403, "insufficient_scope");
    assert_eq!(rows(&app), before);
}

/// A page of another site cannot ask in somebody's name.
#[actix_web::test]
async fn another_site_does_not_ask() {
    let app = TestApp::start().await;
    let (_, alex) = robin_and_alex(&app).await;
    let page = app.anonymous().sign_in(&alex.username, PASSWORD).await;
    let before = rows(&app);
    let foreign = page.request("POST", ASK_ROBIN).insert_header(("sec-fetch-site", "cross-site"));
    crate::support::Answer::of(foreign.send().await.unwrap()).await.expect_problem(403, "cross_site");
    assert_eq!(rows(&app), before);
}
