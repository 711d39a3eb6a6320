//! Requests byte by byte: ambiguous ones, bodies that do not end, and clients that take their time.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use actix_web::{http::StatusCode, rt::task::spawn_blocking};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::TestApp;

/// The time within which this server has to cut somebody off.
const PATIENCE: Duration = Duration::from_secs(25);

fn connect(url: &str) -> TcpStream {
    let stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Everything that arrives until the server closes the connection.
fn read_to_end(mut stream: TcpStream) -> String {
    let mut received = Vec::new();
    match stream.read_to_end(&mut received) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            panic!("never closed: {}", String::from_utf8_lossy(&received))
        }
        _ => String::from_utf8_lossy(&received).into_owned(),
    }
}

/// The answer to exactly these bytes, until the server closes the connection.
pub async fn exchange(app: &TestApp, bytes: impl Into<Vec<u8>>) -> String {
    let (url, bytes) = (app.url.clone(), bytes.into());
    spawn_blocking(move || {
        let mut stream = connect(&url);
        // The server may have seen enough before all is sent.
        let _refused = stream.write_all(&bytes);
        read_to_end(stream)
    })
    .await
    .unwrap()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// OWASP ASVS v5.0.0-4.2.1, v5.0.0-4.2.2
#[actix_web::test]
async fn a_request_that_two_readers_could_understand_differently_is_refused() {
    let app = TestApp::start().await;
    let smuggled = "GET /api/v1/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let chunked = format!("0\r\n\r\n{smuggled}");
    let table = [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunked.as_str()),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", &chunked),
        ("Content-Length: 2\r\nContent-Length: 4\r\n", "{}  "),
        ("Content-Length: 2, 4\r\n", "{}  "),
        ("Content-Length: +2\r\n", "{}"),
        ("Content-Length: -2\r\n", "{}"),
        ("Content-Length: 0x2\r\n", "{}"),
        ("Content-Length: 2 2\r\n", "{}"),
        ("Content-Length : 2\r\n", "{}"),
        ("Content-Length: 99999999999999999999\r\n", "{}"),
        ("Transfer-Encoding: xchunked\r\n", &chunked),
        ("Transfer-Encoding: chunked, identity\r\n", &chunked),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", &chunked),
        ("Transfer-Encoding : chunked\r\n", &chunked),
        ("X-Folded: a\r\n b\r\nContent-Length: 2\r\n", "{}"),
        ("X-Nul: a\0b\r\nContent-Length: 2\r\n", "{}"),
        ("X-Return: a\rb\r\nContent-Length: 2\r\n", "{}"),
        ("Transfer-Encoding: chunked\r\n", "2\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "2\r\n{}\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "2 x\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "-2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "0x2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
    ];
    let answers = table.map(|(headers, body)| {
        let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        exchange(&app, format!("{head}{headers}\r\n{body}"))
    });
    for ((headers, body), answer) in table.iter().zip(join_all(answers).await) {
        assert_eq!(status(&answer), 400, "{headers:?} {body:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{headers:?} {body:?} was taken for two: {answer}");
    }
}

/// OWASP ASVS v5.0.0-4.2.1
#[actix_web::test]
async fn every_request_names_one_host() {
    let app = TestApp::start().await;
    let path = "/api/v1/privacy-policy";
    for (request, expected) in [
        (format!("GET {path} HTTP/1.1\r\n"), 400),
        (format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n"), 400),
        (format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n"), 400),
        (format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\n"), 421),
        (format!("GET http://evil.example{path} HTTP/1.1\r\nHost: localhost\r\n"), 421),
        (format!("GET http://localhost{path} HTTP/1.1\r\nHost: evil.example\r\n"), 421),
        (format!("GET http://localhost{path} HTTP/1.1\r\nHost: localhost\r\n"), 200),
    ] {
        let answer = exchange(&app, format!("{request}Connection: close\r\n\r\n")).await;
        assert_eq!(status(&answer), expected, "{request}: {answer}");
    }
}

#[actix_web::test]
async fn a_nul_in_the_address_is_no_request() {
    let app = TestApp::start().await;
    let answer = exchange(&app, "GET /api/v1/me\0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status(&answer), 400, "{answer}");
}

/// OWASP ASVS v5.0.0-5.2.1
#[actix_web::test]
async fn a_body_is_too_large_however_it_is_sent() {
    let app = TestApp::with(&[("MAX_BODY_BYTES", "2048")]).await;
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let announced = format!("{head}Content-Length: 2049\r\n\r\n");
    let chunk = format!("400\r\n{}\r\n", " ".repeat(1024));
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}{chunk}");
    for request in [announced, chunked] {
        // Neither client has sent all of it, and the server waits for neither.
        let answer = exchange(&app, request).await;
        assert_eq!(status(&answer), 413, "{answer}");
        assert!(answer.contains("\"payload_too_large\""), "{answer}");
    }
    let fits = format!("{head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}2\r\n{{}}\r\n0\r\n\r\n");
    assert_eq!(status(&exchange(&app, fits).await), 422);
}

#[actix_web::test]
async fn a_body_may_be_nested_64_levels_deep() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (depth, code) in [(64, "invalid"), (65, "bad_request"), (100_000, "bad_request")] {
        let body = format!("{{\"note\": {}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        let answer = admin.send("POST", "/api/v1/entries", "application/json", body).await;
        assert_eq!(answer.json["code"], code, "{depth}");
    }
}

/// OWASP ASVS v5.0.0-13.1.3
#[actix_web::test]
async fn slow_clients_are_cut_off_and_hold_nobody_up() {
    let app = TestApp::start().await;
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\n";
    let slow = [
        format!("{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"),
        format!("{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{{"),
        head.to_owned(),
        "G".to_owned(),
    ];
    let begun = Instant::now();
    let waiting = join_all(slow.map(|request| exchange(&app, request)));
    let others = async {
        for _ in 0..20 {
            app.anonymous().get("/api/v1/privacy-policy").await.expect(StatusCode::OK);
        }
        begun.elapsed()
    };
    let (answers, others) = futures_util::future::join(waiting, others).await;
    let took = begun.elapsed();
    assert!(others < Duration::from_secs(9), "the others waited {others:?}");
    assert!((Duration::from_secs(9)..PATIENCE).contains(&took), "{took:?}");
    for answer in &answers {
        assert_eq!(status(answer), 408, "{answer}");
    }
    for answer in &answers[..2] {
        assert!(answer.contains("\"request_timeout\""), "{answer}");
    }
}

#[actix_web::test]
async fn one_request_too_many_is_told_to_come_back_and_health_still_answers() {
    let app = TestApp::with(&[("MAX_CONCURRENT_REQUESTS", "1")]).await;
    let anonymous = app.anonymous();
    let mut slow = connect(&app.url);
    let credentials = json!({"username": "nobody", "password": "x"}).to_string();
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        credentials.len()
    );
    slow.write_all(head.as_bytes()).unwrap();
    // A worker reads its connections in the order in which data arrives on them, and new ones go round the workers: once these are
    // answered, the first request is being worked on.
    for _ in 0..4 * std::thread::available_parallelism().unwrap().get() {
        anonymous.get("/health/live").await.expect(StatusCode::OK);
    }
    let busy = anonymous.get("/api/v1/privacy-policy").await;
    assert!(!busy.expect_problem(503, "busy").header("retry-after").is_empty());
    anonymous.get("/health/ready").await.expect(StatusCode::OK);
    slow.write_all(credentials.as_bytes()).unwrap();
    let answer = spawn_blocking(move || read_to_end(slow)).await.unwrap();
    assert_eq!(status(&answer), 401, "{answer}");
    anonymous.get("/api/v1/privacy-policy").await.expect(StatusCode::OK);
}
