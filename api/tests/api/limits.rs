//! Asking too often. The clock of the limits is the machine's own, so these tests use rates that do not refill while they run.

use actix_web::http::StatusCode;
use serde_json::json;

use crate::support::{Answer, Client, PASSWORD, TestApp};

async fn limited(tier: &str, rate: &str) -> TestApp {
    TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), (tier, rate)]).await
}

async fn from(client: &Client, address: &str, path: &str) -> Answer {
    Answer::of(client.request("GET", path).insert_header(("x-forwarded-for", address)).send().await.unwrap()).await
}

#[actix_web::test]
async fn the_limit_is_exact_under_many_requests_at_once_and_says_when_to_return() {
    let app = limited("RATE_LIMIT_GENERAL", "30/24h").await;
    let viewer = app.viewer().await;
    let answers = futures_util::future::join_all((0..50).map(|_| viewer.get("/api/v1/me"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 30);
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert_eq!(refused.len(), 20);
    for answer in refused {
        answer.expect_problem(429, "rate_limited");
        let seconds: u32 = answer.header("retry-after").parse().unwrap();
        assert!((1..=2880).contains(&seconds), "one of 30 comes back every 48 minutes, not in {seconds} s");
    }
}

#[actix_web::test]
async fn each_user_counts_by_themself_and_in_every_form() {
    let app = limited("RATE_LIMIT_GENERAL", "4/24h").await;
    let (one, two) = (app.viewer().await, app.viewer().await);
    let page = app.anonymous().sign_in(&one.username, PASSWORD).await;
    for client in [&one, &page, &one, &page] {
        client.get("/api/v1/me").await.expect(StatusCode::OK);
    }
    one.get("/api/v1/me").await.expect_problem(429, "rate_limited");
    page.get("/api/v1/people").await.expect_problem(429, "rate_limited");
    two.get("/api/v1/me").await.expect(StatusCode::OK);
    app.anonymous().get("/api/v1/privacy-policy").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn tiers_count_apart_and_health_counts_nowhere() {
    let app = limited("RATE_LIMIT_AUTH", "2/24h").await;
    let viewer = app.viewer().await;
    let credentials = json!({"username": viewer.username, "password": PASSWORD});
    for path in ["/api/v1/auth/login", "/api/v1/auth/token"] {
        app.anonymous().post(path, credentials.clone()).await.expect(StatusCode::OK);
        app.anonymous().get("/health").await.expect(StatusCode::OK);
    }
    app.anonymous().post("/api/v1/auth/login", credentials.clone()).await.expect_problem(429, "rate_limited");
    app.anonymous().get("/api/v1/privacy-policy").await.expect(StatusCode::OK);
    for _ in 0..5 {
        app.anonymous().get("/health/live").await.expect(StatusCode::OK);
    }
}

#[actix_web::test]
async fn registrations_are_few() {
    let app = limited("RATE_LIMIT_REGISTRATION", "2/24h").await;
    let body = json!({"username": "no", "password": "no", "privacy_policy_version": "no"});
    for expected in [422, 422, 429] {
        assert_eq!(app.anonymous().post("/api/v1/auth/register", body.clone()).await.status, expected);
    }
}

#[actix_web::test]
async fn an_address_counts_as_the_trusted_proxy_saw_it() {
    let app = limited("RATE_LIMIT_GENERAL", "2/24h").await;
    let anonymous = app.anonymous();
    let path = "/api/v1/privacy-policy";
    // The proxy stands on 127.0.0.1, as nginx does; what its client wrote further left is not believed.
    for (address, expected) in [
        ("192.0.2.1", 200),
        ("192.0.2.1", 200),
        ("192.0.2.1", 429),
        ("198.51.100.9, 192.0.2.1", 429),
        ("192.0.2.1, 127.0.0.1", 429),
        ("192.0.2.2", 200),
        ("192.0.2.1, 192.0.2.2", 200),
        ("192.0.2.2", 429),
        ("2001:db8:7:7::1", 200),
        ("2001:db8:7:7:ffff::2", 200),
        ("2001:db8:7:7:1:2:3:4", 429),
        ("2001:db8:7:8::1", 200),
        ("nonsense", 200),
        ("", 200),
        ("unknown, ", 429),
    ] {
        assert_eq!(from(&anonymous, address, path).await.status, expected, "{address}");
    }
}

#[actix_web::test]
async fn whoever_is_no_proxy_is_not_believed_at_all() {
    let settings = [("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "2/24h"), ("TRUSTED_PROXIES", "192.0.2.99")];
    let app = TestApp::with(&settings).await;
    let anonymous = app.anonymous();
    let tricks = ["192.0.2.1", "127.0.0.1", "192.0.2.99", "::1", "10.0.0.1, 192.0.2.99"];
    let mut statuses = Vec::new();
    for address in tricks {
        statuses.push(from(&anonymous, address, "/api/v1/privacy-policy").await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429, 429, 429]);
}

#[actix_web::test]
async fn a_forged_credential_counts_for_the_address_that_sent_it() {
    let app = limited("RATE_LIMIT_GENERAL", "2/24h").await;
    for (number, expected) in [401, 401, 429, 429].into_iter().enumerate() {
        let forged = Client { bearer: Some(format!("forged-{number}")), ..app.anonymous() };
        assert_eq!(forged.get("/api/v1/me").await.status, expected);
    }
}
