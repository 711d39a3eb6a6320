//! Streams: how many may be open, how slow a client may be, and how they end.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::json;
use status_tracker::{account::model::Role, clock::SECOND};

use super::{listener::Listener, raw::Raw, until_open};
use crate::{
    db::crash::Site,
    people::sharing::settled,
    support::{NOON, TestApp},
};

#[actix_web::test]
async fn one_user_has_ten_streams_and_the_server_as_many_as_it_may() {
    let app = TestApp::with(&[("MAX_EVENT_STREAMS", "12")]).await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let mut open = Vec::new();
    for number in 0..10 {
        let path = if number % 2 == 0 { "/api/v1/people/robin/events" } else { "/api/v1/me/events" };
        open.push(Listener::open(&alex, path, "").await);
    }
    let refused = alex.get("/api/v1/people/robin/events").await;
    refused.expect_problem(429, "too_many_streams");
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(alex.get("/api/v1/people/robin/status").await.status, 200);
    open.push(robin.listen("robin").await);
    open.push(robin.listen("robin").await);
    robin.get("/api/v1/me/events").await.expect_problem(503, "busy");
    // A client that closes one stream may open another.
    open.remove(0);
    let begun = Instant::now();
    while alex.request("GET", "/api/v1/me/events").send().await.unwrap().status() != 200 {
        assert!(begun.elapsed() < Duration::from_secs(5), "a closed stream still counts");
    }
}

#[actix_web::test]
async fn a_listener_who_has_heard_all_and_goes_is_gone_at_once() {
    let app = TestApp::start().await;
    let (_robin, alex) = (app.named("robin", Role::Admin).await, app.viewer().await);
    for _ in 0..3 {
        let mut stream = alex.listen("robin").await;
        stream.expect("status").await;
        // Nothing is unread, so the connection is closed without a reset.
        drop(stream);
        until_open(&app, 0);
    }
}

#[actix_web::test]
async fn head_answers_and_ends() {
    let app = TestApp::start().await;
    let (_robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    for path in ["/api/v1/people/robin/events", "/api/v1/me/events"] {
        let mut answer = alex.request("HEAD", path).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers().get("content-type").unwrap(), "text/event-stream");
        assert!(answer.next().await.is_none());
    }
    until_open(&app, 0);
    // A watch that the requests above began would have been noted before this one.
    let sam = app.named("sam", Role::Viewer).await;
    let mut stream = sam.listen("robin").await;
    stream.expect("status").await;
    let begun = Instant::now();
    while app.recorded("person.look").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(5), "nobody looked");
    }
    settled(&app).await;
    let looked: Vec<String> = app.recorded("person.look").into_iter().map(|[actor, ..]| actor).collect();
    assert_eq!(looked, ["sam"], "nobody looks who asks for the head alone");
    assert_eq!(app.number("SELECT count(*) AS n FROM watchers"), 1);
}

#[actix_web::test]
async fn a_slow_reader_holds_up_nobody_and_misses_nothing() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let mut slow = alex.listen("robin").await;
    let mut quick = alex.listen("robin").await;
    quick.expect("status").await;
    // Far more than all the buffers in between can hold.
    let note = "\u{1}".repeat(500);
    let mut written = Vec::new();
    for number in 0..2000 {
        let body = json!({"metric": "water", "value": 1 + number, "note": note});
        written.push(robin.post("/api/v1/entries", body).await.json["id"].clone());
    }
    for stream in [&mut quick, &mut slow] {
        let mut told = Vec::new();
        while told.len() < written.len() {
            let event = stream.next().await.unwrap();
            if event.name == "entry" {
                told.push(event.data["id"].clone());
            }
        }
        assert_eq!(told, written);
    }
}

#[actix_web::test]
async fn lookers_and_listeners_are_written_down() {
    let app = TestApp::start().await;
    let (_robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let mut stream = alex.listen("robin").await;
    stream.expect("status").await;
    let begun = Instant::now();
    let waited_for = |sql: &str, wanted: i64| {
        while app.number(sql) != wanted {
            assert!(begun.elapsed() < Duration::from_secs(5), "{sql} is not {wanted}");
        }
    };
    waited_for("SELECT count(*) AS n FROM watchers", 1);
    waited_for("SELECT count(*) AS n FROM audit WHERE action = 'person.look'", 1);
    // The remaining processes clean up after one that ended without notice.
    app.execute(
        "INSERT INTO processes VALUES ('gone', 0);
         INSERT INTO watchers SELECT person_id, viewer_id, 'gone', 0 FROM watchers",
    );
    app.clock.advance(60 * SECOND);
    waited_for("SELECT count(*) AS n FROM processes", 1);
    drop(stream);
    waited_for("SELECT count(*) AS n FROM audit WHERE action = 'person.look'", 2);
    app.clock.advance(15 * SECOND);
    waited_for("SELECT count(*) AS n FROM watchers", 0);
}

#[actix_web::test]
async fn many_lists_hold_up_no_revocation() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    for number in 0..19 {
        app.named(&format!("person-{number}"), Role::Admin).await;
    }
    let mut lists = Vec::new();
    // With the one below, as many as nginx lets one address have open at once.
    for _ in 0..9 {
        let viewer = app.viewer().await;
        for _ in 0..10 {
            lists.push(Listener::open(&viewer, "/api/v1/me/events", "").await);
        }
    }
    let mut stream = alex.listen("robin").await;
    stream.expect("status").await;
    robin.log("water", 250, NOON).await;
    let begun = Instant::now();
    robin.patch("/api/v1/me/shares/alex", json!({"state": "ended"})).await;
    while stream.next().await.is_some() {}
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    for list in &mut lists {
        assert_eq!(list.expect("people").await.data["items"].as_array().unwrap().len(), 20);
    }
}

#[test]
fn a_stop_ends_the_streams_and_is_quick() {
    let site = Site::new();
    let token = site.token();
    let mut server = site.serve();
    let mut stream = Raw::open(site.address, &token, "robin", "").unwrap();
    assert_eq!(stream.next().unwrap().name, "status");
    let begun = Instant::now();
    server.signal("TERM");
    assert!(stream.next().is_none(), "it ends without a word");
    assert_eq!(server.wait().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let log = std::fs::read_to_string(site.path("log")).unwrap();
    assert!(!log.contains("ERROR"), "a stream is no fault: {log}");
}
