//! Registration: who gets an account, and with which name and password.

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::account::model::Role;

use super::registration;
use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn register_sign_in_look_sign_out() {
    let app = TestApp::start().await;
    let registered = app.anonymous().post("/api/v1/auth/register", registration("Alex", PASSWORD)).await;
    registered.expect(StatusCode::CREATED);
    assert_eq!(registered.json["username"], "alex");
    assert_eq!(registered.json["display_name"], "Alex");
    assert_eq!(registered.json["role"], "viewer", "whoever registers can only watch");
    assert!(registered.cookie().is_none(), "registering signs nobody in");

    let page = app.anonymous().sign_in("ALEX", PASSWORD).await;
    let me = page.get("/api/v1/me").await;
    assert_eq!(me.json["last_login_at"], "2026-03-01T12:00:00.000Z");

    let bye = page.post("/api/v1/auth/logout", json!({})).await;
    bye.expect(StatusCode::NO_CONTENT);
    assert!(bye.header("set-cookie").contains("Max-Age=0"), "{:?}", bye.headers);
    assert_eq!(bye.header("clear-site-data"), "\"cookies\"", "what others have waiting in this browser stays");
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

#[actix_web::test]
async fn a_registration_that_does_not_fit_is_refused() {
    let app = TestApp::start().await;
    app.named("robin", Role::Admin).await;
    let before = app.contents();
    let valid = registration("alex", PASSWORD);
    let long = "aB3-".repeat(33);
    for (field, value, code) in [
        ("username", json!("al"), "username"),
        ("username", json!("a".repeat(33)), "username"),
        ("username", json!("al ex"), "username"),
        ("username", json!("älex"), "username"),
        ("username", json!("../etc"), "username"),
        ("username", json!("-alex"), "username"),
        ("username", json!(7), "type"),
        ("password", json!("Short-1a"), "length"),
        ("password", json!(long), "length"),
        ("password", json!("nodigitsorupper"), "kinds"),
        ("password", json!("Passwordpassword1!"), "guessable"),
        ("password", json!("aaaaaaaaaaaaaaaaaaaaaaaa"), "guessable"),
        ("privacy_policy_version", json!("2020-01-01"), "version"),
        ("role", json!("admin"), "unknown"),
    ] {
        let mut body = valid.clone();
        body[field] = value.clone();
        let answer = app.anonymous().post("/api/v1/auth/register", body).await;
        answer.expect_problem(422, "invalid");
        assert_eq!(
            (answer.fields(), &answer.json["errors"][0]["code"]),
            (vec![field], &json!(code)),
            "{field} {value}"
        );
    }
    let taken = app.anonymous().post("/api/v1/auth/register", registration("ROBIN", PASSWORD)).await;
    taken.expect_problem(409, "username_taken");
    assert_eq!(app.contents(), before);
}

#[actix_web::test]
async fn the_user_name_is_no_password() {
    let app = TestApp::start().await;
    let body = registration("Lanterns-Harbour-71", "Lanterns-Harbour-71");
    app.anonymous().post("/api/v1/auth/register", body).await.expect_problem(422, "invalid");
}

#[actix_web::test]
async fn one_name_goes_to_one_of_those_who_ask_at_once() {
    let app = TestApp::start().await;
    let ask = |name: &'static str| {
        let client = app.anonymous();
        async move { client.post("/api/v1/auth/register", registration(name, PASSWORD)).await.status.as_u16() }
    };
    let mut outcomes = futures_util::future::join_all(["alex", "Alex", "ALEX", "aLeX"].map(ask)).await;
    outcomes.sort_unstable();
    assert_eq!(outcomes, [201, 409, 409, 409]);
}

#[actix_web::test]
async fn closed_registration_is_closed() {
    let app = TestApp::with(&[("REGISTRATION", "closed")]).await;
    let answer = app.anonymous().post("/api/v1/auth/register", registration("alex", PASSWORD)).await;
    answer.expect_problem(403, "registration_closed");
    assert!(!app.contents().contains("alex"));
}
