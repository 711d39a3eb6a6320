//! Passwords, credentials, accounts.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{account::model::Role, clock::MINUTE, config::Config};

use crate::{
    security::{NEW_PASSWORD, WRONG, change_password, login, register},
    support::{Client, PASSWORD, TestApp},
};

/// Enumeration by text.
#[actix_web::test]
async fn enumeration_by_text() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let texts = [(&*viewer.username, WRONG), ("nobody", PASSWORD)].map(async |(name, password)| {
        let mut answer = login(&app, name, password).await;
        answer.json["request_id"] = Value::Null;
        answer.json.to_string()
    });
    let texts = futures_util::future::join_all(texts).await;
    assert_eq!(texts[0], texts[1]);
    register(&app, &viewer.username, PASSWORD).await.expect_problem(409, "username_taken");
}

/// Enumeration by timing: sign-ins for existing names take as long as those for others.
#[actix_web::test]
async fn enumeration_by_timing() {
    let app = TestApp::with(&[("BCRYPT_COST", "6")]).await;
    let mut known = Vec::new();
    for _ in 0..100 {
        known.push(app.viewer().await.username);
    }
    let mut times: [Vec<Duration>; 2] = Default::default();
    for round in 0..4 {
        for (number, name) in known.iter().enumerate() {
            // Names of the same length, in either order.
            let unknown = name.replace("viewer", "nobody");
            for exists in [(number + round) % 2 == 0, (number + round) % 2 == 1] {
                let begun = Instant::now();
                login(&app, if exists { name } else { &unknown }, WRONG)
                    .await
                    .expect_problem(401, "invalid_credentials");
                times[usize::from(exists)].push(begun.elapsed());
            }
        }
    }
    // The share of pairs in which the known name took longer: one half where nothing can be told.
    let [unknown, known] = &times;
    let longer: usize = known.iter().map(|one| unknown.iter().filter(|other| one > *other).count()).sum();
    let percent = 100 * longer / (known.len() * unknown.len());
    assert!((40..=60).contains(&percent), "{percent} %");
}

/// Enumeration by lockout.
#[actix_web::test]
async fn enumeration_by_lockout() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for name in [viewer.username.as_str(), "nobody", "no name at all '; --"] {
        for _ in 0..5 {
            login(&app, name, WRONG).await.expect_problem(401, "invalid_credentials");
        }
        let locked = login(&app, name, WRONG).await;
        assert_eq!(locked.expect_problem(423, "locked").header("retry-after"), "1800");
    }
}

/// bcrypt truncation, NUL, Unicode and case.
#[actix_web::test]
async fn bcrypt_truncation_and_nul() {
    let app = TestApp::start().await;
    let start = "violet mountain railway quiet lantern harbour seventy-one seven two three";
    for (name, password, similar) in [
        ("long", format!("{start}-A"), format!("{start}-B")),
        ("nul", "Quiet\0Harbour-71-lanterns".to_owned(), "Quiet\0Harbour-71-lanternz".to_owned()),
        ("accents", "Caf\u{e9}-Harbour-71-lanterns".to_owned(), "Cafe-Harbour-71-lanterns".to_owned()),
        ("case", "Quiet-Harbour-71-lanterns".to_owned(), "quiet-Harbour-71-lanterns".to_owned()),
    ] {
        register(&app, name, &password).await.expect(StatusCode::CREATED);
        login(&app, name, &similar).await.expect_problem(401, "invalid_credentials");
        login(&app, name, &password).await.expect(StatusCode::OK);
    }
}

/// Lockout as denial of service.
#[actix_web::test]
async fn lockout_as_denial_of_service() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    for _ in 0..5 {
        login(&app, &viewer.username, WRONG).await;
    }
    for _ in 0..29 {
        login(&app, &viewer.username, WRONG).await.expect_problem(423, "locked");
        page.get("/api/v1/me").await.expect(StatusCode::OK);
        app.clock.advance(MINUTE);
    }
    login(&app, &viewer.username, PASSWORD).await.expect_problem(423, "locked");
    let unlock = format!("/api/v1/admin/users/{}/unlock", viewer.username);
    app.admin().await.post(&unlock, json!(null)).await.expect(StatusCode::NO_CONTENT);
    login(&app, &viewer.username, PASSWORD).await.expect(StatusCode::OK);
}

/// A lock that does not survive a restart.
#[actix_web::test]
async fn lockout_survives_a_restart() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for _ in 0..3 {
        login(&app, &viewer.username, WRONG).await.expect_problem(401, "invalid_credentials");
    }
    let restarted = app.restarted(&[]).await;
    for _ in 0..2 {
        login(&restarted, &viewer.username, WRONG).await.expect_problem(401, "invalid_credentials");
    }
    login(&restarted, &viewer.username, PASSWORD).await.expect_problem(423, "locked");
    login(&app.restarted(&[]).await, &viewer.username, PASSWORD).await.expect_problem(423, "locked");
}

/// Two hundred forged tokens and cookies, none accepted.
#[actix_web::test]
async fn forged_credentials() {
    let (app, elsewhere) = (
        TestApp::start().await,
        TestApp::with(&[
            ("JWT_SECRET", "another server's own secret for its tokens"),
            ("SESSION_SECRET", "another server's own secret for its cookies"),
        ])
        .await,
    );
    let (admin, theirs) = (app.named("robin", Role::Admin).await, elsewhere.named("robin", Role::Admin).await);
    let page = app.anonymous().sign_in("robin", PASSWORD).await;
    let their_page = elsewhere.anonymous().sign_in("robin", PASSWORD).await;
    let (token, cookie) = (admin.bearer.clone().unwrap(), page.cookie.clone().unwrap());
    let mut forged: Vec<Client> = Vec::new();
    for number in 0..90 {
        // Changes one character after another.
        let touch = |text: &str, start: usize| {
            let mut bytes = text.as_bytes().to_vec();
            let place = start + number * (bytes.len() - 1 - start) / 90;
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        };
        forged.push(Client { bearer: Some(touch(&token, 0)), ..app.anonymous() });
        forged.push(Client { cookie: Some(touch(&cookie, 8)), ..app.anonymous() });
    }
    for text in ["", ".", "..", "null", "undefined", "st_", &"a".repeat(3000), "e30.e30.e30", "AAAA", "admin"] {
        forged.push(Client { bearer: Some(text.to_owned()), ..app.anonymous() });
        forged.push(Client { cookie: Some(format!("session={text}")), ..app.anonymous() });
    }
    forged.push(Client { bearer: theirs.bearer, ..app.anonymous() });
    forged.push(Client { cookie: their_page.cookie, ..app.anonymous() });
    assert!(forged.len() > 200);
    for client in &forged {
        let answer = client.get("/api/v1/me").await;
        assert!(
            [400, 401].contains(&answer.status.as_u16()),
            "{:?} {:?}: {}",
            client.bearer,
            client.cookie,
            answer.json
        );
    }
    for client in [admin, page] {
        client.get("/api/v1/me").await.expect(StatusCode::OK);
    }
}

/// Secrets that are short, sample values, or equal.
#[test]
fn weak_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |changes: &[(&str, &str)]| {
        let data_dir = folder.path().join("data");
        let mut environment: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in [
            ("DATA_DIR", data_dir.to_str().unwrap()),
            ("APP_ENV", "production"),
            ("PUBLIC_URL", "https://status.example.org"),
            ("JWT_SECRET", "d8Yw1kq0Zr5mT3xVb7nLc9uJh2gFs4aP"),
            ("SESSION_SECRET", "Qe6Rt8Yu1Io3Pa5Sd7Fg9Hj2Kl4Zx6Cv"),
            ("PASSWORD_PEPPER", "mN1bV3cX5zL7kJ9hG2fD4sA6pO8iU0yT"),
        ]
        .iter()
        .chain(changes)
        {
            environment.insert((*name).to_owned(), (*value).to_owned());
        }
        Config::from_sources(environment, None).err()
    };
    assert_eq!(refused(&[]), None);
    for secret in ["JWT_SECRET", "SESSION_SECRET", "PASSWORD_PEPPER"] {
        for weak in [
            "",
            "short",
            &"a".repeat(64),
            "please-change-me-please-change-me-please",
            "mN1bV3cX5zL7kJ9hG2fD4sA6pO8iU0yT",
            "Qe6Rt8Yu1Io3Pa5Sd7Fg9Hj2Kl4Zx6Cv",
        ] {
            let own = (secret == "PASSWORD_PEPPER" && weak.starts_with("mN"))
                || (secret == "SESSION_SECRET" && weak.starts_with("Qe"));
            assert_eq!(refused(&[(secret, weak)]).is_none(), own, "{secret}={weak}");
        }
    }
}

/// Revocation: ending one form of a sign-in ends all of them, with the next request.
#[actix_web::test]
async fn revocation() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let changed = change_password(&page, PASSWORD, NEW_PASSWORD).await;
    changed.expect(StatusCode::NO_CONTENT);
    viewer.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    let page = Client { cookie: changed.cookie(), ..page };
    page.get("/api/v1/me").await.expect(StatusCode::OK);
    let body = json!({"password": NEW_PASSWORD}).to_string();
    page.send("DELETE", "/api/v1/me", "application/json", body).await.expect(StatusCode::NO_CONTENT);
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

/// The last admin.
#[actix_web::test]
async fn the_last_admin() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let user = format!("/api/v1/admin/users/{}", admin.username);
    let body = json!({"password": PASSWORD}).to_string();
    admin.send("DELETE", "/api/v1/me", "application/json", body.clone()).await.expect_problem(409, "last_admin");
    admin.delete(&user).await.expect_problem(409, "last_admin");
    admin.patch(&user, json!({"role": "viewer"})).await.expect_problem(409, "last_admin");
    admin.patch(&user, json!({"disabled": true})).await.expect_problem(409, "last_admin");
    // A disabled admin does not count.
    let other = app.admin().await;
    let path = format!("/api/v1/admin/users/{}", other.username);
    admin.patch(&path, json!({"disabled": true})).await.expect(StatusCode::OK);
    admin.patch(&user, json!({"role": "viewer"})).await.expect_problem(409, "last_admin");
    viewer.send("DELETE", "/api/v1/me", "application/json", body).await.expect(StatusCode::NO_CONTENT);
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// An invitation that is expired, used up, withdrawn or made up gets one and the same answer.
#[actix_web::test]
async fn bad_invitations() {
    let app = TestApp::with(&[("REGISTRATION", "invite")]).await;
    let admin = app.admin().await;
    let invite = |minutes: i64| {
        let expires_at = status_tracker::clock::Timestamp(app.clock.now().0 + minutes * MINUTE);
        let body = json!({"role": "admin", "expires_at": expires_at, "max_uses": 1});
        let admin = admin.clone();
        async move { admin.post("/api/v1/admin/invites", body).await.expect(StatusCode::CREATED).json.clone() }
    };
    let (used, withdrawn, expired) = (invite(60).await, invite(60).await, invite(1).await);
    let ask = |name: &'static str, code: &str| {
        let body = json!({"username": name, "password": PASSWORD, "privacy_policy_version": "2026-11-25.2", "invite_code": code});
        let client = app.anonymous();
        async move { client.post("/api/v1/auth/register", body).await }
    };
    let code = |invite: &Value| invite["code"].as_str().unwrap().to_owned();
    ask("kim", &code(&used)).await.expect(StatusCode::CREATED);
    let path = format!("/api/v1/admin/invites/{}", withdrawn["id"].as_str().unwrap());
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    app.clock.advance(MINUTE);
    let mut answers = Vec::new();
    for bad in [
        code(&used),
        code(&withdrawn),
        code(&expired),
        code(&used)[1..].to_owned(),
        "made-up".to_owned(),
        String::new(),
    ] {
        let mut answer = ask("sasha", &bad).await;
        answer.expect_problem(403, "invalid_invite");
        answer.json["request_id"] = Value::Null;
        answers.push(answer.json.to_string());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // Two register at once with the last place, and one gets it.
    let last = code(&invite(60).await);
    let outcomes = futures_util::future::join(ask("alex", &last), ask("robin", &last)).await;
    let mut outcomes = [outcomes.0.status.as_u16(), outcomes.1.status.as_u16()];
    outcomes.sort_unstable();
    assert_eq!(outcomes, [201, 403]);
}
