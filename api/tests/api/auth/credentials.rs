//! Cookies and tokens: how long they work, from where, and which credentials are invalid.

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::clock::{DAY, HOUR};

use crate::support::{Client, PASSWORD, TestApp};

#[actix_web::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let plain = TestApp::start().await;
    let viewer = plain.viewer().await;
    let credentials = json!({"username": viewer.username, "password": PASSWORD});
    let answer = plain.anonymous().post("/api/v1/auth/login", credentials).await;
    let cookie = answer.header("set-cookie");
    for part in ["session=", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=1209600"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }

    let tls = TestApp::with(&[("PUBLIC_URL", "https://status.example.org")]).await;
    let viewer = tls.viewer().await;
    let credentials = json!({"username": viewer.username, "password": PASSWORD});
    let answer = tls.anonymous().post("/api/v1/auth/login", credentials).await;
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-session=") && cookie.contains("Secure") && !cookie.contains("Domain"),
        "{cookie}"
    );
}

#[actix_web::test]
async fn a_token_works_until_it_ends() {
    let app = TestApp::with(&[("JWT_TTL_HOURS", "2")]).await;
    let viewer = app.viewer().await;
    let credentials = json!({"username": viewer.username, "password": PASSWORD});
    let answer = app.anonymous().post("/api/v1/auth/token", credentials).await;
    assert_eq!((&answer.json["token_type"], &answer.json["expires_in"]), (&json!("Bearer"), &json!(7200)));
    let token = Client { bearer: answer.json["access_token"].as_str().map(str::to_owned), ..app.anonymous() };
    app.clock.advance(2 * HOUR - 1000);
    token.get("/api/v1/me").await.expect(StatusCode::OK);
    app.clock.advance(1000);
    token.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

#[actix_web::test]
async fn a_cookie_works_until_it_ends() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    // Used now and then, or the session would end for lack of use.
    for days in [5, 5] {
        app.clock.advance(days * DAY);
        page.get("/api/v1/me").await.expect(StatusCode::OK);
        app.services.auth.last_seen.flush(&app.state.db).await.unwrap();
    }
    app.clock.advance(4 * DAY - 1000);
    page.get("/api/v1/me").await.expect(StatusCode::OK);
    app.clock.advance(1000);
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

#[actix_web::test]
async fn signing_out_ends_a_token_at_once() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    viewer.post("/api/v1/auth/logout", json!({})).await.expect(StatusCode::NO_CONTENT);
    viewer.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

#[actix_web::test]
async fn signing_in_again_ends_the_session_before_it() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let first = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let second = first.sign_in(&viewer.username, PASSWORD).await;
    assert_ne!(first.cookie, second.cookie);
    first.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    second.get("/api/v1/me").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn the_name_of_the_scheme_is_read_in_any_case() {
    let app = TestApp::start().await;
    let token = app.viewer().await.bearer.unwrap();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request = app.anonymous().request("GET", "/api/v1/me");
        let answer = request.insert_header(("authorization", format!("{scheme} {token}"))).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{scheme}");
    }
}

#[actix_web::test]
async fn a_credential_that_is_present_but_bad_is_401() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let page = app.anonymous().sign_in(&admin.username, PASSWORD).await;
    let token = admin.bearer.clone().unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let none = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJub25lIn0";
    let plain_type = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
    for bearer in [
        String::new(),
        "nonsense".to_owned(),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{plain_type}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>()),
        token[..token.len() - 3].to_owned(),
        page.cookie.clone().unwrap(),
    ] {
        let forged = Client { bearer: Some(bearer.clone()), ..app.anonymous() };
        forged.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
    let basic = app.anonymous().request("GET", "/api/v1/me").insert_header(("authorization", "Basic cm9iaW46eA=="));
    assert_eq!(basic.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for cookie in [
        "session=".to_owned(),
        "session=nonsense".to_owned(),
        format!("session={token}"),
        page.cookie.clone().unwrap().replace("session=", "session=A"),
    ] {
        let forged = Client { cookie: Some(cookie.clone()), ..app.anonymous() };
        forged.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
}

#[actix_web::test]
async fn credentials_of_another_server_are_worth_nothing() {
    let here = TestApp::start().await;
    let there = TestApp::with(&[
        ("JWT_SECRET", "another server's own secret for its tokens"),
        ("SESSION_SECRET", "another server's own secret for its cookies"),
    ])
    .await;
    let (admin, _same_name) = (here.admin().await, there.admin().await);
    let page = here.anonymous().sign_in(&admin.username, PASSWORD).await;
    for client in [admin, page] {
        Client { url: there.url.clone(), ..client }.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
}

#[actix_web::test]
async fn a_write_with_a_cookie_has_to_come_from_the_page_itself() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let page = app.anonymous().sign_in(&admin.username, PASSWORD).await;
    let host = app.url.replace("http://", "");
    let cookie = page.cookie.clone().unwrap();
    let before = app.contents();
    let attempt = |headers: Vec<(&'static str, String)>| {
        let mut request = app.anonymous().request("POST", "/api/v1/entries").insert_header(("cookie", cookie.clone()));
        for header in headers {
            request = request.insert_header(header);
        }
        async move { request.send_json(&json!({"metric": "water", "value": 250})).await.unwrap().status().as_u16() }
    };
    for headers in [
        vec![],
        vec![("sec-fetch-site", "cross-site".to_owned())],
        vec![("sec-fetch-site", "same-site".to_owned())],
        vec![("sec-fetch-site", "none".to_owned())],
        vec![("sec-fetch-site", "cross-site".to_owned()), ("origin", format!("http://{host}"))],
        vec![("origin", "https://elsewhere.example".to_owned())],
        vec![("origin", "null".to_owned())],
        vec![("origin", format!("http://{host}.elsewhere.example"))],
    ] {
        assert_eq!(attempt(headers.clone()).await, 403, "{headers:?}");
    }
    assert_eq!(app.contents(), before);
    assert_eq!(attempt(vec![("origin", format!("http://{host}"))]).await, 201);
    assert_eq!(attempt(vec![("sec-fetch-site", "same-origin".to_owned())]).await, 201);
}
