//! The second factor: switching it on, signing in with it, losing the device.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    account::model::Role,
    clock::{MINUTE, SECOND},
};

use crate::support::{Answer, Client, PASSWORD, TestApp, code_at};

const STEP: i64 = 30 * SECOND;
const WRONG: &str = "Quiet-Harbour-71-lanternS";

/// Somebody whose second factor is on.
struct Protected {
    client: Client,
    secret: Value,
    recovery_codes: Vec<String>,
}

impl Protected {
    async fn new(app: &TestApp, role: Role) -> Self {
        let client = app.user(role).await;
        let secret = begin(&client).await;
        let confirmation = json!({"code": code_at(&secret, app.clock.now())});
        let confirmed = client.post("/api/v1/me/totp/confirm", confirmation).await;
        let codes = confirmed.expect(StatusCode::OK).json["recovery_codes"].as_array().unwrap().clone();
        let recovery_codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        // The code that confirmed the secret is used up.
        app.clock.advance(STEP);
        Self { client, secret, recovery_codes }
    }

    async fn sign_in(&self, app: &TestApp, code: &str) -> Answer {
        sign_in(app, &self.client.username, PASSWORD, json!(code)).await
    }

    fn code(&self, app: &TestApp) -> String {
        code_at(&self.secret, app.clock.now())
    }
}

async fn begin(client: &Client) -> Value {
    let setup = client.post("/api/v1/me/totp", json!({"password": PASSWORD})).await;
    setup.expect(StatusCode::CREATED).json["secret"].clone()
}

async fn sign_in(app: &TestApp, username: &str, password: &str, code: Value) -> Answer {
    let body = json!({"username": username, "password": password, "totp_code": code});
    app.anonymous().post("/api/v1/auth/login", body).await
}

/// OWASP ASVS v5.0.0-6.3.3
#[actix_web::test]
async fn it_is_set_up_confirmed_used_and_removed() {
    let app = TestApp::with(&[("PUBLIC_URL", "https://status.example.org")]).await;
    let robin = app.named("robin", Role::Admin).await;
    assert_eq!(robin.get("/api/v1/me/totp").await.json, json!({"enabled": false, "recovery_codes_left": 0}));
    let wrong = robin.post("/api/v1/me/totp", json!({"password": WRONG})).await;
    wrong.expect_problem(403, "wrong_password");
    robin.post("/api/v1/me/totp/confirm", json!({"code": "123456"})).await.expect_problem(409, "totp_not_begun");

    let setup = robin.post("/api/v1/me/totp", json!({"password": PASSWORD})).await;
    setup.expect(StatusCode::CREATED);
    let secret = setup.json["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32, "160 bits in base 32");
    assert_eq!(
        setup.json["otpauth_uri"],
        format!("otpauth://totp/status.example.org:robin?secret={secret}&issuer=status.example.org")
    );
    assert!(setup.json["qr_svg"].as_str().unwrap().contains("<svg "));
    assert_eq!(setup.header("cache-control"), "no-store");

    // Nobody is asked for a code before the secret is confirmed.
    assert_eq!(robin.get("/api/v1/me/totp").await.json["enabled"], false);
    sign_in(&app, "robin", PASSWORD, json!(null)).await.expect(StatusCode::OK);
    robin.post("/api/v1/me/totp/confirm", json!({"code": "12345"})).await.expect_problem(403, "invalid_totp");
    let code = code_at(&setup.json["secret"], app.clock.now());
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let confirmed = robin.post("/api/v1/me/totp/confirm", json!({"code": spaced})).await;
    let codes = confirmed.expect(StatusCode::OK).json["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.as_str().unwrap().split('-').map(str::len).eq([4, 4, 4, 4])), "{codes:?}");
    assert_eq!(robin.get("/api/v1/me/totp").await.json, json!({"enabled": true, "recovery_codes_left": 10}));
    robin.post("/api/v1/me/totp", json!({"password": PASSWORD})).await.expect_problem(409, "totp_already_on");
    robin.post("/api/v1/me/totp/confirm", json!({"code": code})).await.expect_problem(409, "totp_not_begun");

    sign_in(&app, "robin", PASSWORD, json!(null)).await.expect_problem(401, "totp_required");
    app.clock.advance(STEP);
    let code = code_at(&setup.json["secret"], app.clock.now());
    assert!(sign_in(&app, "robin", PASSWORD, json!(code)).await.expect(StatusCode::OK).cookie().is_some());

    robin.delete_with("/api/v1/me/totp", json!({"password": WRONG})).await.expect_problem(403, "wrong_password");
    robin.delete_with("/api/v1/me/totp", json!({"password": PASSWORD})).await.expect(StatusCode::NO_CONTENT);
    robin.delete_with("/api/v1/me/totp", json!({"password": PASSWORD})).await.expect_problem(404, "not_found");
    assert_eq!(robin.get("/api/v1/me/totp").await.json, json!({"enabled": false, "recovery_codes_left": 0}));
    sign_in(&app, "robin", PASSWORD, json!(null)).await.expect(StatusCode::OK);

    let success = ["robin", "robin", "success", ""].map(str::to_owned);
    let failure = ["robin", "robin", "failure", "wrong password"].map(str::to_owned);
    let wrong_code = ["robin", "robin", "failure", "code wrong"].map(str::to_owned);
    assert_eq!(app.recorded("totp.enable"), [success.clone(), wrong_code, failure.clone()]);
    assert_eq!(app.recorded("totp.disable"), [success, failure]);
}

/// OWASP ASVS v5.0.0-6.5.1, and RFC 6238, 5.2
#[actix_web::test]
async fn a_code_is_good_once_in_its_own_half_minute_or_the_one_after_it() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app, Role::Admin).await;
    let code = robin.code(&app);
    robin.sign_in(&app, &code).await.expect(StatusCode::OK);
    robin.sign_in(&app, &code).await.expect_problem(401, "invalid_totp");
    // A used code is not accepted in the half minute after it either.
    app.clock.advance(STEP);
    robin.sign_in(&app, &code).await.expect_problem(401, "invalid_totp");

    // The code of the previous half minute is good to its very end, once.
    let next = robin.code(&app);
    app.clock.advance(2 * STEP - 1);
    robin.sign_in(&app, &next).await.expect(StatusCode::OK);
    robin.sign_in(&app, &next).await.expect_problem(401, "invalid_totp");
    // That did not use up the code that the authenticator shows now.
    let current = robin.code(&app);
    robin.sign_in(&app, &current).await.expect(StatusCode::OK);

    // A code that is a millisecond too old, and one from the future.
    app.clock.advance(STEP);
    let old = robin.code(&app);
    app.clock.advance(STEP + 1);
    robin.sign_in(&app, &old).await.expect_problem(401, "invalid_totp");
    let early = code_at(&robin.secret, status_tracker::clock::Timestamp(app.clock.now().0 + STEP));
    robin.sign_in(&app, &early).await.expect_problem(401, "invalid_totp");
}

#[actix_web::test]
async fn an_older_code_is_no_good_once_a_newer_one_was_used() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app, Role::Admin).await;
    let older = robin.code(&app);
    app.clock.advance(STEP);
    robin.sign_in(&app, &robin.code(&app)).await.expect(StatusCode::OK);
    robin.sign_in(&app, &older).await.expect_problem(401, "invalid_totp");
}

#[actix_web::test]
async fn the_code_that_confirms_may_be_of_the_half_minute_just_over_and_is_used_up() {
    let app = TestApp::start().await;
    let alex = app.viewer().await;
    let secret = begin(&alex).await;
    let code = code_at(&secret, app.clock.now());
    app.clock.advance(STEP);
    alex.post("/api/v1/me/totp/confirm", json!({"code": code})).await.expect(StatusCode::OK);
    sign_in(&app, &alex.username, PASSWORD, json!(code)).await.expect_problem(401, "invalid_totp");
    let current = code_at(&secret, app.clock.now());
    sign_in(&app, &alex.username, PASSWORD, json!(current)).await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn of_the_codes_that_would_confirm_five_are_looked_at() {
    let app = TestApp::start().await;
    let alex = app.viewer().await;
    let secret = begin(&alex).await;
    let confirm = async |code: String| alex.post("/api/v1/me/totp/confirm", json!({"code": code})).await;
    for _ in 0..5 {
        confirm("no code".to_owned()).await.expect_problem(403, "invalid_totp");
    }
    confirm(code_at(&secret, app.clock.now())).await.expect_problem(423, "locked");
    app.clock.advance(30 * MINUTE);
    confirm(code_at(&secret, app.clock.now())).await.expect(StatusCode::OK);
    // A code was no guess where there was nothing to confirm.
    for _ in 0..6 {
        confirm("no code".to_owned()).await.expect_problem(409, "totp_not_begun");
    }
}

#[actix_web::test]
async fn of_many_sign_ins_with_one_code_at_once_one_gets_in() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app, Role::Admin).await;
    let code = robin.code(&app);
    let outcomes = futures_util::future::join_all((0..4).map(|_| robin.sign_in(&app, &code))).await;
    assert_eq!(outcomes.iter().filter(|answer| answer.status == 200).count(), 1, "{outcomes:?}");
}

#[actix_web::test]
async fn a_code_of_somebody_else_or_of_a_secret_never_confirmed_is_none() {
    let app = TestApp::start().await;
    let (robin, sasha) = (Protected::new(&app, Role::Admin).await, Protected::new(&app, Role::Viewer).await);
    let theirs = sasha.code(&app);
    robin.sign_in(&app, &theirs).await.expect_problem(401, "invalid_totp");
    robin.sign_in(&app, &sasha.recovery_codes[0]).await.expect_problem(401, "invalid_totp");
    // That used up neither code.
    sasha.sign_in(&app, &theirs).await.expect(StatusCode::OK);
    sasha.sign_in(&app, &sasha.recovery_codes[0]).await.expect(StatusCode::OK);

    // A secret in somebody else's row cannot be decrypted: it is encrypted for its owner.
    app.execute(&format!(
        "UPDATE second_factors SET secret = (SELECT secret FROM second_factors WHERE user_id = (SELECT id FROM users WHERE username = '{}'))",
        sasha.client.username
    ));
    app.clock.advance(STEP);
    robin.sign_in(&app, &sasha.code(&app)).await.expect_problem(500, "internal");

    let alex = app.viewer().await;
    let dropped = begin(&alex).await;
    let kept = begin(&alex).await;
    assert_ne!(dropped, kept);
    let confirm = async |secret: &Value| {
        alex.post("/api/v1/me/totp/confirm", json!({"code": code_at(secret, app.clock.now())})).await
    };
    confirm(&dropped).await.expect_problem(403, "invalid_totp");
    sign_in(&app, &alex.username, PASSWORD, json!(code_at(&kept, app.clock.now()))).await.expect(StatusCode::OK);
    confirm(&kept).await.expect(StatusCode::OK);
    app.clock.advance(STEP);
    let old = code_at(&dropped, app.clock.now());
    sign_in(&app, &alex.username, PASSWORD, json!(old)).await.expect_problem(401, "invalid_totp");
}

#[actix_web::test]
async fn each_recovery_code_signs_in_once_however_it_is_typed() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app, Role::Admin).await;
    let [first, second, third] = [0, 1, 2].map(|n| robin.recovery_codes[n].clone());
    robin.sign_in(&app, &first).await.expect(StatusCode::OK);
    robin.sign_in(&app, &first).await.expect_problem(401, "invalid_totp");
    robin.sign_in(&app, &second.to_uppercase().replace('-', " ")).await.expect(StatusCode::OK);
    robin.sign_in(&app, &format!(" {}\n", third.replace('-', ""))).await.expect(StatusCode::OK);
    assert_eq!(robin.client.get("/api/v1/me/totp").await.json["recovery_codes_left"], 7);
    let name = robin.client.username.as_str();
    let details: Vec<String> = app.recorded("totp.recovery_code").into_iter().map(|[.., detail]| detail).collect();
    assert_eq!(details, ["7 left", "8 left", "9 left"]);
    assert_eq!(app.recorded("totp.recovery_code")[0][..3], [name, name, "success"]);

    // Recovery codes go with the second factor, and a new one comes with others.
    let off = robin.client.delete_with("/api/v1/me/totp", json!({"password": PASSWORD})).await;
    off.expect(StatusCode::NO_CONTENT);
    let secret = begin(&robin.client).await;
    let confirmation = json!({"code": code_at(&secret, app.clock.now())});
    robin.client.post("/api/v1/me/totp/confirm", confirmation).await.expect(StatusCode::OK);
    robin.sign_in(&app, &robin.recovery_codes[5]).await.expect_problem(401, "invalid_totp");
}

/// OWASP ASVS v5.0.0-6.3.1 and v5.0.0-6.3.5
#[actix_web::test]
async fn wrong_codes_lock_like_wrong_passwords_and_a_missing_one_does_not_count() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app, Role::Admin).await;
    let name = robin.client.username.clone();
    let missing =
        async || sign_in(&app, &name, PASSWORD, json!(null)).await.expect_problem(401, "totp_required").status;
    for _ in 0..6 {
        missing().await;
    }
    for attempt in 0..5 {
        // Correct passwords without a code do not forget the failures in between.
        missing().await;
        if attempt % 2 == 0 {
            robin.sign_in(&app, "no code").await.expect_problem(401, "invalid_totp");
        } else {
            sign_in(&app, &name, WRONG, json!(robin.code(&app))).await.expect_problem(401, "invalid_credentials");
        }
    }
    let code = robin.code(&app);
    robin.sign_in(&app, &code).await.expect_problem(423, "locked");
    robin.sign_in(&app, &robin.recovery_codes[0]).await.expect_problem(423, "locked");
    assert_eq!(app.recorded("auth.lock"), [["", &*name, "success", ""].map(str::to_owned)]);
    let outcomes = app.recorded("auth.login");
    let count = |outcome: &str, detail: &str| {
        outcomes.iter().filter(|[.., found, why]| found == outcome && why == detail).count()
    };
    assert_eq!(
        [
            count("denied", ""),
            count("denied", "second factor missing"),
            count("failure", "second factor wrong"),
            count("failure", "")
        ],
        [2, 11, 3, 2]
    );

    // That used up neither code.
    app.clock.advance(30 * MINUTE);
    robin.sign_in(&app, &robin.recovery_codes[0]).await.expect(StatusCode::OK);
    robin.sign_in(&app, &robin.code(&app)).await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn the_code_does_not_tell_whether_the_password_is_right() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app, Role::Admin).await;
    let mut answers = Vec::new();
    for username in [robin.client.username.as_str(), "nobody"] {
        for code in [json!(null), json!("000000"), json!(robin.code(&app))] {
            let mut answer = sign_in(&app, username, WRONG, code).await;
            answer.expect_problem(401, "invalid_credentials");
            answer.json["request_id"] = json!(null);
            answers.push(answer.json.to_string());
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    robin.sign_in(&app, &robin.code(&app)).await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-13.3.1
#[actix_web::test]
async fn nothing_in_the_database_shows_the_secret_or_a_recovery_code() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app, Role::Admin).await;
    app.state.db.checkpoint().unwrap();
    let file = std::fs::read(app.folder.path().join("status-tracker.db")).unwrap();
    let holds = |text: &[u8]| file.windows(text.len()).any(|window| window == text);
    let secret = robin.secret.as_str().unwrap();
    assert!(!holds(secret.as_bytes()) && !holds(totp_rs::Secret::try_from_base32(secret).unwrap().as_bytes()));
    for code in &robin.recovery_codes {
        assert!(!holds(code.as_bytes()) && !holds(code.replace('-', "").as_bytes()));
    }
    assert!(holds(robin.client.username.as_bytes()), "what is looked for in the file would be found");
}
