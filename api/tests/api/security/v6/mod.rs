//! Authentication.

mod second_factors;

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::{
    account::username::Username,
    auth::password::CONTEXT_WORDS,
    clock::{DAY, MINUTE},
};

use super::{
    NEW_PASSWORD, WRONG, change_password, document::Section, login, operations, page_sources, register, repository,
};
use crate::support::{Answer, Client, PASSWORD, TestApp};

/// A sign-in for a token instead of a cookie.
async fn token(app: &TestApp, username: &str, password: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/token", json!({"username": username, "password": password})).await
}

/// OWASP ASVS v5.0.0-6.1.1
#[actix_web::test]
async fn v5_0_0_6_1_1_guessing_ends_as_written_down_and_locks_nobody_out_for_good() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let rules = Section::of("Guessing");
    for _ in 0..rules.number("failures that lock a name") {
        login(&app, &viewer.username, WRONG).await.expect_problem(401, "invalid_credentials");
    }
    let minutes = i64::try_from(rules.number("length of a lock")).unwrap();
    login(&app, &viewer.username, PASSWORD).await.expect_problem(423, "locked");
    // A persistent guesser does not keep the owner out, whose devices go on meanwhile.
    app.clock.advance((minutes - 1) * MINUTE);
    login(&app, &viewer.username, WRONG).await.expect_problem(423, "locked");
    viewer.get("/api/v1/me").await.expect(StatusCode::OK);
    app.clock.advance(MINUTE);
    login(&app, &viewer.username, PASSWORD).await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-6.1.2, 6.2.11
#[actix_web::test]
async fn v5_0_0_6_1_2_the_words_of_this_program_make_no_password() {
    let app = TestApp::start().await;
    let listed: Vec<String> =
        Section::of("Words of this program").rows().into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(listed, CONTEXT_WORDS);
    for word in CONTEXT_WORDS {
        let mut capital = word.to_owned();
        capital[..1].make_ascii_uppercase();
        let password = format!("{capital}{word}-2026!");
        let answer = register(&app, "alex", &password).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), ["password"], "{password}");
    }
}

/// OWASP ASVS v5.0.0-6.1.3
#[test]
fn v5_0_0_6_1_3_every_way_in_is_written_down() {
    let written: Vec<String> = Section::of("Ways in").rows().into_iter().map(|row| row[0].clone()).collect();
    for (method, path, operation) in operations() {
        let open = operation["security"] == json!([{}]);
        let takes =
            operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or_default();
        if open && (takes.ends_with("/Credentials") || takes.ends_with("/RegisterUser")) {
            assert!(written.contains(&format!("{method} {path}")), "{method} {path} is a way in");
        } else {
            assert!(!written.contains(&format!("{method} {path}")), "{method} {path} is no way in");
        }
    }
}

/// OWASP ASVS v5.0.0-6.2.1
#[actix_web::test]
async fn v5_0_0_6_2_1_passwords_have_at_least_twelve_characters() {
    let app = TestApp::start().await;
    let answer = register(&app, "alex", "xK9-vuQ2!pa").await;
    assert_eq!(answer.expect_problem(422, "invalid").json["errors"][0]["code"], "length");
    register(&app, "alex", "xK9-vuQ2!paz").await.expect(StatusCode::CREATED);
}

/// OWASP ASVS v5.0.0-6.2.2
#[actix_web::test]
async fn v5_0_0_6_2_2_people_change_their_password() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    change_password(&viewer, PASSWORD, NEW_PASSWORD).await.expect(StatusCode::NO_CONTENT);
    login(&app, &viewer.username, PASSWORD).await.expect_problem(401, "invalid_credentials");
    login(&app, &viewer.username, NEW_PASSWORD).await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-6.2.3
#[actix_web::test]
async fn v5_0_0_6_2_3_a_change_needs_the_current_password() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    change_password(&viewer, WRONG, NEW_PASSWORD).await.expect_problem(403, "wrong_password");
    for body in [json!({"new_password": NEW_PASSWORD}), json!({"current_password": PASSWORD})] {
        let answer = viewer.send("PUT", "/api/v1/me/password", "application/json", body.to_string()).await;
        answer.expect_problem(422, "invalid");
    }
    login(&app, &viewer.username, PASSWORD).await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-6.2.4, 6.2.12
#[actix_web::test]
async fn v5_0_0_6_2_4_passwords_that_everybody_tries_are_refused() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let mut accepted = Vec::new();
    // Passwords from lists of breaches, long enough, plain and with the usual decorations.
    for common in [
        "Password1234!",
        "Passwordpassword1!",
        "P@ssw0rd1234",
        "Qwerty123456!",
        "Qwertyuiop1!",
        "1qaz@WSX3edc",
        "!QAZ2wsx#EDC",
        "Iloveyou1234!",
        "Welcome12345!",
        "Letmein12345!",
        "Football1234!",
        "Sunshine1234!",
        "Princess1234!",
        "Superman1234!",
        "Trustno1trustno1!",
        "Abcdefghij1!",
        "Abcd1234!@#$",
        "Aa123456789!",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "123456789012345678901234",
        "passwordpasswordpassword",
        "qwertyuiopqwertyuiopqwerty",
    ] {
        let registered = register(&app, "alex", common).await;
        let changed = change_password(&viewer, PASSWORD, common).await;
        for answer in [registered, changed] {
            if answer.json["errors"][0]["code"] != "guessable" {
                accepted.push(common);
            }
        }
    }
    assert!(accepted.is_empty(), "{accepted:?}");
}

/// OWASP ASVS v5.0.0-6.2.6, 6.2.7
#[test]
fn v5_0_0_6_2_6_password_fields_hide_what_is_typed_and_take_what_is_pasted() {
    let field = repository("web/src/rooms/auth/PasswordField.svelte");
    assert!(field.contains("type={shown ? 'text' : 'password'}") && field.contains("{autocomplete}"));
    for (name, text) in page_sources() {
        for word in ["onpaste", "oncopy", "oncut", "'paste'", "autocomplete=\"new-password\"\n          readonly"] {
            assert!(!text.contains(word), "{name} has {word}");
        }
        let asks = text.contains("autocomplete=\"current-password\"") || text.contains("autocomplete=\"new-password\"");
        assert!(!asks || text.contains("<PasswordField"), "{name} asks for a password by a field of its own");
    }
}

/// OWASP ASVS v5.0.0-6.2.8
#[actix_web::test]
async fn v5_0_0_6_2_8_a_password_is_verified_exactly_as_sent() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let long = format!("{}-Quiet-71", "violet mountain railway ".repeat(4));
    change_password(&viewer, PASSWORD, &long).await.expect(StatusCode::NO_CONTENT);
    for similar in [
        long.to_lowercase(),
        format!("{long} "),
        format!(" {long}"),
        long[..72].to_owned(),
        format!("{}2", &long[..long.len() - 1]),
        format!("{long}\0"),
    ] {
        login(&app, &viewer.username, &similar).await.expect_problem(401, "invalid_credentials");
        let name = viewer.username.clone();
        app.state
            .db
            .write(move |conn| Ok(status_tracker::auth::lockout::forget(conn, &Username::typed(&name))?))
            .await
            .unwrap();
    }
    login(&app, &viewer.username, &long).await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-6.2.9
#[actix_web::test]
async fn v5_0_0_6_2_9_passwords_may_have_up_to_128_characters() {
    let app = TestApp::start().await;
    for (name, length) in [("alex", 64), ("kim", 80), ("sasha", 128)] {
        let password: String =
            "violet mountain railway quiet lantern harbour seventy-one ".chars().cycle().take(length).collect();
        register(&app, name, &password).await.expect(StatusCode::CREATED);
        login(&app, name, &password).await.expect(StatusCode::OK);
        register(&app, "robin", &format!("{password:é<129}")).await.expect_problem(422, "invalid");
    }
}

/// OWASP ASVS v5.0.0-6.2.10
#[actix_web::test]
async fn v5_0_0_6_2_10_a_password_does_not_grow_old() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    app.clock.advance(10 * 365 * DAY);
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    assert_eq!(page.get("/api/v1/me").await.json["password_change_required"], false);
}

/// OWASP ASVS v5.0.0-6.3.1
#[actix_web::test]
async fn v5_0_0_6_3_1_of_any_number_of_guesses_at_once_five_are_looked_at() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let allowed = Section::of("Guessing").number("failures that lock a name");
    let guesses = (0..50).map(|_| login(&app, &viewer.username, WRONG));
    let answers = futures_util::future::join_all(guesses).await;
    let mut looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    // Guesses that were not hashed for lack of room do not count, and leave the rest of the five to others.
    while login(&app, &viewer.username, WRONG).await.status == 401 {
        looked_at += 1;
    }
    assert_eq!(looked_at, allowed);

    // Many names from one address are stopped by the limit for sign-ins.
    let limited = TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_AUTH", "10/24h")]).await;
    for number in 0..10 {
        login(&limited, &format!("nobody-{number}"), WRONG).await.expect_problem(401, "invalid_credentials");
    }
    login(&limited, "nobody-10", WRONG).await.expect_problem(429, "rate_limited");
}

/// OWASP ASVS v5.0.0-6.3.2
#[actix_web::test]
async fn v5_0_0_6_3_2_a_new_server_has_no_accounts() {
    let app = TestApp::start().await;
    assert_eq!(app.contents(), "[][]");
    for name in ["admin", "root", "sa", "administrator", "test", "guest", "demo", "user"] {
        for password in [name, "password", ""] {
            login(&app, name, password).await.expect_problem(401, "invalid_credentials");
        }
    }
}

/// OWASP ASVS v5.0.0-6.3.4
#[actix_web::test]
async fn v5_0_0_6_3_4_both_ways_to_sign_in_are_guarded_alike() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for _ in 0..3 {
        login(&app, &viewer.username, WRONG).await.expect_problem(401, "invalid_credentials");
    }
    for _ in 0..2 {
        token(&app, &viewer.username, WRONG).await.expect_problem(401, "invalid_credentials");
    }
    login(&app, &viewer.username, PASSWORD).await.expect_problem(423, "locked");
    token(&app, &viewer.username, PASSWORD).await.expect_problem(423, "locked");
    let limited = TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_AUTH", "2/24h")]).await;
    login(&limited, "nobody", WRONG).await.expect_problem(401, "invalid_credentials");
    token(&limited, "nobody", WRONG).await.expect_problem(401, "invalid_credentials");
    login(&limited, "nobody", WRONG).await.expect_problem(429, "rate_limited");
    token(&limited, "nobody", WRONG).await.expect_problem(429, "rate_limited");
}

/// OWASP ASVS v5.0.0-6.3.8
#[actix_web::test]
async fn v5_0_0_6_3_8_nothing_in_an_answer_tells_who_exists() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let mut answers = Vec::new();
    for name in [viewer.username.as_str(), "nobody-here", "Nobody", "no name '; --", ""] {
        for way in ["login", "token"] {
            let body = json!({"username": name, "password": WRONG});
            let mut answer = app.anonymous().post(&format!("/api/v1/auth/{way}"), body).await;
            answer.json["request_id"] = json!(null);
            // The order of a list in a header means nothing.
            let sorted = |value: &str| {
                let mut items: Vec<&str> = value.split(", ").collect();
                items.sort_unstable();
                items.join(", ")
            };
            let of_its_own = ["x-request-id", "date", "server-time"];
            let mut headers: Vec<String> = answer
                .headers
                .iter()
                .filter(|(name, _)| !of_its_own.contains(&name.as_str()))
                .map(|(name, value)| format!("{name}: {}", sorted(value.to_str().unwrap())))
                .collect();
            headers.sort();
            answers.push((answer.status, answer.json.to_string(), headers));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

/// OWASP ASVS v5.0.0-6.4.1
#[actix_web::test]
async fn v5_0_0_6_4_1_a_temporary_password_is_random_opens_nothing_and_ends_after_a_day() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let create = |name: &'static str| {
        let admin = admin.clone();
        async move {
            let answer = admin.post("/api/v1/admin/users", json!({"username": name, "role": "admin"})).await;
            answer.expect(StatusCode::CREATED).json["temporary_password"].as_str().unwrap().to_owned()
        }
    };
    let (first, second) = (create("kim").await, create("sasha").await);
    assert!(first != second && first.len() >= 20 && second.len() >= 20);
    let page = app.anonymous().sign_in("kim", &first).await;
    assert_eq!(page.get("/api/v1/me").await.json["password_change_required"], true);
    for (method, path, _) in operations() {
        let open = ["/api/v1/me", "/api/v1/me/password", "/api/v1/auth/logout"].contains(&path.as_str());
        if path.starts_with("/api/v1/admin/")
            || path.starts_with("/api/v1/entries")
            || (path.starts_with("/api/v1/people") && !open)
        {
            let answer = page.send(&method, &super::filled(&path), "application/json", "{}").await;
            answer.expect_problem(403, "password_change_required");
        }
    }
    change_password(&page, &first, &first).await.expect_client_error();
    let changed = change_password(&page, &first, NEW_PASSWORD).await;
    let page = Client { cookie: changed.expect(StatusCode::NO_CONTENT).cookie(), ..page };
    page.get("/api/v1/people").await.expect(StatusCode::OK);
    login(&app, "kim", &first).await.expect_problem(401, "invalid_credentials");
    // A person who does not come within a day needs another temporary password.
    app.clock.advance(DAY);
    login(&app, "sasha", &second).await.expect_problem(401, "invalid_credentials");
}

/// OWASP ASVS v5.0.0-6.4.2
#[test]
fn v5_0_0_6_4_2_nobody_is_asked_a_secret_question() {
    let document = serde_json::to_string(&status_tracker::server::document()).unwrap().to_lowercase();
    for word in ["\"hint\"", "password_hint", "security_question", "\"question\"", "mother", "\"answer\""] {
        assert!(!document.contains(word), "{word}");
    }
}

/// OWASP ASVS v5.0.0-6.4.6
#[actix_web::test]
async fn v5_0_0_6_4_6_an_admin_starts_a_reset_and_chooses_no_password() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let user = format!("/api/v1/admin/users/{}", viewer.username);
    for field in ["password", "new_password", "temporary_password", "password_hash"] {
        let change = admin.patch(&user, json!({field: NEW_PASSWORD})).await;
        assert_eq!(change.expect_problem(422, "invalid").fields(), [field]);
        let create =
            admin.post("/api/v1/admin/users", json!({"username": "kim", "role": "viewer", field: NEW_PASSWORD})).await;
        assert_eq!(create.expect_problem(422, "invalid").fields(), [field]);
    }
    let reset = admin.post(&format!("{user}/reset-password"), json!({"password": NEW_PASSWORD})).await;
    assert!(reset.json["temporary_password"] != json!(NEW_PASSWORD), "{}", reset.json);
    viewer.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    let temporary = reset.json["temporary_password"].as_str().unwrap();
    let page = app.anonymous().sign_in(&viewer.username, temporary).await;
    page.get("/api/v1/people").await.expect_problem(403, "password_change_required");
    let changed = change_password(&page, temporary, NEW_PASSWORD).await;
    let page = Client { cookie: changed.expect(StatusCode::NO_CONTENT).cookie(), ..page };
    page.get("/api/v1/people").await.expect(StatusCode::OK);
}
