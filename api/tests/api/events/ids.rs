//! Returning clients: missed events arrive, none arrives twice, and ids reveal nothing.

use serde_json::json;
use status_tracker::{
    account::model::Role,
    clock::{DAY, SECOND},
    metric::Detail,
    outbox::retention,
    people::sharing::Granted,
};

use super::{
    change_share,
    listener::{Event, Listener},
};
use crate::support::{Client, NOON, TestApp};

/// All events up to the next heartbeat.
async fn all(app: &TestApp, stream: &mut Listener, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..count {
        events.push(stream.next().await.unwrap());
    }
    app.clock.advance(15 * SECOND);
    stream.heartbeat().await;
    events
}

#[actix_web::test]
async fn a_viewer_who_comes_back_gets_what_they_missed_and_nothing_twice() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.viewer().await);
    let mut stream = alex.listen("robin").await;
    let mut seen = vec![stream.expect("status").await];
    for number in 1..=10 {
        robin.log("water", 100 + number, NOON).await;
        seen.push(stream.expect("entry").await);
        seen.push(stream.expect("status").await);
    }
    drop(stream);
    // After each event, the later entries come again under the same ids, with the newest status.
    for (position, event) in seen.iter().enumerate() {
        let mut again = alex.listen_after("robin", &event.id).await;
        let missed: Vec<&Event> = seen[position + 1..].iter().filter(|event| event.name == "entry").collect();
        let entries = missed.len();
        let status = usize::from(position + 1 < seen.len());
        let told = all(&app, &mut again, entries + status).await;
        assert_eq!(
            told.iter().filter(|event| event.name == "entry").map(|event| &event.data).collect::<Vec<_>>(),
            missed.iter().map(|event| &event.data).collect::<Vec<_>>()
        );
        if status > 0 {
            assert_eq!(told.last(), seen.last(), "after event {position}");
        }
    }
}

#[actix_web::test]
async fn an_id_that_leads_nowhere_leads_to_a_new_beginning() {
    let app = TestApp::start().await;
    let (robin, sasha) = (app.named("robin", Role::Admin).await, app.named("sasha", Role::Admin).await);
    let (alex, sam) = (app.named("alex", Role::Viewer).await, app.named("sam", Role::Viewer).await);
    robin.log("water", 250, NOON).await;
    sasha.log("water", 250, NOON).await;
    let others = alex.listen("sasha").await.expect("status").await.id;
    let theirs = sam.listen("robin").await.expect("status").await.id;
    let own = alex.listen("robin").await.expect("status").await.id;
    let list = Listener::open(&alex, "/api/v1/me/events", "").await.expect("people").await.id;
    for id in
        [&others, &theirs, &list, "7", "0", "-1", "99999999999999999999", "AAAAAAAAAAAAAAAAAAAAAA", "%00", &own[1..]]
    {
        let mut stream = alex.listen_after("robin", id).await;
        assert_eq!(stream.expect("reset").await.data, json!({}));
        assert_eq!(stream.expect("status").await.id, own, "{id}");
    }
    // The id is from the future: the database was put back to before it.
    robin.log("water", 100, NOON).await;
    let mut stream = alex.listen("robin").await;
    let future = stream.expect("status").await.id;
    drop(stream);
    app.execute("DELETE FROM outbox WHERE id > 1; UPDATE outbox_head SET last = 1");
    let mut stream = alex.listen_after("robin", &future).await;
    stream.expect("reset").await;
    stream.expect("status").await;
}

#[actix_web::test]
async fn a_change_older_than_a_week_is_not_replayed() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.viewer().await);
    let old = alex.listen("robin").await.expect("status").await.id;
    robin.log("water", 250, NOON).await;
    app.clock.advance(DAY);
    robin.log("water", 250, NOON).await;
    let kept = alex.listen("robin").await.expect("status").await.id;
    app.clock.advance(6 * DAY + SECOND);
    retention::prune(&app.state).await.unwrap();
    let alex = app.anonymous().sign_in(&alex.username, crate::support::PASSWORD).await;
    let mut stream = alex.listen_after("robin", &old).await;
    stream.expect("reset").await;
    stream.expect("status").await;
    // The day has changed, so there is a status, and nothing else.
    let mut stream = alex.listen_after("robin", &kept).await;
    stream.expect("status").await;
    app.clock.advance(15 * SECOND);
    stream.heartbeat().await;
}

/// Everything that a viewer with these terms receives while robin does `hidden` in the middle.
async fn overheard(granted: Granted, hidden: bool) -> (Vec<String>, Vec<Event>) {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let first = robin.log("water", 250, NOON).await;
    robin.log("altitude", 5, NOON).await;
    change_share(&app, move |share| share.set_terms(granted)).await;
    let mut stream = alex.listen("robin").await;
    let mut events = vec![stream.expect("status").await];
    if hidden {
        hide(&app, &robin, first["id"].as_str().unwrap()).await;
    }
    // The next event is about something visible, since nothing was hidden.
    robin.patch("/api/v1/me", json!({"display_name": "Robin R."})).await;
    events.push(stream.next().await.unwrap());
    let mut again = alex.listen("robin").await;
    events.push(again.expect("status").await);
    let mut back = alex.listen_after("robin", &events[0].id).await;
    events.push(back.next().await.unwrap());
    let texts = events.iter().map(|event| format!("{} {}", event.name, event.data)).collect();
    (texts, events)
}

/// Changes that are hidden from a viewer who sees water as bands and no altitude.
async fn hide(app: &TestApp, robin: &Client, id: &str) {
    let path = format!("/api/v1/entries/{id}");
    robin.patch(&path, json!({"value": 251})).await;
    robin.patch(&path, json!({"note": "a secret"})).await;
    robin.patch(&path, json!({"value": 250, "note": null})).await;
    robin.log("altitude", 9, NOON).await;
    robin.patch("/api/v1/me", json!({"unit": "fl_oz"})).await;
    // Another viewer, and their share.
    app.named("sam", Role::Viewer).await;
}

#[actix_web::test]
async fn a_hidden_change_makes_no_difference() {
    let terms = Granted { water: Detail::Band, altitude: Detail::None, ..Granted::USUAL };
    for granted in [terms, Granted { water: Detail::Logged, ..terms }, Granted { history: false, ..terms }] {
        let (without, _) = overheard(granted, false).await;
        let (with, events) = overheard(granted, true).await;
        assert_eq!(with, without, "{granted:?}");
        // After the hidden change the same state has the same id as on the stream that was open throughout.
        assert_eq!(events[1].id, events[2].id);
        assert_eq!(events[1].id, events[3].id);
    }
}
