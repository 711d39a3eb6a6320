//! The ways into an account: temporary passwords, locks, sessions and second factors.

use actix_web::http::StatusCode;
use diesel::prelude::*;
use serde_json::json;
use status_tracker::{clock::DAY, db::schema::users};

use super::{OWN, USERS, api_token, at, recorded};
use crate::support::{Client, PASSWORD, TestApp};

/// OWASP ASVS v5.0.0-6.4.1, v5.0.0-6.4.6: the password is generated, expires, and opens nothing but the choice of another.
#[actix_web::test]
async fn a_new_user_gets_a_password_that_only_lets_them_choose_their_own() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let created = admin.post(USERS, json!({"username": "Sam", "role": "viewer", "display_name": "Sam T."})).await;
    created.expect(StatusCode::CREATED);
    let user = &created.json["user"];
    assert_eq!(
        (&user["username"], &user["display_name"], &user["role"]),
        (&json!("sam"), &json!("Sam T."), &json!("viewer"))
    );
    assert_eq!(
        (&user["locked_until"], &user["disabled"], &user["last_login_at"]),
        (&json!(null), &json!(false), &json!(null))
    );
    assert_eq!(created.json["expires_at"], "2026-03-02T12:00:00.000Z");
    let password = created.json["temporary_password"].as_str().unwrap();
    assert_eq!(password.len(), 24);

    let page = app.anonymous().sign_in("sam", password).await;
    let me = page.get("/api/v1/me").await;
    assert_eq!((&me.json["password_change_required"], &me.json["privacy_policy_due"]), (&json!(true), &json!(true)));
    page.get("/api/v1/people").await.expect_problem(403, "password_change_required");
    let change = json!({"current_password": password, "new_password": OWN});
    let changed = page.put("/api/v1/me/password", change).await;
    changed.expect(StatusCode::NO_CONTENT);
    // The cookie is a new one.
    let page = Client { cookie: changed.cookie(), ..page };
    page.get("/api/v1/people").await.expect(StatusCode::OK);
    app.clock.advance(2 * DAY);
    app.anonymous().sign_in("sam", OWN).await;

    let record = &recorded(&admin, "user.create").await[0];
    assert_eq!(
        (&record["actor"], &record["target"], &record["detail"]),
        (&json!(admin.username), &json!("sam"), &json!("role viewer"))
    );
    admin.post(USERS, json!({"username": "SAM", "role": "admin"})).await.expect_problem(409, "username_taken");
}

/// OWASP ASVS v5.0.0-6.4.1
#[actix_web::test]
async fn a_temporary_password_is_over_after_a_day() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let reset = admin.post(&format!("{}/reset-password", at(&viewer.username)), json!(null)).await;
    reset.expect(StatusCode::OK);
    assert_eq!(reset.json["expires_at"], "2026-03-02T12:00:00.000Z");
    let credentials = |password: &str| json!({"username": viewer.username, "password": password});
    let anonymous = app.anonymous();
    let old = anonymous.post("/api/v1/auth/token", credentials(PASSWORD)).await;
    old.expect_problem(401, "invalid_credentials");
    let temporary = credentials(reset.json["temporary_password"].as_str().unwrap());
    app.clock.advance(DAY - 1);
    anonymous.post("/api/v1/auth/token", temporary.clone()).await.expect(StatusCode::OK);
    app.clock.advance(1);
    anonymous.post("/api/v1/auth/token", temporary).await.expect_problem(401, "invalid_credentials");
    let record = &recorded(&admin, "password.reset").await[0];
    assert_eq!((&record["actor"], &record["target"]), (&json!(admin.username), &json!(viewer.username)));
}

/// OWASP ASVS v5.0.0-6.1.1
#[actix_web::test]
async fn a_locked_name_is_seen_and_unlocked_by_an_admin() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let wrong = json!({"username": viewer.username, "password": "not this one"});
    for _ in 0..5 {
        app.anonymous().post("/api/v1/auth/login", wrong.clone()).await.expect_problem(401, "invalid_credentials");
    }
    let until = json!("2026-03-01T12:30:00.000Z");
    assert_eq!(admin.get(&at(&viewer.username)).await.json["locked_until"], until);
    assert_eq!(admin.get(USERS).await.json["items"][1]["locked_until"], until);
    assert_eq!(viewer.get("/api/v1/me").await.json["locked_until"], until);
    let unlock = format!("{}/unlock", at(&viewer.username));
    for _ in 0..2 {
        admin.post(&unlock, json!(null)).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(admin.get(&at(&viewer.username)).await.json["locked_until"], json!(null));
    }
    app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let records = recorded(&admin, "auth.unlock").await;
    assert_eq!(records.len(), 1, "what was not locked is not unlocked");
    assert_eq!((&records[0]["actor"], &records[0]["target"]), (&json!(admin.username), &json!(viewer.username)));
}

/// OWASP ASVS v5.0.0-7.4.2, v5.0.0-7.4.5, v5.0.0-8.3.2
#[actix_web::test]
async fn a_change_that_takes_something_from_an_account_ends_every_way_in_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (method, path, body) in [
        ("PATCH", "", json!({"role": "admin"})),
        ("PATCH", "", json!({"disabled": true})),
        ("POST", "/reset-password", json!(null)),
        ("DELETE", "/sessions", json!(null)),
        ("DELETE", "", json!(null)),
    ] {
        let jwt = app.viewer().await;
        let ways =
            [app.anonymous().sign_in(&jwt.username, PASSWORD).await, api_token(&app, &jwt.username).await, jwt.clone()];
        for way in &ways {
            way.get("/api/v1/people").await.expect(StatusCode::OK);
        }
        let sessions = admin.get(&format!("{}/sessions", at(&jwt.username))).await;
        let kinds: Vec<_> = sessions.json["items"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
        assert_eq!(kinds.len(), 3, "{kinds:?}");
        assert!(sessions.json["items"].as_array().unwrap().iter().all(|one| one["current"] == false));
        let answer =
            admin.send(method, &format!("{}{path}", at(&jwt.username)), "application/json", body.to_string()).await;
        assert!(answer.status.is_success(), "{method} {path} {body}: {}", answer.json);
        for way in &ways {
            way.get("/api/v1/people").await.expect_problem(401, "unauthorized");
        }
    }
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
}

#[actix_web::test]
async fn a_disabled_user_gets_in_again_once_enabled() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let disabled = admin.patch(&at(&viewer.username), json!({"disabled": true})).await;
    assert_eq!(disabled.expect(StatusCode::OK).json["disabled"], true);
    let credentials = json!({"username": viewer.username, "password": PASSWORD});
    app.anonymous().post("/api/v1/auth/login", credentials).await.expect_problem(401, "invalid_credentials");
    admin.patch(&at(&viewer.username), json!({"disabled": false})).await.expect(StatusCode::OK);
    app.anonymous().sign_in(&viewer.username, PASSWORD).await;
}

#[actix_web::test]
async fn a_lost_second_factor_is_taken_away() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let name = viewer.username.clone();
    let enrol = move |conn: &mut _| {
        use status_tracker::db::schema::{recovery_codes, second_factors};
        let id: String = users::table.filter(users::username.eq(name)).select(users::id).first(conn)?;
        diesel::insert_into(second_factors::table)
            .values((
                second_factors::user_id.eq(&id),
                second_factors::secret.eq("sealed"),
                second_factors::confirmed_at.eq(1_i64),
            ))
            .execute(conn)?;
        diesel::insert_into(recovery_codes::table)
            .values((recovery_codes::user_id.eq(&id), recovery_codes::hash.eq("x")))
            .execute(conn)?;
        Ok(())
    };
    app.state.db.write(enrol).await.unwrap();
    for _ in 0..2 {
        admin.delete(&format!("{}/totp", at(&viewer.username))).await.expect(StatusCode::NO_CONTENT);
    }
    let left = app.state.db.read(|conn| {
        use status_tracker::db::schema::{recovery_codes, second_factors};
        let factors: i64 = second_factors::table.count().get_result(conn)?;
        let codes: i64 = recovery_codes::table.count().get_result(conn)?;
        Ok(factors + codes)
    });
    assert_eq!(left.await.unwrap(), 0);
    assert_eq!(recorded(&admin, "totp.disable").await.len(), 1);
    app.anonymous().sign_in(&viewer.username, PASSWORD).await;
}

/// OWASP ASVS v5.0.0-7.5.1
#[actix_web::test]
async fn nobody_hands_their_own_account_over_without_the_password() {
    let app = TestApp::start().await;
    let (admin, _other) = (app.admin().await, app.admin().await);
    for (method, path) in [("POST", "/reset-password"), ("DELETE", "/totp")] {
        for name in [admin.username.clone(), admin.username.to_uppercase()] {
            let answer = admin.send(method, &format!("{}{path}", at(&name)), "", "").await;
            answer.expect_problem(409, "own_account");
        }
    }
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
    app.anonymous().sign_in(&admin.username, PASSWORD).await;
}
