//! The person sees who looked and who is watching, whatever way they are watched.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{clock::MINUTE, users::model::Role};

use super::listener::Listener;
use crate::support::{Client, NOON, TestApp};

const ALEX: &str = "/api/v1/me/shares/alex";
const AUDIENCE: &str = "/api/v1/me/audience";

/// Until the answer at `path` is as `wanted` wants it.
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
async fn who_watches_the_list_watches_each_person_whose_status_it_shows() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    robin.patch(ALEX, json!({"state": "ended"})).await.expect(StatusCode::OK);
    let mut list = Listener::open(&alex, "/api/v1/me/events", "").await;
    assert_eq!(list.expect("people").await.data["items"][0]["access"], "ended");
    assert_eq!(robin.get(AUDIENCE).await.json, json!({"watching": [], "items": [], "next_cursor": null}));

    robin.patch(ALEX, json!({"state": "approved"})).await.expect(StatusCode::OK);
    assert_eq!(list.expect("people").await.data["items"][0]["access"], "watching");
    let audience = until(&robin, AUDIENCE, |audience| audience["watching"][0]["username"] == "alex").await;
    assert_eq!(audience["items"].as_array().unwrap().len(), 1, "{audience}");
    app.clock.advance(MINUTE);
    robin.log("water", 250, NOON).await;
    list.expect("people").await;
    until(&robin, ALEX, |share| share["last_looked_at"] == "2026-03-01T12:01:00.000Z").await;

    robin.patch(ALEX, json!({"state": "ended"})).await.expect(StatusCode::OK);
    list.expect("people").await;
    until(&robin, ALEX, |share| share["watching"] == false).await;
}
