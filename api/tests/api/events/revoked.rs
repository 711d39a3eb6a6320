//! Viewers who may no longer watch are notified of that, and of nothing else.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::{
    account::model::Role,
    clock::{DAY, HOUR, Timestamp},
    metric::Detail,
    people::sharing::{Granted, ShareState},
};

use super::{change_share, listener::Listener};
use crate::support::{Client, NOON, PASSWORD, TestApp};

/// How soon a stream ends after its end was committed.
const SOON: Duration = Duration::from_secs(1);

struct Scene {
    app: TestApp,
    robin: Client,
    alex: Client,
    /// Alex watches robin on the first stream, and the list of people on the second.
    streams: [Listener; 2],
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
        robin.log("water", 250, NOON).await;
        Self::of(app, robin, alex).await
    }

    async fn of(app: TestApp, robin: Client, alex: Client) -> Self {
        let mut streams = [alex.listen("robin").await, Listener::open(&alex, "/api/v1/me/events", "").await];
        streams[0].expect("status").await;
        streams[1].expect("people").await;
        Self { app, robin, alex, streams }
    }

    /// Both streams end, and the next request is refused.
    #[track_caller]
    fn expect_session_over(self, since: Instant) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            // The scene is moved as a whole, with its server.
            let mut scene = self;
            for stream in &mut scene.streams {
                stream.expect_revoked("session").await;
            }
            assert!(since.elapsed() < SOON, "{caller}: after {:?}", since.elapsed());
            let answer = scene.alex.get("/api/v1/people/robin/events").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{caller}");
        }
    }

    /// The stream of the person ends, the list goes on, and the next request finds nobody.
    #[track_caller]
    fn expect_share_over(self, since: Instant) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let mut scene = self;
            let [person, list] = &mut scene.streams;
            person.expect_revoked("share").await;
            assert!(since.elapsed() < SOON, "{caller}: after {:?}", since.elapsed());
            for path in ["status", "events"] {
                let answer = scene.alex.get(&format!("/api/v1/people/robin/{path}")).await;
                answer.expect_problem(404, "not_found");
            }
            let people = list.expect("people").await.data;
            assert_eq!(people, scene.alex.get("/api/v1/people?limit=100").await.json, "{caller}");
        }
    }
}

#[actix_web::test]
async fn signing_out_ends_the_streams_of_that_session() {
    let scene = Scene::set().await;
    let alex = scene.alex.clone();
    let since = Instant::now();
    alex.post("/api/v1/auth/logout", json!({})).await;
    scene.expect_session_over(since).await;
}

#[actix_web::test]
async fn a_new_password_ends_the_streams_of_all_others() {
    let scene = Scene::set().await;
    let page = scene.app.anonymous().sign_in("alex", PASSWORD).await;
    let passwords = json!({"current_password": PASSWORD, "new_password": "Wide-Meadow-38-swallows"});
    page.put("/api/v1/me/password", passwords).await.expect(StatusCode::NO_CONTENT);
    scene.expect_session_over(Instant::now()).await;
}

#[actix_web::test]
async fn the_acts_of_an_admin_on_the_reader_end_their_streams() {
    for (method, path, body) in [
        ("PATCH", "", json!({"role": "admin"})),
        ("PATCH", "", json!({"disabled": true})),
        ("POST", "/reset-password", json!({})),
        ("DELETE", "/sessions", json!({})),
        ("DELETE", "", json!({})),
    ] {
        let scene = Scene::set().await;
        let robin = scene.robin.clone();
        let done =
            robin.send(method, &format!("/api/v1/admin/users/alex{path}"), "application/json", body.to_string()).await;
        assert!(done.status.is_success(), "{method} {path}: {}", done.json);
        scene.expect_session_over(Instant::now()).await;
    }
}

#[actix_web::test]
async fn another_process_that_disables_the_reader_ends_them() {
    let scene = Scene::set().await;
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_status-tracker"))
        .args(["user", "disable", "--username", "alex"])
        .env("DATA_DIR", scene.app.folder.path())
        .env("BCRYPT_COST", "4")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    scene.expect_session_over(Instant::now()).await;
}

#[actix_web::test]
async fn a_session_that_is_over_by_itself_ends_them() {
    let scene = Scene::set().await;
    let since = Instant::now();
    scene.app.clock.advance(7 * DAY);
    scene.expect_session_over(since).await;
}

#[actix_web::test]
async fn a_stream_that_is_open_keeps_its_session_in_use() {
    let mut scene = Scene::set().await;
    let app = &scene.app;
    for _ in 0..3 {
        app.clock.advance(3 * DAY);
        scene.streams[0].expect("status").await;
        let begun = Instant::now();
        let used = format!("SELECT count(*) AS n FROM sessions WHERE last_seen_at = {}", app.clock.now().0);
        while app.number(&used) != 1 {
            app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
            assert!(begun.elapsed() < Duration::from_secs(5), "the session was not used");
        }
    }
    scene.alex.get("/api/v1/people/robin/status").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn a_token_that_is_revoked_ends_them() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let token = json!({"name": "clock", "scopes": ["read"], "expires_at": "2026-06-01T12:00:00Z"});
    let made = alex.post("/api/v1/me/tokens", token).await.json;
    let script = Client { bearer: made["token"].as_str().map(str::to_owned), ..alex.clone() };
    let mut scene = Scene::of(app, robin, script).await;
    // A script may be quiet for longer than a person.
    scene.app.clock.advance(8 * DAY);
    scene.streams[0].expect("status").await;
    scene.streams[1].expect("people").await;
    let alex = scene.app.anonymous().sign_in("alex", PASSWORD).await;
    alex.delete(&format!("/api/v1/me/tokens/{}", made["id"].as_str().unwrap())).await;
    scene.expect_session_over(Instant::now()).await;
}

#[actix_web::test]
async fn a_share_that_ends_takes_the_stream_of_that_person_along() {
    let scene = Scene::set().await;
    let now = scene.app.clock.now();
    change_share(&scene.app, move |share| share.set_state(ShareState::Ended, now)).await;
    scene.expect_share_over(Instant::now()).await;
}

#[actix_web::test]
async fn a_share_whose_time_is_over_does_too() {
    let mut scene = Scene::set().await;
    let until = Timestamp(scene.app.clock.now().0 + HOUR);
    change_share(&scene.app, move |share| share.until = Some(until)).await;
    scene.streams[0].expect("reset").await;
    scene.streams[0].expect("status").await;
    scene.streams[1].expect("people").await;
    let since = Instant::now();
    scene.app.clock.advance(HOUR);
    scene.expect_share_over(since).await;
}

#[actix_web::test]
async fn sharing_with_nobody_ends_all_but_ones_own() {
    let scene = Scene::set().await;
    let mut own = scene.robin.listen("robin").await;
    own.expect("status").await;
    scene.robin.patch("/api/v1/me", json!({"sharing": "nobody"})).await.expect(StatusCode::OK);
    let since = Instant::now();
    // Alex may have begun to watch before or after that.
    while own.next().await.unwrap().name != "me" {}
    scene.expect_share_over(since).await;
}

#[actix_web::test]
async fn nothing_that_was_written_after_it_is_delivered() {
    for _ in 0..20 {
        let mut scene = Scene::set().await;
        let now = scene.app.clock.now();
        change_share(&scene.app, move |share| share.set_state(ShareState::Ended, now)).await;
        scene.robin.log("altitude", 9, NOON).await;
        scene.streams[0].expect_revoked("share").await;
    }
}

#[actix_web::test]
async fn a_share_that_is_narrowed_shows_less_from_then_on() {
    let mut scene = Scene::set().await;
    change_share(&scene.app, |share| {
        let terms = share.terms();
        share.set_terms(Granted { water: Detail::Band, ..terms });
    })
    .await;
    scene.robin.log("water", 300, NOON).await;
    let [stream, _] = &mut scene.streams;
    stream.expect("reset").await;
    let mut status = stream.expect("status").await;
    assert_eq!(status.data["water"]["last_ml"], json!(null));
    // The entry may have been committed when the share was read.
    if let Ok(Some(event)) = tokio::time::timeout(Duration::from_millis(500), stream.next()).await {
        assert_eq!((event.name.as_str(), &event.data["entry"]["value"]), ("entry", &json!(null)));
        assert_eq!(event.data["entry"]["band"], "middle");
        status = event;
    }
    // Coming back shows no more than staying does.
    let mut again = scene.alex.listen_after("robin", &status.id).await;
    again.heartbeat().await;
}
