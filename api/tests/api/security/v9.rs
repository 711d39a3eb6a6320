//! Self-contained tokens: the JWT.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use actix_web::http::StatusCode;

use crate::support::{Client, PASSWORD, TestApp};

const SECRET: &str = "JWT_SECRET of a server that only tests itself";

fn encoded(part: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part.to_string())
}

fn mac<M: Mac + hmac::digest::KeyInit>(secret: &str, text: &str) -> String {
    let mut mac = <M as Mac>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// A token signed as the server itself would sign it.
fn signed(header: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", encoded(header), encoded(claims));
    format!("{text}.{}", mac::<Hmac<Sha256>>(SECRET, &text))
}

/// The header and the claims of a good token.
fn parts(token: &str) -> (Value, Value) {
    let part = |number| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(number).unwrap()).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    (part(0), part(1))
}

async fn status(app: &TestApp, token: String) -> u16 {
    Client { bearer: Some(token), ..app.anonymous() }.get("/api/v1/me").await.status.as_u16()
}

async fn good() -> (TestApp, String, Value, Value) {
    let app = TestApp::start().await;
    let token = app.viewer().await.bearer.unwrap();
    let (header, claims) = parts(&token);
    // A token signed by this test is as good as the server's, so each refusal below is for the given reason.
    assert_eq!(status(&app, signed(&header, &claims)).await, 200);
    (app, token, header, claims)
}

/// OWASP ASVS v5.0.0-9.1.1
#[actix_web::test]
async fn v5_0_0_9_1_1_a_token_that_was_touched_is_refused() {
    let (app, token, header, claims) = good().await;
    let parts: Vec<&str> = token.split('.').collect();
    let mut admin = claims.clone();
    admin["sub"] = json!(app.clock.new_id());
    for touched in [
        format!("{}.{}.{}", parts[0], encoded(&admin), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.{}A", parts[0], parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], &parts[2][1..]),
        format!("{token}.{}", parts[2]),
        signed(&header, &admin),
        signed(&header, &json!([])),
    ] {
        assert_eq!(status(&app, touched.clone()).await, 401, "{touched}");
    }
}

/// OWASP ASVS v5.0.0-9.1.2
#[actix_web::test]
async fn v5_0_0_9_1_2_one_algorithm_is_accepted() {
    let (app, _, header, claims) = good().await;
    for algorithm in ["none", "None", "NONE", "", "hs256", "HS1", "RS256", "ES256", "PS256", "EdDSA"] {
        let mut other = header.clone();
        other["alg"] = json!(algorithm);
        let text = format!("{}.{}", encoded(&other), encoded(&claims));
        for signature in [String::new(), mac::<Hmac<Sha256>>(SECRET, &text)] {
            assert_eq!(status(&app, format!("{text}.{signature}")).await, 401, "{algorithm}");
        }
    }
    for (algorithm, sign) in
        [("HS384", mac::<Hmac<Sha384>> as fn(&str, &str) -> String), ("HS512", mac::<Hmac<Sha512>>)]
    {
        let mut other = header.clone();
        other["alg"] = json!(algorithm);
        let text = format!("{}.{}", encoded(&other), encoded(&claims));
        assert_eq!(status(&app, format!("{text}.{}", sign(SECRET, &text))).await, 401, "{algorithm}");
    }
}

/// OWASP ASVS v5.0.0-9.1.3
#[actix_web::test]
async fn v5_0_0_9_1_3_no_token_brings_its_own_key() {
    let (app, _, header, claims) = good().await;
    let own = "a key of the attacker's own, long enough";
    let jwk = json!({"kty": "oct", "alg": "HS256", "k": BASE64_URL_SAFE_NO_PAD.encode(own)});
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://elsewhere.example/keys.json")),
        ("x5u", json!("https://elsewhere.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!("")),
    ] {
        let mut other = header.clone();
        other[name] = value;
        let text = format!("{}.{}", encoded(&other), encoded(&claims));
        for key in [own, "", "\0"] {
            assert_eq!(
                status(&app, format!("{text}.{}", mac::<Hmac<Sha256>>(key, &text))).await,
                401,
                "{name} {key:?}"
            );
        }
    }
    let mut unnamed = header.clone();
    unnamed.as_object_mut().unwrap().remove("kid");
    assert_eq!(status(&app, signed(&unnamed, &claims)).await, 401, "a token names its key");
}

/// OWASP ASVS v5.0.0-9.2.1
#[actix_web::test]
async fn v5_0_0_9_2_1_a_token_is_good_from_its_beginning_to_its_end() {
    let (app, _, header, claims) = good().await;
    let now = app.clock.now().0 / 1000;
    for (claim, second, expected) in [
        ("exp", now - 1, 401),
        ("exp", now, 401),
        ("exp", now + 1, 200),
        ("nbf", now + 1, 401),
        ("nbf", now, 200),
        ("exp", i64::MAX, 200),
        ("exp", i64::MIN, 401),
    ] {
        let mut other = claims.clone();
        other[claim] = json!(second);
        assert_eq!(status(&app, signed(&header, &other)).await, expected, "{claim} {second}");
    }
}

/// OWASP ASVS v5.0.0-9.2.2
#[actix_web::test]
async fn v5_0_0_9_2_2_a_token_of_another_type_or_place_is_refused() {
    let (app, token, header, claims) = good().await;
    for kind in [json!("JWT"), json!("id+jwt"), json!("AT+JWT"), json!(""), Value::Null] {
        let mut other = header.clone();
        other["typ"] = kind.clone();
        assert_eq!(status(&app, signed(&other, &claims)).await, 401, "{kind}");
    }
    // The session of a cookie does not work in a token, nor the other way round.
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let devices = page.get("/api/v1/me/sessions").await.json["items"].clone();
    let cookie_session = devices.as_array().unwrap().iter().find(|device| device["kind"] == "cookie").unwrap();
    let mut other = parts(viewer.bearer.as_ref().unwrap()).1;
    other["sid"] = cookie_session["id"].clone();
    assert_eq!(status(&app, signed(&header, &other)).await, 401);
    let in_cookie = Client { cookie: Some(format!("session={token}")), ..app.anonymous() };
    in_cookie.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    let in_bearer = Client { bearer: page.cookie.clone(), ..app.anonymous() };
    in_bearer.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    for slot in ["access_token", "token", "jwt"] {
        app.anonymous().get(&format!("/api/v1/me?{slot}={token}")).await.expect_problem(401, "unauthorized");
    }
    page.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-9.2.3, 9.2.4
#[actix_web::test]
async fn v5_0_0_9_2_3_a_token_for_another_service_or_without_a_claim_is_refused() {
    let (app, _, header, claims) = good().await;
    assert_eq!((&claims["aud"], &claims["iss"]), (&json!("status-tracker-api"), &json!("status-tracker")));
    for (claim, value) in [
        ("aud", json!("another-api")),
        ("aud", json!(["another-api", "status-tracker-api"])),
        ("aud", json!("")),
        ("iss", json!("another")),
        ("iss", json!(["status-tracker"])),
        ("exp", json!("9999999999")),
        ("exp", json!(1e300)),
        ("nbf", json!("0")),
        ("iat", json!({})),
        ("sub", json!(7)),
        ("sub", json!("robin")),
        ("sid", json!("7")),
        ("role", json!("admin")),
    ] {
        let mut other = claims.clone();
        other[claim] = value.clone();
        assert_eq!(status(&app, signed(&header, &other)).await, 401, "{claim} {value}");
    }
    for claim in ["aud", "iss", "exp", "nbf", "iat", "sub", "sid"] {
        let mut other = claims.clone();
        other.as_object_mut().unwrap().remove(claim);
        assert_eq!(status(&app, signed(&header, &other)).await, 401, "without {claim}");
    }
}
