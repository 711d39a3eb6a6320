//! Events: which are sent, and to whom.

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::{
    account::{
        model::{Role, find_user_by_name},
        username::Username,
    },
    clock::{HOUR, SECOND},
    metric::{Detail, Metric},
    outbox::{self, Subject, Topic},
};

use super::{listener::Listener, until_open};
use crate::support::{Client, NOON, TestApp};

#[actix_web::test]
async fn a_snapshot_comes_first_and_then_what_changes() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.viewer().await);
    robin.log("water", 250, NOON).await;
    let mut stream = alex.listen("robin").await;
    let snapshot = stream.expect("status").await;
    assert_eq!(snapshot.data, alex.get("/api/v1/people/robin/status").await.json);
    assert_eq!(stream.comments, 1, "a word at once, that it is connected");

    let entry = robin.log("altitude", 7, NOON).await;
    let told = stream.expect("entry").await;
    assert_eq!(told.data, json!({"id": entry["id"], "deleted": false, "entry": entry}));
    let status = stream.expect("status").await;
    assert_eq!(status.data, alex.get("/api/v1/people/robin/status").await.json);
    assert_eq!(status.data["altitude"]["value"], 7);

    let path = format!("/api/v1/entries/{}", entry["id"].as_str().unwrap());
    let changed = robin.patch(&path, json!({"note": "better"})).await.json;
    assert_eq!(stream.expect("entry").await.data["entry"], changed);
    assert_eq!(stream.expect("status").await.data["updated_at"], changed["updated_at"], "that it was changed");
    robin.delete(&path).await;
    assert_eq!(stream.expect("entry").await.data, json!({"id": entry["id"], "deleted": true, "entry": null}));
    assert_eq!(stream.expect("status").await.data["altitude"]["value"], json!(null));
    robin.post(&format!("{path}/restore"), json!({})).await;
    assert_eq!(stream.expect("entry").await.data["entry"]["note"], "better");
    assert_eq!(stream.expect("status").await.data["altitude"]["value"], 7);

    robin.patch("/api/v1/me", json!({"display_name": "Robin R."})).await;
    assert_eq!(stream.expect("status").await.data["person"]["display_name"], "Robin R.");
}

#[actix_web::test]
async fn ones_own_stream_tells_more() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let mut stream = robin.listen("robin").await;
    stream.expect("status").await;
    robin.patch("/api/v1/me", json!({"unit": "fl_oz"})).await;
    assert_eq!(stream.expect("me").await.data, robin.get("/api/v1/me").await.json);
    robin.patch("/api/v1/me", json!({"daily_goal_ml": 1500})).await;
    assert_eq!(stream.expect("me").await.data["daily_goal_ml"], 1500);
    assert_eq!(stream.expect("status").await.data["water"]["goal_ml"], 1500);

    let watching = alex.listen("robin").await;
    let share = stream.expect("share").await.data;
    assert_eq!(
        (&share["username"], &share["watching"], &share["state"]),
        (&json!("alex"), &json!(true), &json!("approved"))
    );
    drop(watching);
    until_open(&app, 1);
    app.clock.advance(15 * SECOND);
    assert_eq!(stream.expect("share").await.data["watching"], false);
    assert_eq!(app.number("SELECT count(*) AS n FROM watchers"), 0);
}

#[actix_web::test]
async fn the_acts_of_an_admin_on_an_account_are_told_too() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let sasha = app.named("sasha", Role::Admin).await;
    let mut streams = [robin.listen("robin").await, alex.listen("robin").await];
    for stream in &mut streams {
        stream.expect("status").await;
    }
    streams[0].expect("share").await;
    sasha.patch("/api/v1/admin/users/robin", json!({"display_name": "Robin R."})).await.expect(StatusCode::OK);
    assert_eq!(streams[0].expect("me").await.data["display_name"], "Robin R.");
    for stream in &mut streams {
        assert_eq!(stream.expect("status").await.data["person"]["display_name"], "Robin R.");
    }
    sasha.delete("/api/v1/admin/users/alex").await.expect(StatusCode::NO_CONTENT);
    streams[1].expect_revoked("session").await;
    streams[0].expect("reset").await;
    streams[0].expect("status").await;
}

#[actix_web::test]
async fn a_token_is_not_told_of_account_and_shares() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let token = json!({"name": "clock", "scopes": ["read"], "expires_at": "2026-06-01T12:00:00Z"});
    let made = robin.post("/api/v1/me/tokens", token).await.json;
    let script = Client { bearer: made["token"].as_str().map(str::to_owned), ..robin.clone() };
    let mut stream = script.listen("robin").await;
    let first = stream.expect("status").await;
    for path in ["/api/v1/me", "/api/v1/me/shares"] {
        script.get(path).await.expect_problem(403, "insufficient_scope");
    }
    robin.patch("/api/v1/me", json!({"unit": "fl_oz"})).await.expect(StatusCode::OK);
    robin.patch("/api/v1/me/shares/alex", json!({"history": false})).await.expect(StatusCode::OK);
    let mut watching = alex.listen("robin").await;
    watching.expect("status").await;
    robin.log("water", 250, NOON).await;
    for stream in [&mut stream, &mut script.listen_after("robin", &first.id).await] {
        stream.expect("entry").await;
        stream.expect("status").await;
    }
}

#[actix_web::test]
async fn time_alone_changes_a_status_too() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.viewer().await);
    robin.log("water", 250, NOON).await;
    let mut stream = alex.listen("robin").await;
    assert_eq!(stream.expect("status").await.data["freshness"], "fresh");
    app.clock.advance(6 * HOUR);
    assert_eq!(stream.expect("status").await.data["freshness"], "ageing");
    app.clock.advance(6 * HOUR);
    let midnight = stream.expect("status").await.data;
    assert_eq!((&midnight["day"], &midnight["water"]["today_ml"]), (&json!("2026-03-02"), &json!(0)));
    app.clock.advance(HOUR);
    stream.heartbeat().await;
    app.clock.advance(-HOUR);
    stream.heartbeat().await;
    app.clock.advance(15_000);
    stream.heartbeat().await;
}

#[actix_web::test]
async fn a_reader_who_missed_pruned_rows_begins_again() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.viewer().await);
    robin.log("water", 250, NOON).await;
    let mut stream = alex.listen("robin").await;
    let first = stream.expect("status").await;
    app.execute("UPDATE outbox_head SET last = last + 5, pruned = last + 5");
    stream.expect("reset").await;
    assert_eq!(stream.expect("status").await.data, first.data);
}

#[actix_web::test]
async fn the_list_of_people_is_live() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.viewer().await);
    let mut stream = Listener::open(&alex, "/api/v1/me/events", "").await;
    let first = stream.expect("people").await;
    assert_eq!(first.data, alex.get("/api/v1/people?limit=100").await.json);
    robin.log("water", 250, NOON).await;
    let second = stream.expect("people").await;
    assert_eq!(second.data, alex.get("/api/v1/people?limit=100").await.json);
    assert_eq!(second.data["items"][0]["status"]["water"]["last_ml"], 250);
    app.named("sasha", Role::Admin).await;
    assert_eq!(stream.expect("people").await.data["items"][1]["person"]["username"], "sasha");

    let mut again = Listener::open(&alex, "/api/v1/me/events", &first.id).await;
    let newest = again.expect("people").await;
    let mut unchanged = Listener::open(&alex, "/api/v1/me/events", &newest.id).await;
    unchanged.heartbeat().await;
    app.clock.advance(15_000);
    unchanged.heartbeat().await;
}

#[actix_web::test]
async fn a_change_in_another_process_is_told_as_well() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let other = app.restarted(&[]).await;
    let elsewhere = |client: &Client| Client { url: other.url.clone(), ..client.clone() };
    let mut here = alex.listen("robin").await;
    let mut there = elsewhere(&alex).listen("robin").await;
    here.expect("status").await;
    there.expect("status").await;
    for client in [&robin, &elsewhere(&robin)] {
        let entry = client.log("water", 250, NOON).await;
        let [first, second] = [here.expect("entry").await, there.expect("entry").await];
        assert_eq!(first, second);
        assert_eq!(first.data["id"], entry["id"]);
        assert_eq!(here.expect("status").await, there.expect("status").await);
    }
    // An id from one server is good at the other.
    drop(here);
    let last = robin.log("water", 100, NOON).await;
    there.expect("entry").await;
    let status = there.expect("status").await;
    let mut back = alex.listen_after("robin", &status.id).await;
    back.heartbeat().await;
    let next = robin.log("water", 50, NOON).await;
    assert_ne!(next["id"], last["id"]);
    assert_eq!(back.expect("entry").await.data["id"], next["id"]);
}

#[actix_web::test]
async fn a_change_of_everything_says_so() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let mut streams = [robin.listen("robin").await, alex.listen("robin").await];
    streams[1].expect("status").await;
    let before = streams[0].expect("status").await;
    streams[0].expect("share").await;
    let now = app.clock.now();
    let all = move |conn: &mut _| {
        let person = find_user_by_name(conn, &Username::typed("robin"))?.unwrap().as_person();
        Ok(outbox::add(conn, &person, Topic::Metric(Metric::Water), Detail::Logged, Subject::All, now)?)
    };
    app.state.db.write(all).await.unwrap();
    for stream in &mut streams {
        assert_eq!(stream.expect("reset").await.data, json!({}));
        assert_eq!(stream.expect("status").await.data, before.data);
    }
    robin.listen_after("robin", &before.id).await.expect("reset").await;
}

#[actix_web::test]
async fn a_person_is_notified_when_a_viewer_is_renamed() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let sasha = app.named("sasha", Role::Admin).await;
    let mut own = robin.listen("robin").await;
    own.expect("status").await;
    let mut watching = alex.listen("robin").await;
    watching.expect("status").await;
    own.expect("share").await;
    alex.patch("/api/v1/me", json!({"display_name": "Alex A."})).await.expect(StatusCode::OK);
    let share = own.expect("share").await.data;
    assert_eq!(share["display_name"], "Alex A.");
    assert_eq!(share, robin.get("/api/v1/me/shares/alex").await.json);
    sasha.patch("/api/v1/admin/users/alex", json!({"disabled": true})).await.expect(StatusCode::OK);
    assert_eq!(own.expect("share").await.data["watching"], false);
    watching.expect_revoked("session").await;
}
