//! Passwords in every way that keyboards and systems write one letter.

use actix_web::http::StatusCode;
use diesel::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};
use status_tracker::{account::privacy_policy, auth::password::check_strength, db::schema::users};
use unicode_normalization::UnicodeNormalization;

use crate::support::{Answer, PASSWORD, TestApp};

/// Pairs of spellings of one letter: with a combining accent, Å as the sign for Ångström, Hangul in one piece and in three, ẹ̄ with its
/// marks in either order.
const SPELT: [(&str, &str); 4] = [
    ("Cafe\u{301}-Harbour-71-lanterns", "Caf\u{e9}-Harbour-71-lanterns"),
    ("\u{212b}land-Harbour-71-lanterns", "\u{c5}land-Harbour-71-lanterns"),
    ("\u{1112}\u{1161}\u{11ab}Harbour-71-lanterns", "\u{d55c}Harbour-71-lanterns"),
    ("n\u{323}\u{307}-Harbour-71-lanternS", "n\u{307}\u{323}-Harbour-71-lanternS"),
];

async fn login(app: &TestApp, username: &str, password: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/login", json!({"username": username, "password": password})).await
}

async fn register(app: &TestApp, username: &str, password: &str) -> Answer {
    let version = privacy_policy::VERSION;
    let body = json!({"username": username, "password": password, "privacy_policy_version": version});
    app.anonymous().post("/api/v1/auth/register", body).await
}

#[actix_web::test]
async fn one_password_is_one_however_its_letters_are_made_up() {
    let app = TestApp::start().await;
    for (number, (one, other)) in SPELT.into_iter().enumerate() {
        for (way, (set, typed)) in [(one, other), (other, one)].into_iter().enumerate() {
            let name = format!("user-{number}-{way}");
            register(&app, &name, set).await.expect(StatusCode::CREATED);
            login(&app, &name, typed).await.expect(StatusCode::OK);
            login(&app, &name, set).await.expect(StatusCode::OK);
        }
    }
}

#[actix_web::test]
async fn a_changed_and_a_confirmed_password_are_read_alike() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let (set, typed) = SPELT[0];
    let body = json!({"current_password": PASSWORD, "new_password": set});
    viewer.put("/api/v1/me/password", body).await.expect(StatusCode::NO_CONTENT);
    viewer.post("/api/v1/me/totp", json!({"password": typed})).await.expect(StatusCode::CREATED);
    login(&app, &viewer.username, typed).await.expect(StatusCode::OK);
    let body = json!({"current_password": typed, "new_password": PASSWORD});
    viewer.put("/api/v1/me/password", body).await.expect(StatusCode::NO_CONTENT);
}

#[actix_web::test]
async fn an_older_hash_is_still_verified_as_the_password_is_sent() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for (as_sent, normal) in SPELT.into_iter().filter(|(sent, _)| sent.nfc().collect::<String>() != *sent) {
        let pepper = "PASSWORD_PEPPER of a server that only tests itself";
        let hash = bcrypt::hash(peppered(pepper, as_sent), 4).unwrap();
        diesel::update(users::table.filter(users::username.eq(&viewer.username)))
            .set(users::password_hash.eq(hash))
            .execute(&mut app.connection())
            .unwrap();
        login(&app, &viewer.username, as_sent).await.expect(StatusCode::OK);
        login(&app, &viewer.username, normal).await.expect_problem(401, "invalid_credentials");
    }
}

fn peppered(pepper: &str, password: &str) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use hmac::{Hmac, Mac};
    let mut mac = Hmac::<sha2::Sha384>::new_from_slice(pepper.as_bytes()).unwrap();
    mac.update(password.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

#[actix_web::test]
async fn similar_letters_stay_different_passwords() {
    let app = TestApp::start().await;
    register(&app, "robin", "Caf\u{e9}-\u{fb01}sh-Harbour-71-lanterns").await.expect(StatusCode::CREATED);
    for other in [
        "Cafe-\u{fb01}sh-Harbour-71-lanterns",
        "Caf\u{e9}-fish-Harbour-71-lanterns",
        "Caf\u{e8}-\u{fb01}sh-Harbour-71-lanterns",
    ] {
        login(&app, "robin", other).await.expect_problem(401, "invalid_credentials");
    }
    login(&app, "robin", "Cafe\u{301}-\u{fb01}sh-Harbour-71-lanterns").await.expect(StatusCode::OK);
}

/// 12 letters are 12, whether each is sent as one character or as two.
#[test]
fn letters_count_in_their_normal_form() {
    let judged = |password: &str| {
        check_strength("password", &SecretString::from(password), "robin").map_err(|error| error.code.into_owned())
    };
    for (one, other) in SPELT {
        assert_eq!(judged(one), judged(other), "{one}");
    }
    let short = "Q\u{301}e\u{301}z7-K\u{301}e\u{301}a\u{301}";
    assert_eq!(judged(short).unwrap_err(), "length", "twelve characters as sent, and fewer letters");
    let long: String = std::iter::repeat_n("e\u{301}-K7", 32).collect();
    assert!(long.chars().count() > 128 && judged(&long) != Err("length".to_owned()), "128 letters are not too many");
}

#[actix_web::test]
async fn a_temporary_password_has_to_be_changed_for_another_in_any_spelling() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let (set, typed) = SPELT[0];
    let body = json!({"current_password": PASSWORD, "new_password": set});
    viewer.put("/api/v1/me/password", body).await.expect(StatusCode::NO_CONTENT);
    let until = app.clock.now().0 + 3_600_000;
    app.execute(&format!("UPDATE users SET temporary_password_until = {until} WHERE username = '{}'", viewer.username));
    let body = json!({"current_password": set, "new_password": typed});
    let refused = viewer.put("/api/v1/me/password", body).await;
    assert_eq!(refused.expect_problem(422, "invalid").fields(), ["new_password"]);
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
    assert_eq!(refused.json["errors"][0]["code"], Value::from("same"));
}
