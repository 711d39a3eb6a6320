//! Callers who go on after a refusal. The tests' own clock decides how long a penalty lasts.

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::{
    clock::{DAY, MINUTE, SECOND},
    db::Db,
    http::caller::Caller,
    limits::{AT_ONCE, penalties::OFFENCES},
    server::Services,
};

use crate::support::{Answer, Client, TestApp, config};

const SETTINGS: [(&str, &str); 2] = [("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "2/24h")];
const PATH: &str = "/api/v1/privacy-policy";
const STRANGER: &str = "192.0.2.1";

async fn from(client: &Client, address: &str, path: &str) -> Answer {
    Answer::of(client.request("GET", path).insert_header(("x-forwarded-for", address)).send().await.unwrap()).await
}

/// The refusals in a row that lead to a penalty: those of a page that has not heard of the first yet, and as many offences.
const REFUSALS: usize = AT_ONCE + OFFENCES as usize;

/// Uses up the limit if need be, and is then refused as often as leads to a penalty.
async fn earn_a_penalty(app: &TestApp, address: &str) {
    let anonymous = app.anonymous();
    let mut refused = 0;
    while refused < REFUSALS {
        let answer = from(&anonymous, address, PATH).await;
        match answer.status.as_u16() {
            200 => {}
            429 => {
                answer.expect_problem(429, "rate_limited");
                refused += 1;
            }
            other => panic!("{other}"),
        }
    }
}

fn seconds(answer: &Answer) -> i64 {
    answer.expect_problem(429, "penalised").header("retry-after").parse().unwrap()
}

#[actix_web::test]
async fn a_foreign_page_earns_its_visitor_no_penalty() {
    let app = TestApp::with(&[("RATE_LIMIT_ENABLED", "true")]).await;
    let picture = |site: &'static str| {
        let request = app.anonymous().request("GET", "/.env").insert_header(("sec-fetch-site", site));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    for _ in 0..2 * OFFENCES {
        assert_eq!(picture("cross-site").await, 400);
    }
    app.anonymous().get(PATH).await.expect(StatusCode::OK);
    for _ in 0..OFFENCES {
        assert_eq!(picture("none").await, 400);
    }
    app.anonymous().get(PATH).await.expect_problem(429, "penalised");
}

#[actix_web::test]
async fn one_that_goes_on_is_kept_out_for_twice_as_long_each_time() {
    let app = TestApp::with(&SETTINGS).await;
    let anonymous = app.anonymous();
    for minutes in [1, 2, 4, 8] {
        earn_a_penalty(&app, STRANGER).await;
        // Asking during a penalty does not prolong it.
        for path in [PATH, "/api/v1/me", "/api/openapi.json", PATH] {
            assert_eq!(seconds(&from(&anonymous, STRANGER, path).await), minutes * 60, "{path}");
        }
        from(&anonymous, STRANGER, "/health").await.expect(StatusCode::OK);
        from(&anonymous, "192.0.2.2", "/api/openapi.json").await.expect(StatusCode::OK);
        app.clock.advance(minutes * MINUTE - 1);
        assert_eq!(seconds(&from(&anonymous, STRANGER, PATH).await), 1);
        app.clock.advance(1);
        from(&anonymous, STRANGER, "/api/openapi.json").await.expect(StatusCode::OK);
    }
}

#[actix_web::test]
async fn a_level_is_forgotten_a_day_after_its_penalty_and_offences_after_an_hour() {
    let app = TestApp::with(&SETTINGS).await;
    let anonymous = app.anonymous();
    earn_a_penalty(&app, STRANGER).await;
    app.clock.advance(MINUTE + DAY);
    app.services.penalties.forget_past(&app.state.db, app.clock.now());
    for _ in 0..2 {
        from(&anonymous, STRANGER, PATH).await.expect(StatusCode::OK);
    }
    for _ in 0..REFUSALS - 1 {
        from(&anonymous, STRANGER, PATH).await.expect_problem(429, "rate_limited");
    }
    app.clock.advance(61 * MINUTE);
    // They still have to wait from before, so each of these is an offence.
    for _ in 0..OFFENCES {
        from(&anonymous, STRANGER, PATH).await.expect_problem(429, "rate_limited");
    }
    assert_eq!(seconds(&from(&anonymous, STRANGER, PATH).await), 60, "the first one again");
}

#[actix_web::test]
async fn a_penalty_outlives_a_restart_and_is_recorded() {
    let app = TestApp::with(&SETTINGS).await;
    let admin = app.admin().await;
    earn_a_penalty(&app, STRANGER).await;
    let config = config(&app.folder, &SETTINGS);
    let db = Db::open(&config).unwrap();
    let services = Services::new(config, app.clock.clone(), db).unwrap();
    let caller = Caller::at(STRANGER.parse().unwrap());
    let until = services.penalties.until(&caller, app.clock.now()).expect("the penalty is still there");
    assert_eq!(until.0, app.clock.now().0 + MINUTE);
    let records = admin.get("/api/v1/admin/audit?action=penalty.impose").await;
    assert_eq!(records.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(records.json["items"][0]["target"], "address 192.0.2.1");
}

#[actix_web::test]
async fn an_admin_sees_who_is_kept_out_and_lets_them_in_again() {
    let app = TestApp::with(&SETTINGS).await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    earn_a_penalty(&app, STRANGER).await;
    for _ in 0..2 + REFUSALS {
        viewer.get("/api/v1/me").await;
    }
    viewer.get("/api/v1/me").await.expect_problem(429, "penalised");

    let report = admin.get("/api/v1/admin/security").await;
    let penalties = report.expect(StatusCode::OK).json["penalties"].as_array().unwrap().clone();
    let find =
        |caller: &str| penalties.iter().find(|one| one["caller"] == caller).expect("a penalty of theirs").clone();
    let (stranger, user) = (find("address 192.0.2.1"), find(&format!("user {}", viewer.username)));
    assert_eq!(penalties.len(), 2);
    assert_eq!(stranger["level"], 1);
    assert_eq!(stranger["imposed_at"], "2026-03-01T12:00:00.000Z");
    assert_eq!(stranger["until"], "2026-03-01T12:01:00.000Z");
    assert_eq!(report.json["hours"].as_array().unwrap().len(), 24);
    assert_eq!(report.json["hours"][23]["penalties"], 2);

    for penalty in [&stranger, &user] {
        let path = format!("/api/v1/admin/penalties/{}", penalty["id"].as_str().unwrap());
        viewer.delete(&path).await;
        admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
        admin.delete(&path).await.expect_problem(404, "not_found");
    }
    from(&app.anonymous(), STRANGER, "/api/openapi.json").await.expect(StatusCode::OK);
    viewer.get("/api/v1/me").await.expect_problem(429, "rate_limited");
    assert_eq!(admin.get("/api/v1/admin/security").await.json["penalties"], json!([]));
    let lifted = admin.get("/api/v1/admin/audit?action=penalty.lift").await;
    assert_eq!(lifted.json["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn suspicious_requests_lead_to_a_penalty_too() {
    let app = TestApp::with(&[("RATE_LIMIT_ENABLED", "true")]).await;
    let anonymous = app.anonymous();
    for _ in 0..OFFENCES {
        from(&anonymous, STRANGER, "/.env").await.expect_problem(400, "suspicious_request");
    }
    from(&anonymous, STRANGER, PATH).await.expect_problem(429, "penalised");
}

#[actix_web::test]
async fn without_limits_there_are_no_penalties() {
    let app = TestApp::start().await;
    for _ in 0..=OFFENCES {
        app.anonymous().get("/.env").await.expect_problem(400, "suspicious_request");
    }
    app.anonymous().get(PATH).await.expect(StatusCode::OK);
}

/// Lifts a penalty as the command line does, in a process of its own: the row goes, and the server is not notified.
#[actix_web::test]
async fn a_penalty_that_was_lifted_elsewhere_ends_within_a_second() {
    let app = TestApp::with(&SETTINGS).await;
    let anonymous = app.anonymous();
    for address in [STRANGER, "192.0.2.2"] {
        earn_a_penalty(&app, address).await;
        seconds(&from(&anonymous, address, PATH).await);
    }
    let lift = ["penalty", "lift", "address", STRANGER];
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_status-tracker"));
    assert!(program.args(lift).env("DATA_DIR", app.folder.path()).output().unwrap().status.success());
    app.clock.advance(SECOND);
    from(&anonymous, STRANGER, PATH).await.expect_problem(429, "rate_limited");
    assert_eq!(seconds(&from(&anonymous, "192.0.2.2", PATH).await), 59, "the other stays");
}

#[actix_web::test]
async fn a_penalty_that_could_not_be_written_is_not_taken_for_lifted() {
    let app = TestApp::with(&SETTINGS).await;
    app.execute(
        "CREATE TRIGGER full BEFORE INSERT ON penalties BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    );
    earn_a_penalty(&app, STRANGER).await;
    app.clock.advance(30 * SECOND);
    assert_eq!(seconds(&from(&app.anonymous(), STRANGER, PATH).await), 30);
}
