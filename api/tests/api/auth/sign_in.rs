//! Names and passwords: who is let in, what the others see, and what is recorded of it.

use actix_web::http::StatusCode;
use serde_json::json;

use super::registration;
use crate::support::{PASSWORD, TestApp};

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
    // Longer than bcrypt's 72 bytes, with NUL and an accent, all of which count.
    let long = format!("{}A1-quiet-lantern-harbour-seventy-one", "violet mountain railway ".repeat(3));
    for (name, password, similar) in [
        ("long", long.clone(), format!("{}X", &long[..long.len() - 1])),
        ("nul", "Quiet\u{0}Harbour-71-lanterns".to_owned(), "Quiet\u{0}Harbour-71-lanternz".to_owned()),
        ("accents", "Caf\u{e9}-Harbour-71-lanterns".to_owned(), "Cafe-Harbour-71-lanterns".to_owned()),
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

/// Passwords beyond the 72 bytes that bcrypt reads, of the greatest length, and with characters that other programs cut off or fold.
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

/// Hashing takes a second in production; changes during that second count.
///
/// OWASP ASVS v5.0.0-15.4.2
#[actix_web::test]
async fn a_user_disabled_or_reset_while_their_password_is_hashed_stays_out() {
    for change in ["disabled = 1", "password_hash = 'another'", "temporary_password_until = 0"] {
        let app = TestApp::with(&[("BCRYPT_COST", "11")]).await;
        let viewer = app.viewer().await;
        let credentials = json!({"username": viewer.username, "password": PASSWORD});
        let client = app.anonymous();
        let sign_in = client.post("/api/v1/auth/login", credentials);
        let meanwhile = async {
            // The attempt is counted before the password is hashed.
            let counted = "SELECT count(*) AS n FROM sign_in_attempts";
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
    // The attempt is refused as often as possible, and never counts as a guess.
    for _ in 0..6 {
        attempt(&viewer.username, PASSWORD).await.expect_problem(503, "maintenance");
    }
}
