//! Forged, foreign, broken and misplaced credentials, each of which is 401.

mod jwts;

use actix_web::http::StatusCode;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};
use status_tracker::clock::{DAY, Timestamp};

use self::jwts::{SECRET, claims, decode, headers, jwt};
use crate::support::{Client, PASSWORD, TestApp};

const PREVIOUS: &str = "the secret before it, which is still accepted";

/// The text with one character replaced by the next of its kind.
fn flipped(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = match bytes[at] {
        b'z' => b'a',
        b'Z' => b'A',
        b'9' => b'0',
        byte if byte.is_ascii_alphanumeric() => byte + 1,
        _ => b'A',
    };
    String::from_utf8(bytes).unwrap()
}

/// `count` places spread over a text, its ends among them.
fn places(text: &str, count: usize) -> impl Iterator<Item = usize> {
    let last = text.len() - 1;
    (0..count).map(move |n| n * last / (count - 1))
}

/// OWASP ASVS v5.0.0-9.1.1, v5.0.0-9.1.2, v5.0.0-9.1.3, v5.0.0-9.2.1, v5.0.0-9.2.2, v5.0.0-9.2.3, v5.0.0-9.2.4 and v5.0.0-7.2.1
#[actix_web::test]
async fn of_hundreds_of_forged_credentials_none_is_accepted() {
    let app = TestApp::with(&[("JWT_SECRET_PREVIOUS", PREVIOUS)]).await;
    let (robin, sasha) = (app.admin().await, app.admin().await);
    let page = app.anonymous().sign_in(&robin.username, PASSWORD).await;
    let (api_token, revoked, expired) = api_tokens(&app, &robin).await;
    let made = Credentials {
        token: robin.bearer.clone().unwrap(),
        other: sasha.bearer.clone().unwrap(),
        cookie: page.cookie.clone().unwrap(),
        api_token,
        revoked,
        expired,
        foreign: foreign(&robin.username).await,
    };
    let (bearers, cookies) = (bearers(&made, app.clock.now()), cookies(&made));

    let count = bearers.len() + cookies.len();
    assert!(count >= 200, "only {count}");
    let before = app.contents();
    let mut accepted = Vec::new();
    for (what, bearer) in bearers {
        let forger = Client { bearer: Some(bearer.clone()), ..app.anonymous() };
        let answer = forger.get("/api/v1/people").await;
        if (answer.status.as_u16(), &answer.json["code"]) != (401, &json!("unauthorized")) {
            accepted.push(format!("{what}: {} {bearer}", answer.status));
        }
    }
    for (what, cookie) in cookies {
        let forger = Client { cookie: Some(cookie.clone()), ..app.anonymous() };
        let answer = forger.get("/api/v1/people").await;
        if (answer.status.as_u16(), &answer.json["code"]) != (401, &json!("unauthorized")) {
            accepted.push(format!("cookie {what}: {} {cookie}", answer.status));
        }
    }
    assert!(accepted.is_empty(), "{} of {count} were not refused:\n{}", accepted.len(), accepted.join("\n"));
    assert_eq!(app.contents(), before);

    // The credentials that all of them were made from are good.
    let honest = Client { bearer: Some(made.api_token), ..app.anonymous() };
    for client in [&robin, &page, &honest] {
        client.get("/api/v1/people").await.expect(StatusCode::OK);
    }
    let parts: Vec<&str> = made.token.split('.').collect();
    let again = jwt(SECRET, &decode(parts[0]), &decode(parts[1]));
    Client { bearer: Some(again), ..app.anonymous() }.get("/api/v1/people").await.expect(StatusCode::OK);
}

/// The credentials that all forgeries are made from: good ones, and some that are good no more or elsewhere.
struct Credentials {
    token: String,
    /// Somebody else's.
    other: String,
    cookie: String,
    api_token: String,
    revoked: String,
    expired: String,
    foreign: Foreign,
}

fn bearers(made: &Credentials, now: Timestamp) -> Vec<(String, String)> {
    let Credentials { token, other, cookie, api_token, revoked, expired, foreign } = made;
    let parts: Vec<&str> = token.split('.').collect();
    let others: Vec<&str> = other.split('.').collect();
    let mut bearers = Vec::new();
    headers(&mut bearers, token);
    claims(&mut bearers, token, now, decode(others[1])["sub"].as_str().unwrap());
    let mut add = |what: &str, token: String| bearers.push((what.to_owned(), token));
    add("the old key's id, the new key's signature", {
        let mut header = decode(parts[0]);
        header["kid"] = json!(BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(format!("key id {PREVIOUS}"))[..6]));
        jwt(SECRET, &header, &decode(parts[1]))
    });
    add("somebody else's claims", format!("{}.{}.{}", parts[0], others[1], parts[2]));
    add("somebody else's signature", format!("{}.{}.{}", parts[0], parts[1], others[2]));
    add("parts in another order", format!("{}.{}.{}", parts[1], parts[0], parts[2]));
    for (what, changed) in [
        ("nothing", String::new()),
        ("a word", "nonsense".to_owned()),
        ("two dots", "..".to_owned()),
        ("header and claims", format!("{}.{}", parts[0], parts[1])),
        ("a fourth part", format!("{token}.{}", parts[2])),
        ("twice", format!("{token}{token}")),
        ("padded", format!("{token}=")),
        ("two tokens", format!("{token}, {other}")),
        ("a cookie", cookie.clone()),
        ("a cookie's value", cookie.split_once('=').unwrap().1.to_owned()),
        ("another prefix", api_token.replace("st_", "sk_")),
        ("no prefix", api_token.replace("st_", "")),
        ("a revoked API token", revoked.clone()),
        ("an expired API token", expired.clone()),
        ("another server's API token", foreign.api_token.clone()),
        ("another server's JWT", foreign.jwt.clone()),
    ] {
        add(what, changed);
    }
    for at in places(token, 40) {
        add(&format!("JWT flipped at {at}"), flipped(token, at));
    }
    for at in places(token, 15) {
        add(&format!("JWT cut at {at}"), token[..at].to_owned());
    }
    for at in places(api_token, 40) {
        add(&format!("API token flipped at {at}"), flipped(api_token, at));
    }
    for at in places(api_token, 15) {
        add(&format!("API token cut at {at}"), api_token[..at].to_owned());
    }
    resigned(&mut add, api_token, decode(others[1])["sub"].as_str().unwrap());
    bearers
}

/// The cookies, each with its name.
fn cookies(Credentials { token, cookie, api_token, foreign, .. }: &Credentials) -> Vec<(&'static str, String)> {
    let (name, value) = cookie.split_once('=').unwrap();
    let claims = decode(token.split('.').nth(1).unwrap());
    let mut cookies = vec![
        ("empty", String::new()),
        ("a word", "nonsense".to_owned()),
        ("a JWT", token.clone()),
        ("an API token", api_token.clone()),
        ("a session's id", claims["sid"].as_str().unwrap().to_owned()),
        ("plain text", format!("{{\"sid\":{},\"uid\":{}}}", claims["sid"], claims["sub"])),
        ("sealed by another server", foreign.cookie.split_once('=').unwrap().1.to_owned()),
        (
            "sealed with the right secret for a session that is not here",
            foreign.same_secret.split_once('=').unwrap().1.to_owned(),
        ),
        ("twice", format!("{value}{value}")),
    ];
    cookies.extend(places(value, 40).map(|at| ("flipped", flipped(value, at))));
    cookies.extend(places(value, 15).map(|at| ("cut", value[..at].to_owned())));
    cookies.into_iter().map(|(what, value)| (what, format!("{name}={value}"))).collect()
}

/// A living API token, a revoked and an expired one.
async fn api_tokens(app: &TestApp, owner: &Client) -> (String, String, String) {
    let mut made = Vec::new();
    for life in [3 * DAY, 3 * DAY, DAY] {
        let expires_at = Timestamp(app.clock.now().0 + life);
        let body = json!({"name": "script", "scopes": ["read"], "expires_at": expires_at});
        made.push(owner.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED).json.clone());
    }
    let revoked = made[1]["id"].as_str().unwrap();
    owner.delete(&format!("/api/v1/me/tokens/{revoked}")).await.expect(StatusCode::NO_CONTENT);
    app.clock.advance(DAY);
    let text = |n: usize| made[n]["token"].as_str().unwrap().to_owned();
    (text(0), text(1), text(2))
}

/// Another user's id, another session's id and other random bits, under the signature of the original ones.
fn resigned(add: &mut impl FnMut(&str, String), api_token: &str, other: &str) {
    let honest = BASE64_URL_SAFE_NO_PAD.decode(api_token.strip_prefix("st_").unwrap()).unwrap();
    let other: uuid::Uuid = other.parse().unwrap();
    for (what, at) in
        [("another user's id", 0), ("another session's id", 16), ("other bits", 32), ("another signature", 48)]
    {
        let mut bytes = honest.clone();
        bytes[at..at + 16].copy_from_slice(other.as_bytes());
        add(&format!("API token with {what}"), format!("st_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)));
    }
    for length in [0, 32, 48, 56, 63] {
        let cut = BASE64_URL_SAFE_NO_PAD.encode(&honest[..length]);
        add(&format!("API token of {length} bytes"), format!("st_{cut}"));
    }
    add(
        "API token with a longer signature",
        format!("st_{}", BASE64_URL_SAFE_NO_PAD.encode([&honest[..], &[0]].concat())),
    );
}

struct Foreign {
    jwt: String,
    cookie: String,
    api_token: String,
    /// A cookie that a server with the same secret and another database gave out.
    same_secret: String,
}

/// All credentials of somebody with the same name, from a server with other secrets.
async fn foreign(username: &str) -> Foreign {
    let there = TestApp::with(&[
        ("JWT_SECRET", "another server's own secret for its tokens"),
        ("SESSION_SECRET", "another server's own secret for its cookies"),
        ("PASSWORD_PEPPER", "another server's own pepper for its passwords"),
    ])
    .await;
    let robin = there.named(username, status_tracker::account::model::Role::Admin).await;
    let page = there.anonymous().sign_in(username, PASSWORD).await;
    let body = json!({"name": "script", "scopes": ["read"], "expires_at": "2026-04-01T00:00:00Z"});
    let made = robin.post("/api/v1/me/tokens", body).await;
    let twin = TestApp::start().await;
    twin.named(username, status_tracker::account::model::Role::Admin).await;
    Foreign {
        jwt: robin.bearer.unwrap(),
        cookie: page.cookie.unwrap(),
        api_token: made.json["token"].as_str().unwrap().to_owned(),
        same_secret: twin.anonymous().sign_in(username, PASSWORD).await.cookie.unwrap(),
    }
}

/// OWASP ASVS v5.0.0-13.3.4
#[actix_web::test]
async fn a_secret_is_replaced_without_signing_anybody_out() {
    use status_tracker::auth::{Named, jwt::JwtKeys};
    let app = TestApp::with(&[("JWT_SECRET_PREVIOUS", PREVIOUS)]).await;
    let (robin, later) = (app.admin().await, TestApp::start().await);
    let new = robin.bearer.clone().unwrap();
    let issue = |secret: &str, token: &str, now: Timestamp| {
        let ids = decode(token.split('.').nth(1).unwrap());
        let id = |name: &str| ids[name].as_str().unwrap().parse().unwrap();
        let named = Named { user: id("sub"), session: id("sid") };
        JwtKeys::new(&secret.into(), None).issue(named, now, Timestamp(now.0 + DAY)).unwrap()
    };
    let kid = |token: &str| decode(token.split('.').next().unwrap())["kid"].clone();
    let [old, unknown] =
        [PREVIOUS, "a secret that was never this server's"].map(|secret| issue(secret, &new, app.clock.now()));
    let with = |token: &str| Client { bearer: Some(token.to_owned()), ..app.anonymous() };
    with(&new).get("/api/v1/me").await.expect(StatusCode::OK);
    with(&old).get("/api/v1/me").await.expect(StatusCode::OK);
    with(&unknown).get("/api/v1/me").await.expect_problem(401, "unauthorized");

    let body = json!({"username": robin.username, "password": PASSWORD});
    let signed_in = app.anonymous().post("/api/v1/auth/token", body).await.json;
    let issued = signed_in["access_token"].as_str().unwrap();
    assert_eq!(kid(issued), kid(&new), "new tokens are signed with the new secret");
    assert_ne!(kid(issued), kid(&old));

    // Tokens signed with the old secret end once it is no longer configured.
    let sasha = later.admin().await;
    let old = issue(PREVIOUS, sasha.bearer.as_deref().unwrap(), later.clock.now());
    Client { bearer: Some(old), ..sasha }.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}
