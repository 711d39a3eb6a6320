//! The person sees who looked and who is watching, whatever way that happens.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    account::model::Role,
    clock::{MINUTE, SECOND},
    outbox::presence::LEASE,
};

use super::{listener::Listener, until_open};
use crate::{
    people::sharing::settled,
    support::{Client, NOON, TestApp},
};

const ALEX: &str = "/api/v1/me/shares/alex";
const AUDIENCE: &str = "/api/v1/me/audience";

fn until_number(app: &TestApp, sql: &str, wanted: i64) {
    let begun = Instant::now();
    while app.number(sql) != wanted {
        assert!(begun.elapsed() < Duration::from_secs(5), "{sql} is not {wanted}");
    }
}

/// Waits until the answer at `path` is as `wanted` wants it.
#[track_caller]
fn until(person: &Client, path: &'static str, wanted: impl Fn(&Value) -> bool) -> impl Future<Output = Value> {
    let (caller, person) = (std::panic::Location::caller(), person.clone());
    async move {
        let begun = Instant::now();
        loop {
            let answer = person.get(path).await.json;
            if wanted(&answer) {
                return answer;
            }
            assert!(begun.elapsed() < Duration::from_secs(5), "{caller}: {answer}");
        }
    }
}

#[actix_web::test]
async fn a_watcher_of_the_list_watches_each_person_whose_status_it_shows() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    robin.patch(ALEX, json!({"state": "ended"})).await.expect(StatusCode::OK);
    let mut list = Listener::open(&alex, "/api/v1/me/events", "").await;
    assert_eq!(list.expect("people").await.data["items"][0]["access"], "ended");
    assert_eq!(robin.get(AUDIENCE).await.json, json!({"watching": [], "items": [], "next_cursor": null}));

    robin.patch(ALEX, json!({"state": "approved"})).await.expect(StatusCode::OK);
    assert_eq!(list.expect("people").await.data["items"][0]["access"], "watching");
    until(&robin, AUDIENCE, |audience| {
        audience["watching"][0]["username"] == "alex" && audience["items"].as_array().unwrap().len() == 1
    })
    .await;
    app.clock.advance(MINUTE);
    robin.log("water", 250, NOON).await;
    list.expect("people").await;
    until(&robin, ALEX, |share| share["last_looked_at"] == "2026-03-01T12:01:00.000Z").await;

    robin.patch(ALEX, json!({"state": "ended"})).await.expect(StatusCode::OK);
    list.expect("people").await;
    app.clock.advance(15 * SECOND);
    until_number(&app, "SELECT count(*) AS n FROM watchers", 0);
}

#[actix_web::test]
async fn a_viewer_who_may_not_watch_any_more_is_not_watching_from_then_on() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    for (path, end, begin) in [
        (ALEX, json!({"state": "ended"}), json!({"state": "approved"})),
        ("/api/v1/me", json!({"sharing": "nobody"}), json!({"sharing": "approved"})),
    ] {
        let mut stream = alex.listen("robin").await;
        stream.expect("status").await;
        until(&robin, ALEX, |share| share["watching"] == true).await;
        robin.patch(path, end).await.expect(StatusCode::OK);
        assert_eq!(robin.get(ALEX).await.json["watching"], false, "{path}");
        assert_eq!(robin.get(AUDIENCE).await.json["watching"], json!([]), "{path}");
        assert_eq!(app.number("SELECT count(*) AS n FROM watchers"), 1, "what is written follows");
        stream.expect_revoked("share").await;
        robin.patch(path, begin).await.expect(StatusCode::OK);
    }
}

#[actix_web::test]
async fn a_viewer_who_comes_and_goes_all_the_time_is_told_of_twice() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let mut own = robin.listen("robin").await;
    own.expect("status").await;
    let mut told = Vec::new();
    for number in 0..10 {
        alex.listen("robin").await.expect("status").await;
        until_open(&app, 1);
        // The hub has noticed alex's departure by the time robin hears of this.
        robin.patch("/api/v1/me", json!({"daily_goal_ml": 1000 + number})).await.expect(StatusCode::OK);
        loop {
            let event = own.next().await.unwrap();
            match event.name.as_str() {
                "status" => break,
                "share" => told.push(event.data["watching"].clone()),
                _ => {}
            }
        }
    }
    app.clock.advance(15 * SECOND);
    told.push(own.expect("share").await.data["watching"].clone());
    assert_eq!(told, [true, false]);
    let told = "SELECT count(*) AS n FROM outbox WHERE topic = 'own' AND subject IS NOT NULL";
    assert_eq!(app.number(told), 2);
}

#[actix_web::test]
async fn the_last_who_goes_is_gone_soon_though_nobody_listens_any_more() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    alex.listen("robin").await.expect("status").await;
    until_open(&app, 0);
    until(&robin, ALEX, |share| share["watching"] == true).await;
    app.clock.advance(15 * SECOND);
    until(&robin, ALEX, |share| share["watching"] == false).await;
    until_number(&app, "SELECT count(*) AS n FROM watchers", 0);
}

/// The first status that alex receives on coming back after three entries and this many hidden changes.
async fn comes_back_to(hidden: usize) -> Value {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let mut stream = alex.listen("robin").await;
    let first = stream.expect("status").await;
    until(&robin, ALEX, |share| share["watching"] == true).await;
    drop(stream);
    until_open(&app, 0);
    app.clock.advance(15 * SECOND);
    until_number(&app, "SELECT count(*) AS n FROM watchers", 0);
    app.clock.advance(45 * SECOND);
    for value in 1..=3 {
        robin.log("water", value, &format!("2026-03-01T12:00:0{value}Z")).await;
    }
    for number in 0..hidden {
        let unit = if number % 2 == 0 { "fl_oz" } else { "ml" };
        robin.patch("/api/v1/me", json!({"unit": unit})).await.expect(StatusCode::OK);
    }
    let mut again = alex.listen_after("robin", &first.id).await;
    for value in 1..=3 {
        assert_eq!(again.expect("entry").await.data["entry"]["value"], value);
    }
    let status = again.expect("status").await;
    until(&robin, AUDIENCE, |audience| audience["watching"][0]["username"] == "alex").await;
    until(&robin, ALEX, |share| share["last_looked_at"] == "2026-03-01T12:01:00.000Z").await;
    app.clock.advance(15 * SECOND);
    again.heartbeat().await;
    status.data
}

#[actix_web::test]
async fn a_viewer_who_comes_back_to_much_that_is_hidden_is_seen_and_told_the_status() {
    // More than one turn takes.
    assert_eq!(comes_back_to(70).await, comes_back_to(0).await);
}

#[actix_web::test]
async fn presence_that_could_not_be_written_is_written_later() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let mut own = robin.listen("robin").await;
    own.expect("status").await;
    until_number(&app, "SELECT count(*) AS n FROM processes", 1);
    let refuse = |what: &str| {
        app.execute(&format!(
            "CREATE TRIGGER refused BEFORE {what} ON watchers BEGIN SELECT raise(ABORT, 'refused'); END"
        ));
    };
    refuse("INSERT");
    let mut stream = alex.listen("robin").await;
    stream.expect("status").await;
    until_number(&app, "SELECT count(*) AS n FROM looks", 1);
    settled(&app).await;
    app.execute("DROP TRIGGER refused");
    app.clock.advance(15 * SECOND);
    assert_eq!(own.expect("share").await.data["watching"], true);

    refuse("DELETE");
    app.clock.advance(MINUTE);
    own.heartbeat().await;
    drop(stream);
    until_number(&app, "SELECT count(*) AS n FROM audit WHERE action = 'person.look'", 2);
    app.clock.advance(15 * SECOND);
    own.heartbeat().await;
    settled(&app).await;
    app.execute("DROP TRIGGER refused");
    app.clock.advance(15 * SECOND);
    assert_eq!(own.expect("share").await.data["watching"], false);
}

#[actix_web::test]
async fn a_process_that_was_killed_is_cleared_up_after_even_if_nobody_watches_through_another() {
    let app = TestApp::start().await;
    let (robin, _alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let mut own = robin.listen("robin").await;
    own.expect("status").await;
    until_number(&app, "SELECT count(*) AS n FROM processes", 1);
    let now = app.clock.now().0;
    // The clock was set back after the second process was killed.
    for (process, seen_at) in [("killed", now), ("from the future", now + 10 * MINUTE)] {
        app.execute(&format!(
            "INSERT INTO processes (id, seen_at) VALUES ('{process}', {seen_at});
             INSERT INTO watchers (person_id, viewer_id, process_id, since)
             SELECT person.id, viewer.id, '{process}', {now}
             FROM users AS person, users AS viewer WHERE person.username = 'robin' AND viewer.username = 'alex'"
        ));
        let counts = process == "killed";
        assert_eq!(robin.get(ALEX).await.json["watching"], counts);
        app.clock.advance(LEASE);
        let share = own.expect("share").await;
        assert_eq!(share.data["watching"], false);
        until_number(&app, "SELECT count(*) AS n FROM processes", 1);
    }
}
