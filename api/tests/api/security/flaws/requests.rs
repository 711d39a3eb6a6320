//! Requests that are too large, too slow, too many, or not for us.

use std::fmt::Write as _;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use actix_web::http::StatusCode;
use status_tracker::account::model::Role;

use crate::{
    security::raw,
    support::{Answer, NOON, TestApp},
};

/// A sort key, filter or field of the caller's choice.
#[actix_web::test]
async fn over_exposure_by_sort_and_filter() {
    let app = TestApp::start().await;
    let (robin, viewer) = (app.named("robin", Role::Admin).await, app.viewer().await);
    robin.log("water", 250, NOON).await;
    for query in [
        "sort=password_hash",
        "order=password_hash",
        "order=asc;--",
        "fields=*",
        "include=user",
        "select=*",
        "metric=password_hash",
    ] {
        viewer.get(&format!("/api/v1/people/robin/entries?{query}")).await.expect_problem(422, "invalid");
        viewer.get(&format!("/api/v1/people?{query}")).await.expect_problem(422, "invalid");
    }
}

/// A body that is too large, however its length is given.
#[actix_web::test]
async fn body_size() {
    let app = TestApp::with(&[("MAX_BODY_BYTES", "10485760")]).await;
    let admin = app.admin().await;
    let before = app.contents();
    let large = format!("{{\"note\":\"{}\"}}", "x".repeat(10_485_760));
    let answer = admin.send("POST", "/api/v1/entries", "application/json", large.clone()).await;
    answer.expect_problem(413, "payload_too_large");
    let host = app.url.trim_start_matches("http://");
    let mut request = format!(
        "POST /api/v1/entries HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        admin.bearer.as_ref().unwrap()
    );
    for chunk in large.as_bytes().chunks(1 << 20) {
        write!(request, "{:x}\r\n{}\r\n", chunk.len(), std::str::from_utf8(chunk).unwrap()).unwrap();
    }
    let answer = refused_upload(&app.url, request + "0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(app.contents(), before);
}

/// Like [`raw`], for a server that may stop reading before all is sent.
async fn refused_upload(url: &str, request: String) -> String {
    let address = url.replace("http://", "");
    let exchange = move || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut writing = stream.try_clone().unwrap();
        let sender = std::thread::spawn(move || drop(writing.write_all(request.as_bytes())));
        let mut answer = [0; 4096];
        let read = (&stream).read(&mut answer).unwrap();
        drop(stream.shutdown(std::net::Shutdown::Both));
        sender.join().unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    };
    actix_web::web::block(exchange).await.unwrap()
}

/// A body that grows when it is unpacked.
#[actix_web::test]
async fn decompression_bomb() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "compress"] {
        let request = admin.request("POST", "/api/v1/entries").insert_header(("content-encoding", encoding));
        let answer =
            request.insert_header(("content-type", "application/json")).send_body(vec![0x1f, 0x8b, 8, 0]).await;
        assert_eq!(answer.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{encoding}");
    }
}

/// A client that sends its head a little at a time is cut off after ten seconds, while others are served.
#[actix_web::test]
async fn slow_clients() {
    let app = TestApp::start().await;
    let address = app.url.replace("http://", "");
    let slow = actix_web::web::block(move || {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(b"GET /api/v1/me HTTP/1.1\r\nHost: ").unwrap();
        let mut answer = Vec::new();
        // The connection may end in a reset: either way it is gone.
        drop(stream.read_to_end(&mut answer));
        begun.elapsed()
    });
    app.anonymous().get("/health/live").await.expect(StatusCode::OK);
    let elapsed = slow.await.unwrap();
    assert!(elapsed < Duration::from_secs(15), "{elapsed:?}");
}

/// A host that is not ours.
#[actix_web::test]
async fn host_header() {
    let app = TestApp::behind_nginx().await;
    for host in ["elsewhere.example", "127.0.0.1.elsewhere.example", "localhost.elsewhere.example", ""] {
        let answer =
            raw(&app.url, format!("GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{host}: {answer}");
    }
    // The server itself refuses another host, in case there is no nginx in front of it.
    for host in ["elsewhere.example", "localhost.elsewhere.example"] {
        let request = app.direct().request("GET", "/api/v1/privacy-policy").insert_header(("host", host));
        Answer::of(request.send().await.unwrap()).await.expect_problem(421, "unknown_host");
    }
    let port = app.url.rsplit(':').next().unwrap();
    let ours =
        raw(&app.url, format!("GET /health/live HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"))
            .await;
    assert!(ours.starts_with("HTTP/1.1 200"), "{ours}");
}

/// A request as the proxy on the same machine would pass it on.
async fn passed_on(app: &TestApp, address: &str) -> u16 {
    let request = app.direct().request("GET", "/api/v1/privacy-policy").insert_header(("x-forwarded-for", address));
    request.send().await.unwrap().status().as_u16()
}

/// Another address for every request: a customer with IPv6 has as many as they like.
#[actix_web::test]
async fn ipv6_rotation() {
    let app = TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "2/24h")]).await;
    let mut statuses = Vec::new();
    for number in 1..=6 {
        statuses.push(passed_on(&app, &format!("2001:db8:7:7:{number}::{number}")).await);
    }
    assert_eq!(statuses, [200, 200, 429, 429, 429, 429]);
    assert_eq!(passed_on(&app, "2001:db8:7:8::1").await, 200, "the neighbour");
}

/// Callers to remember without end.
#[actix_web::test]
async fn limiter_memory() {
    let app = TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "2/24h")]).await;
    app.services.limits.known_networks.store(20, std::sync::atomic::Ordering::Relaxed);
    for number in 0..100 {
        passed_on(&app, &format!("198.51.100.{number}")).await;
    }
    let remembered = app.services.limits.remembered();
    assert!(remembered <= 21, "{remembered}");
    app.viewer().await.get("/api/v1/me").await.expect(StatusCode::OK);
}
