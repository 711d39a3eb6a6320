//! The second step of a sign-in: the continuation that stands for the password, and what ends it.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::clock::{MINUTE, SECOND};

use crate::support::{Answer, Client, PASSWORD, TestApp, code_at};

const STEP: i64 = 30 * SECOND;
const LOGIN: &str = "/api/v1/auth/login";
const TOKEN: &str = "/api/v1/auth/token";
const OTHER: &str = "Wide-Meadow-38-swallows";

/// Somebody whose sign-in asks for a code.
struct Protected {
    client: Client,
    secret: Value,
}

impl Protected {
    async fn new(app: &TestApp) -> Self {
        let client = app.viewer().await;
        let setup = client.post("/api/v1/me/totp", json!({"password": PASSWORD})).await;
        let secret = setup.expect(StatusCode::CREATED).json["secret"].clone();
        let confirmation = json!({"code": code_at(&secret, app.clock.now())});
        client.post("/api/v1/me/totp/confirm", confirmation).await.expect(StatusCode::OK);
        app.clock.advance(STEP);
        Self { client, secret }
    }

    fn name(&self) -> &str {
        &self.client.username
    }

    fn code(&self, app: &TestApp) -> String {
        code_at(&self.secret, app.clock.now())
    }

    /// The continuation that the first step gives out.
    async fn begin(&self, app: &TestApp, path: &str) -> String {
        let answer = ask(app, path, json!({"username": self.name(), "password": PASSWORD})).await;
        continuation(answer.expect_problem(401, "totp_required"))
    }
}

fn continuation(answer: &Answer) -> String {
    answer.json["continuation"].as_str().expect("a continuation").to_owned()
}

async fn ask(app: &TestApp, path: &str, body: Value) -> Answer {
    app.anonymous().post(path, body).await
}

async fn go_on(app: &TestApp, path: &str, username: &str, continuation: &str, code: &str) -> Answer {
    ask(app, path, json!({"username": username, "continuation": continuation, "totp_code": code})).await
}

#[actix_web::test]
async fn it_takes_the_place_of_the_password_by_either_way_in() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app).await;
    for (first, second) in [(LOGIN, LOGIN), (TOKEN, TOKEN), (LOGIN, TOKEN), (TOKEN, LOGIN)] {
        let continuation = robin.begin(&app, first).await;
        assert_eq!(continuation.len(), 43, "256 bits");
        let signed_in = go_on(&app, second, &robin.name().to_uppercase(), &continuation, &robin.code(&app)).await;
        assert_eq!(signed_in.expect(StatusCode::OK).json["user"]["username"], robin.name());
        app.clock.advance(STEP);
    }
    // The request in one step still works.
    let body = json!({"username": robin.name(), "password": PASSWORD, "totp_code": robin.code(&app)});
    ask(&app, LOGIN, body).await.expect(StatusCode::OK);
    assert_eq!(app.number("SELECT count(*) AS n FROM sign_in_continuations"), 0, "each was used up");
}

#[actix_web::test]
async fn it_is_good_once() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app).await;
    let continuation = robin.begin(&app, LOGIN).await;
    let code = robin.code(&app);
    go_on(&app, LOGIN, robin.name(), &continuation, &code).await.expect(StatusCode::OK);
    app.clock.advance(STEP);
    for path in [LOGIN, TOKEN] {
        let again = go_on(&app, path, robin.name(), &continuation, &robin.code(&app)).await;
        assert_eq!(again.expect_problem(401, "continuation_over").json["continuation"], Value::Null);
    }
    // Only one of many at once gets in.
    let continuation = robin.begin(&app, LOGIN).await;
    let code = robin.code(&app);
    let at_once = (0..5).map(|_| go_on(&app, LOGIN, robin.name(), &continuation, &code));
    let answers = futures_util::future::join_all(at_once).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

#[actix_web::test]
async fn a_wrong_code_uses_it_up_counts_and_gives_another() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app).await;
    let mut kept = vec![robin.begin(&app, LOGIN).await];
    for number in 1..=5 {
        let wrong = go_on(&app, LOGIN, robin.name(), kept.last().unwrap(), "000 000").await;
        wrong.expect_problem(401, "invalid_totp");
        assert_eq!(wrong.json["continuation"].is_string(), number < 5, "none once the name is locked");
        kept.extend(wrong.json["continuation"].as_str().map(str::to_owned));
    }
    go_on(&app, LOGIN, robin.name(), &kept[4], &robin.code(&app)).await.expect_problem(423, "locked");
    // Neither the end of the lock nor an admin brings back a continuation from before.
    let unlock = format!("/api/v1/admin/users/{}/unlock", robin.name());
    app.admin().await.post(&unlock, Value::Null).await.expect(StatusCode::NO_CONTENT);
    for continuation in &kept {
        go_on(&app, LOGIN, robin.name(), continuation, &robin.code(&app))
            .await
            .expect_problem(401, "continuation_over");
    }
    let fresh = robin.begin(&app, LOGIN).await;
    go_on(&app, LOGIN, robin.name(), &fresh, &robin.code(&app)).await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn a_missing_code_neither_counts_nor_prolongs_it() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app).await;
    let mut continuation = robin.begin(&app, LOGIN).await;
    for _ in 0..7 {
        app.clock.advance(15 * SECOND);
        let answer = ask(&app, LOGIN, json!({"username": robin.name(), "continuation": continuation})).await;
        continuation = self::continuation(answer.expect_problem(401, "totp_required"));
    }
    app.clock.advance(15 * SECOND);
    go_on(&app, LOGIN, robin.name(), &continuation, &robin.code(&app)).await.expect_problem(401, "continuation_over");
}

#[actix_web::test]
async fn it_ends_after_two_minutes_by_the_servers_clock() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app).await;
    for (passes, good) in [(2 * MINUTE - 1, true), (2 * MINUTE, false), (MINUTE, true), (30 * MINUTE, false)] {
        let continuation = robin.begin(&app, LOGIN).await;
        app.clock.advance(passes);
        let answer = go_on(&app, LOGIN, robin.name(), &continuation, &robin.code(&app)).await;
        assert_eq!(answer.status == 200, good, "after {passes} ms");
        app.clock.advance(STEP);
    }
    // A continuation from a clock that was ahead.
    let continuation = robin.begin(&app, LOGIN).await;
    app.clock.set_by(-60 * MINUTE);
    go_on(&app, LOGIN, robin.name(), &continuation, &robin.code(&app)).await.expect_problem(401, "continuation_over");
}

#[actix_web::test]
async fn it_is_of_one_network() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app).await;
    let from = |address: &'static str, body: Value| {
        let request = app.anonymous().request("POST", LOGIN).insert_header(("x-forwarded-for", address));
        async move { Answer::of(request.send_json(&body).await.unwrap()).await }
    };
    for (begun, gone_on, good) in [
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1", "2001:db8::1", false),
        ("2001:db8::1", "2001:db8::2", true),
        ("2001:db8::1", "2001:db8:0:1::1", false),
        ("192.0.2.1:4711", "192.0.2.1:4712", true),
    ] {
        let first = from(begun, json!({"username": robin.name(), "password": PASSWORD})).await;
        let continuation = continuation(first.expect_problem(401, "totp_required"));
        let body = |code: String| json!({"username": robin.name(), "continuation": continuation, "totp_code": code});
        let answer = from(gone_on, body(robin.code(&app))).await;
        assert_eq!(answer.status == 200, good, "{begun}, {gone_on}: {}", answer.status);
        if !good {
            // The thief has used it up.
            from(begun, body(robin.code(&app))).await.expect_problem(401, "continuation_over");
        }
        app.clock.advance(STEP);
    }
}

#[actix_web::test]
async fn it_is_for_one_name() {
    let app = TestApp::start().await;
    let (robin, sasha) = (Protected::new(&app).await, Protected::new(&app).await);
    for name in [sasha.name(), "nobody"] {
        for code in [robin.code(&app), sasha.code(&app)] {
            let continuation = robin.begin(&app, LOGIN).await;
            go_on(&app, LOGIN, name, &continuation, &code).await.expect_problem(401, "continuation_over");
            go_on(&app, LOGIN, robin.name(), &continuation, &code).await.expect_problem(401, "continuation_over");
        }
    }
}

#[actix_web::test]
async fn the_end_of_all_sessions_of_an_account_ends_what_is_half_begun() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (number, what) in ["disabled", "role", "reset", "password", "sessions"].into_iter().enumerate() {
        let robin = Protected::new(&app).await;
        let continuation = robin.begin(&app, LOGIN).await;
        let path = format!("/api/v1/admin/users/{}", robin.name());
        match what {
            "disabled" => {
                for disabled in [true, false] {
                    admin.patch(&path, json!({"disabled": disabled})).await.expect(StatusCode::OK);
                }
            }
            "role" => {
                for role in ["admin", "viewer"] {
                    admin.patch(&path, json!({"role": role})).await.expect(StatusCode::OK);
                }
            }
            "reset" => {
                admin.post(&format!("{path}/reset-password"), Value::Null).await.expect(StatusCode::OK);
            }
            "password" => {
                let body = json!({"current_password": PASSWORD, "new_password": OTHER});
                robin.client.put("/api/v1/me/password", body).await.expect(StatusCode::NO_CONTENT);
            }
            _ => {
                admin.delete(&format!("{path}/sessions")).await.expect(StatusCode::NO_CONTENT);
            }
        }
        let answer = go_on(&app, [LOGIN, TOKEN][number % 2], robin.name(), &continuation, &robin.code(&app)).await;
        answer.expect_problem(401, "continuation_over");
    }
}

#[actix_web::test]
async fn it_outlives_a_restart_and_stands_nowhere_in_clear() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app).await;
    let continuation = robin.begin(&app, LOGIN).await;
    for name in ["status-tracker.db", "status-tracker.db-wal"] {
        let kept = std::fs::read(app.folder.path().join(name)).unwrap();
        assert!(!kept.windows(continuation.len()).any(|window| window == continuation.as_bytes()), "{name}");
    }
    let restarted = app.restarted(&[]).await;
    go_on(&restarted, LOGIN, robin.name(), &continuation, &robin.code(&app)).await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn nothing_else_is_one_and_it_is_nothing_else() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app).await;
    let continuation = robin.begin(&app, LOGIN).await;
    let code = robin.code(&app);
    for made_up in ["", "x", &continuation[1..], &continuation.to_lowercase(), PASSWORD] {
        go_on(&app, LOGIN, robin.name(), made_up, &code).await.expect_problem(401, "continuation_over");
    }
    let as_password = json!({"username": robin.name(), "password": continuation, "totp_code": code});
    ask(&app, LOGIN, as_password).await.expect_problem(401, "invalid_credentials");
    let as_token = Client { bearer: Some(continuation.clone()), ..app.anonymous() };
    as_token.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    for (body, field) in [
        (json!({"username": robin.name()}), "password"),
        (json!({"username": robin.name(), "password": PASSWORD, "continuation": continuation}), "continuation"),
        (json!({"username": robin.name(), "password": null, "continuation": null}), "password"),
    ] {
        assert_eq!(ask(&app, LOGIN, body).await.expect_problem(422, "invalid").fields(), [field]);
    }
    // There is no continuation without a second factor, nor for a wrong password.
    let alex = app.viewer().await;
    let signed_in = ask(&app, LOGIN, json!({"username": alex.username, "password": PASSWORD})).await;
    assert_eq!(signed_in.expect(StatusCode::OK).json["continuation"], Value::Null);
    let wrong = ask(&app, LOGIN, json!({"username": robin.name(), "password": OTHER})).await;
    assert_eq!(wrong.expect_problem(401, "invalid_credentials").json["continuation"], Value::Null);
}

#[actix_web::test]
async fn a_made_up_continuation_is_no_guess_at_the_name() {
    let app = TestApp::start().await;
    let robin = Protected::new(&app).await;
    for _ in 0..8 {
        go_on(&app, LOGIN, robin.name(), "made up", "000000").await.expect_problem(401, "continuation_over");
    }
    let continuation = robin.begin(&app, LOGIN).await;
    go_on(&app, LOGIN, robin.name(), &continuation, &robin.code(&app)).await.expect(StatusCode::OK);
}
