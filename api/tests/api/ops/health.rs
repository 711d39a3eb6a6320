use std::{
    io::{Read, Write},
    net::TcpStream,
};

use actix_web::http::StatusCode;
use futures_util::FutureExt;
use serde_json::json;
use status_tracker::error::{ApiError, Code};

use crate::support::TestApp;

#[actix_web::test]
async fn health_tells_alive_from_ready() {
    let app = TestApp::start().await;
    let everybody = app.anonymous();
    let well = json!({"status": "ok", "checks": {"database_reads": "ok", "database_writes": "ok", "accepting": "ok"}});
    for path in ["/health", "/health/ready"] {
        assert_eq!(everybody.get(path).await.expect(StatusCode::OK).json, well);
    }
    app.services.draining.begin();
    let draining = everybody.get("/health/ready").await;
    draining.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(draining.json["checks"]["accepting"], "failing");
    assert_eq!(everybody.get("/health/live").await.expect(StatusCode::OK).json, json!({"status": "ok"}));
}

#[actix_web::test]
async fn every_answer_has_its_own_id_and_strict_headers() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for path in ["/health/live", "/api/v1/me", "/api/v1/nothing", "/api/openapi.json", "/api/docs/", "/elsewhere"] {
        let answer = app.anonymous().get(path).await;
        ids.push(answer.header("x-request-id").to_owned());
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_ne!(answer.header("cache-control"), "", "{path}");
    }
    ids.dedup();
    assert_eq!(ids.len(), 6);
    assert!(ids.iter().all(|id| id.len() == 36));
    assert_eq!(app.admin().await.get("/api/v1/me").await.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn unknown_addresses_are_404_and_wrong_methods_405() {
    let app = TestApp::start().await;
    for path in ["/", "/api", "/api/v1", "/api/v1/nothing", "/api/v2/me", "/metrics", "/health/else", "/api/v1/me/"] {
        app.anonymous().get(path).await.expect_problem(404, "not_found");
    }
    for (method, path, allow) in [
        ("GET", "/api/v1/entries", "POST"),
        ("DELETE", "/api/v1/people", "GET, HEAD"),
        ("PUT", "/api/v1/me", "GET, HEAD, PATCH, DELETE"),
        ("TRACE", "/health", "GET, HEAD"),
        ("POST", "/api/openapi.json", "GET, HEAD"),
        ("BREW", "/api/v1/entries/7", "GET, HEAD, PATCH, DELETE"),
    ] {
        let answer = app.anonymous().send(method, path, "application/json", "{}").await;
        answer.expect_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allow);
    }
}

#[actix_web::test]
async fn head_is_get_without_the_body() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (get, head) = (admin.get("/api/v1/me").await, admin.send("HEAD", "/api/v1/me", "", "").await);
    assert_eq!((head.status, head.header("etag")), (get.status, get.header("etag")));
    assert!(head.body.is_empty());
}

#[actix_web::test]
async fn an_answer_that_is_known_already_is_not_sent_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let tag = admin.get("/api/v1/me").await.header("etag").to_owned();
    let ask = |tags: String| {
        let request = admin.request("GET", "/api/v1/me").insert_header(("if-none-match", tags));
        async { crate::support::Answer::of(request.send().await.unwrap()).await }
    };
    for tags in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let answer = ask(tags).await;
        answer.expect(StatusCode::NOT_MODIFIED);
        assert_eq!((answer.header("etag"), answer.body.len()), (&*tag, 0));
    }
    ask("\"other\"".to_owned()).await.expect(StatusCode::OK);
    admin.patch("/api/v1/me", json!({"daily_goal_ml": 1234})).await.expect(StatusCode::OK);
    ask(tag).await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn a_write_that_panics_harms_nobody_else() {
    let app = TestApp::start().await;
    let before = app.contents();
    let outcome = app
        .state
        .db
        .write(|conn| -> Result<(), ApiError> {
            use diesel::prelude::*;
            use status_tracker::db::schema::users;
            diesel::delete(users::table).execute(conn)?;
            panic!("a fault in the middle of a write");
        })
        .await;
    assert_eq!(outcome.unwrap_err().code, Code::Internal);
    assert_eq!(app.contents(), before);
    app.admin().await.log("water", 250, "2026-03-01T11:00:00Z").await;
}

#[actix_web::test]
async fn a_full_queue_is_busy_and_empties_again() {
    let app = TestApp::with(&[("WRITE_QUEUE", "1")]).await;
    let admin = app.admin().await;
    let before = app.contents();
    let (started, wait_started) = std::sync::mpsc::channel();
    let (release, wait_release) = std::sync::mpsc::channel::<()>();
    let state = app.state.clone();
    let blocking = actix_web::rt::spawn(async move {
        let block = move |_: &mut _| {
            started.send(()).unwrap();
            wait_release.recv().unwrap();
            Ok(())
        };
        state.db.write(block).await
    });
    actix_web::web::block(move || wait_started.recv().unwrap()).await.unwrap();
    // The first write is running and no longer in the queue; the next one fills it.
    let mut waiting = Box::pin(app.state.db.write(|_| Ok(())));
    assert!((&mut waiting).now_or_never().is_none());

    let refused = admin.post("/api/v1/entries", json!({"metric": "water", "value": 250})).await;
    refused.expect_problem(503, "busy");
    assert_eq!(refused.header("retry-after"), "2");
    app.anonymous().get("/health/ready").await.expect(StatusCode::SERVICE_UNAVAILABLE);
    admin.get("/api/v1/me").await.expect(StatusCode::OK);

    release.send(()).unwrap();
    assert!(blocking.await.unwrap().is_ok() && waiting.await.is_ok());
    assert_eq!(app.contents(), before);
    admin.log("water", 250, "2026-03-01T11:00:00Z").await;
}

#[actix_web::test]
async fn a_reader_that_comes_free_too_late_is_busy() {
    let app = TestApp::with(&[("DATABASE_READERS", "1")]).await;
    let admin = app.admin().await;
    let (taken, wait_taken) = std::sync::mpsc::channel();
    let (release, wait_release) = std::sync::mpsc::channel::<()>();
    let state = app.state.clone();
    let holding = std::thread::spawn(move || {
        let hold = |_: &mut _| {
            taken.send(()).unwrap();
            wait_release.recv().unwrap();
            Ok(())
        };
        state.db.read_blocking(hold)
    });
    wait_taken.recv().unwrap();
    // Nobody returns the only connection, so this lasts as long as a request may wait for one.
    let refused = admin.get("/api/v1/me").await;
    refused.expect_problem(503, "busy");
    assert_eq!(refused.header("retry-after"), "2");
    app.anonymous().get("/health/live").await.expect(StatusCode::OK);
    release.send(()).unwrap();
    holding.join().unwrap().unwrap();
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn another_process_that_holds_the_database_makes_writes_wait_then_busy() {
    use diesel::{Connection, connection::SimpleConnection};
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = app.folder.path().join("status-tracker.db");
    let mut other = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let refused = admin.post("/api/v1/entries", json!({"metric": "water", "value": 250})).await;
    refused.expect_problem(503, "busy");
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
    other.batch_execute("ROLLBACK").unwrap();
    admin.log("water", 250, "2026-03-01T11:00:00Z").await;
}

#[actix_web::test]
async fn a_request_that_takes_too_long_is_answered() {
    let app = TestApp::with(&[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let admin = app.admin().await;
    let address = app.url.replace("http://", "");
    let token = admin.bearer.clone().unwrap();
    // The body never arrives.
    let answer = actix_web::web::block(move || {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "POST /api/v1/entries HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: 30\r\nConnection: close\r\n\r\n{{"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\"code\":\"timeout\""), "{answer}");
}
