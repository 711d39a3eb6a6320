use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    clock::{DAY, HOUR},
    users::model::Role,
};

use crate::support::{Client, PASSWORD, TestApp};

fn registration(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password, "privacy_policy_version": "2026-11-25.2"})
}

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
    assert!(bye.header("clear-site-data").contains("\"storage\""));
    page.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

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
    // Used now and then, or it would end for lack of use.
    for days in [5, 5] {
        app.clock.advance(days * DAY);
        page.get("/api/v1/me").await.expect(StatusCode::OK);
        app.state.seen.flush(&app.state.db).await.unwrap();
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
async fn unknown_disabled_and_wrong_are_told_apart_by_nothing() {
    let app = TestApp::start().await;
    let (viewer, disabled) = (app.viewer().await, app.viewer().await);
    let name = disabled.username.clone();
    let disable = move |conn: &mut _| {
        use diesel::prelude::*;
        use status_tracker::db::schema::users::dsl;
        diesel::update(dsl::users.filter(dsl::username.eq(name))).set(dsl::disabled.eq(1)).execute(conn)?;
        Ok(())
    };
    app.state.db.write(disable).await.unwrap();
    let mut answers = Vec::new();
    for (username, password) in [
        ("nobody", PASSWORD),
        (&*viewer.username, "Quiet-Harbour-71-lanternS"),
        (&*disabled.username, PASSWORD),
        ("", ""),
        ("no such name'; --", PASSWORD),
    ] {
        let body = json!({"username": username, "password": password});
        let mut answer = app.anonymous().post("/api/v1/auth/login", body).await;
        answer.expect_problem(401, "invalid_credentials");
        assert!(answer.cookie().is_none());
        answer.json["request_id"] = json!(null);
        answers.push(answer.json.to_string());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    disabled.get("/api/v1/me").await.expect_problem(401, "unauthorized");
}

#[actix_web::test]
async fn passwords_are_verified_exactly_as_sent() {
    let app = TestApp::start().await;
    // Longer than bcrypt's 72 bytes, with NUL and a combining character, all of which count.
    let long = format!("{}A1-quiet-lantern-harbour-seventy-one", "violet mountain railway ".repeat(3));
    for (name, password, similar) in [
        ("long", long.clone(), format!("{}X", &long[..long.len() - 1])),
        ("nul", "Quiet\u{0}Harbour-71-lanterns".to_owned(), "Quiet\u{0}Harbour-71-lanternz".to_owned()),
        ("combining", "Cafe\u{301}-Harbour-71-lanterns".to_owned(), "Caf\u{e9}-Harbour-71-lanterns".to_owned()),
        ("spaces", " Quiet Harbour 71 lanterns ".to_owned(), "Quiet Harbour 71 lanterns".to_owned()),
    ] {
        app.anonymous().post("/api/v1/auth/register", registration(name, &password)).await.expect(StatusCode::CREATED);
        let login = |password: &str| {
            app.anonymous()
                .request("POST", "/api/v1/auth/login")
                .send_json(&json!({"username": name, "password": password}))
        };
        assert_eq!(login(&similar).await.unwrap().status(), StatusCode::UNAUTHORIZED, "{name}");
        assert_eq!(login(&password).await.unwrap().status(), StatusCode::OK, "{name}");
    }
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

#[actix_web::test]
async fn too_many_sign_ins_at_once_are_told_to_come_back_and_others_go_on() {
    // A cost at which one hash takes long enough for all the requests to be there at the same time.
    let app = TestApp::with(&[("BCRYPT_COST", "11")]).await;
    let viewer = app.viewer().await;
    let attempt = |number: i32| {
        let body = json!({"username": format!("nobody-{number}"), "password": PASSWORD});
        app.anonymous().request("POST", "/api/v1/auth/login").send_json(&body)
    };
    let outcomes = futures_util::future::join_all((0..40).map(attempt)).await;
    let of = |status: u16| {
        outcomes.iter().flatten().filter(move |answer| answer.status().as_u16() == status).collect::<Vec<_>>()
    };
    assert!(!of(401).is_empty() && !of(503).is_empty());
    assert_eq!(of(401).len() + of(503).len(), 40);
    assert!(of(503).iter().all(|answer| answer.headers().contains_key("retry-after")));
    app.anonymous().sign_in(&viewer.username, PASSWORD).await;
}

/// Longer than the 72 bytes that bcrypt looks at, the longest that is taken, and with what other programs cut off or fold.
///
/// OWASP ASVS v5.0.0-6.2.8 and v5.0.0-6.2.9
#[actix_web::test]
async fn every_byte_of_a_password_counts() {
    let app = TestApp::start().await;
    let words = "Violet mountain railway 71, seven quiet lanterns over the harbour at four o'clock; nobody knows why they are lit tonight.";
    let longest: String = words.chars().cycle().take(128).collect();
    for (name, password) in [
        ("eighty", words[..80].to_owned()),
        ("longest", longest.clone()),
        ("longest.wide", longest.replace('o', "\u{1f319}").chars().take(128).collect()),
        ("nul", "Quiet\u{0}Harbour-71-lanterns".to_owned()),
        ("combining", "Cafe\u{301}-Harbour-71-lanterns".to_owned()),
    ] {
        app.anonymous().post("/api/v1/auth/register", registration(name, &password)).await.expect(StatusCode::CREATED);
        let mut shorter = password.clone();
        let last = shorter.pop().unwrap();
        let cut = password.split('\u{0}').next().unwrap().to_owned();
        for wrong in
            [shorter.clone(), format!("{shorter}{}", if last == 'x' { 'y' } else { 'x' }), format!("{password} ")]
        {
            let body = json!({"username": name, "password": wrong});
            app.anonymous().post("/api/v1/auth/login", body).await.expect_problem(401, "invalid_credentials");
        }
        if cut != password {
            let body = json!({"username": name, "password": cut});
            app.anonymous().post("/api/v1/auth/login", body).await.expect_problem(401, "invalid_credentials");
        }
        app.anonymous().sign_in(name, &password).await;
    }
    let too_long = app.anonymous().post("/api/v1/auth/register", registration("alex", &format!("{longest}x"))).await;
    assert_eq!(too_long.expect_problem(422, "invalid").json["errors"][0]["code"], "length");
}

/// OWASP ASVS v5.0.0-16.3.1 and v5.0.0-16.2.5
#[actix_web::test]
async fn each_sign_in_is_recorded_and_never_what_was_typed_into_the_wrong_field() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let name = viewer.username.as_str();
    let attempt = async |username: &str, password: &str| {
        app.anonymous().post("/api/v1/auth/token", json!({"username": username, "password": password})).await.status
    };
    assert_eq!(attempt(&name.to_uppercase(), PASSWORD).await, 200);
    assert_eq!(attempt(name, "not this one").await, 401);
    assert_eq!(attempt("Nobody", "not this one").await, 401);
    for _ in 0..6 {
        attempt("Quiet Harbour 71!", name).await;
    }
    app.anonymous().sign_in(name, PASSWORD).await;
    let record = |actor: &str, target: &str, outcome: &str| [actor, target, outcome, ""].map(str::to_owned);
    let mut expected = vec![record(name, name, "success"), record("", "(not a user name)", "denied")];
    expected.extend((0..5).map(|_| record("", "(not a user name)", "failure")));
    expected.extend([record("", "nobody", "failure"), record("", name, "failure"), record(name, name, "success")]);
    assert_eq!(app.recorded("auth.login"), expected);
    assert_eq!(app.recorded("auth.lock"), [record("", "(not a user name)", "success")]);
}

/// Hashing takes a second in earnest; what changes in that second counts.
///
/// OWASP ASVS v5.0.0-15.4.2
#[actix_web::test]
async fn whoever_is_disabled_or_reset_while_their_password_is_hashed_stays_out() {
    for change in ["disabled = 1", "password_hash = 'another'", "temporary_password_until = 0"] {
        let app = TestApp::with(&[("BCRYPT_COST", "11")]).await;
        let viewer = app.viewer().await;
        let credentials = json!({"username": viewer.username, "password": PASSWORD});
        let client = app.anonymous();
        let sign_in = client.post("/api/v1/auth/login", credentials);
        let meanwhile = async {
            // The attempt is counted before the password is hashed.
            let counted = "SELECT count(*) AS n FROM sign_in_failures";
            while app.number(counted) == 0 {
                tokio::task::yield_now().await;
            }
            app.execute(&format!("UPDATE users SET {change} WHERE username = '{}'", viewer.username));
        };
        let (answer, ()) = futures_util::future::join(sign_in, meanwhile).await;
        answer.expect_problem(401, "invalid_credentials");
    }
}

#[actix_web::test]
async fn during_maintenance_admins_sign_in_and_viewers_are_told_to_wait() {
    let app = TestApp::with(&[("MAINTENANCE_MODE", "true")]).await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let attempt = async |username: &str, password: &str| {
        app.anonymous().post("/api/v1/auth/token", json!({"username": username, "password": password})).await
    };
    attempt(&admin.username, PASSWORD).await.expect(StatusCode::OK);
    attempt(&viewer.username, "not this one").await.expect_problem(401, "invalid_credentials");
    // Refused as often as may be, it is never counted as a guess.
    for _ in 0..6 {
        attempt(&viewer.username, PASSWORD).await.expect_problem(503, "maintenance");
    }
}
