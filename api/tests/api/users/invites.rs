//! Invitations.

use std::fs;

use actix_web::http::StatusCode;
use diesel::prelude::*;
use serde_json::{Value, json};
use status_tracker::{account::model::Role, clock::DAY, db::schema::invites};

use crate::support::{Answer, Client, PASSWORD, TestApp};

const INVITES: &str = "/api/v1/admin/invites";

/// A server on which nobody registers without an invitation.
async fn by_invitation() -> TestApp {
    TestApp::with(&[("REGISTRATION", "invite")]).await
}

async fn invite(admin: &Client, role: &str, max_uses: i32) -> Value {
    let body = json!({"role": role, "expires_at": "2026-03-02T12:00:00Z", "max_uses": max_uses});
    admin.post(INVITES, body).await.expect(StatusCode::CREATED).json.clone()
}

async fn register(app: &TestApp, username: &str, code: &Value) -> Answer {
    let body = json!({
        "username": username,
        "password": PASSWORD,
        "privacy_policy_version": "2026-11-25.2",
        "invite_code": code,
    });
    app.anonymous().post("/api/v1/auth/register", body).await
}

#[actix_web::test]
async fn an_invitation_decides_the_role_and_counts_its_uses() {
    let app = by_invitation().await;
    let admin = app.admin().await;
    let issued = invite(&admin, "admin", 2).await;
    let code = issued["code"].as_str().unwrap();
    assert_eq!(code.len(), 22, "128 bits");
    assert_eq!(issued["url"], format!("http://localhost:8080/register?invite={code}"));
    register(&app, "alex", &json!(null)).await.expect_problem(403, "registration_closed");
    let registered = register(&app, "alex", &issued["code"]).await;
    assert_eq!(registered.expect(StatusCode::CREATED).json["role"], "admin");
    app.anonymous().sign_in("alex", PASSWORD).await.get(INVITES).await.expect(StatusCode::OK);

    let listed = admin.get(INVITES).await;
    let one = &listed.expect(StatusCode::OK).json["items"][0];
    assert_eq!((&one["id"], &one["uses"], &one["max_uses"]), (&issued["id"], &json!(1), &json!(2)));
    assert_eq!((&one["created_by"], &one["role"]), (&json!(admin.username), &json!("admin")));
    assert!(one.get("code").is_none() && one.get("code_hash").is_none());
    let record = admin.get("/api/v1/admin/audit?action=auth.register").await;
    assert_eq!(record.json["items"][0]["detail"], format!("role admin, invite {}", issued["id"].as_str().unwrap()));
}

#[actix_web::test]
async fn an_invitation_whose_answer_was_lost_is_made_once() {
    let app = by_invitation().await;
    let (admin, other) = (app.admin().await, app.named("kim", Role::Admin).await);
    let body = |role: &str| json!({"id": "019cb2f0-0000-7000-8000-000000000001", "role": role, "expires_at": "2026-03-02T12:00:00Z", "max_uses": 1});
    let lost = admin.post(INVITES, body("admin")).await.expect(StatusCode::CREATED).json.clone();
    let seen = admin.post(INVITES, body("viewer")).await.expect(StatusCode::CREATED).json.clone();
    assert_eq!(admin.get(INVITES).await.json["items"].as_array().unwrap().len(), 1);
    register(&app, "alex", &lost["code"]).await.expect_problem(403, "invalid_invite");
    other.post(INVITES, body("viewer")).await.expect_problem(409, "id_conflict");
    assert_eq!(register(&app, "alex", &seen["code"]).await.expect(StatusCode::CREATED).json["role"], "viewer");
    admin.post(INVITES, body("viewer")).await.expect_problem(409, "id_conflict");
}

/// OWASP ASVS v5.0.0-11.4.1: the code is stored as a hash.
#[actix_web::test]
async fn a_reader_of_the_database_cannot_register_with_it() {
    let app = by_invitation().await;
    let issued = invite(&app.admin().await, "admin", 1).await;
    let code = issued["code"].as_str().unwrap().as_bytes().to_vec();
    let mut read = 0;
    for file in fs::read_dir(app.folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        read += bytes.len();
        assert!(!bytes.windows(code.len()).any(|window| window == code));
    }
    assert!(read > 0);
}

/// Enumeration: a wrong code cannot be told from one that was once valid.
#[actix_web::test]
async fn all_faults_of_an_invitation_are_answered_alike() {
    let (app, elsewhere) = (by_invitation().await, by_invitation().await);
    let (admin, foreign) = (app.admin().await, elsewhere.admin().await);
    let mut codes = vec![json!(""), json!("AAAAAAAAAAAAAAAAAAAAAA"), json!("x".repeat(5000)), json!("\u{0}")];
    codes.push(invite(&foreign, "viewer", 1).await["code"].clone());
    let good = invite(&admin, "viewer", 1).await["code"].as_str().unwrap().to_owned();
    codes.extend([json!(good[..21]), json!(good.to_lowercase()), json!(format!("{good} "))]);
    let used_up = invite(&admin, "viewer", 1).await["code"].clone();
    register(&app, "first", &used_up).await.expect(StatusCode::CREATED);
    codes.push(used_up);
    let revoked = invite(&admin, "viewer", 1).await;
    let path = format!("{INVITES}/{}", revoked["id"].as_str().unwrap());
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.delete(&path).await.expect_problem(404, "not_found");
    codes.push(revoked["code"].clone());
    for (method, body) in
        [("PATCH", json!({"role": "viewer"})), ("PATCH", json!({"disabled": true})), ("DELETE", json!({}))]
    {
        let other = app.admin().await;
        codes.push(invite(&other, "admin", 5).await["code"].clone());
        let path = format!("/api/v1/admin/users/{}", other.username);
        assert!(admin.send(method, &path, "application/json", body.to_string()).await.status.is_success());
        if method == "PATCH" {
            // An admin who is trusted again may invite again.
            let back = json!({"role": "admin", "disabled": false});
            admin.patch(&path, back).await.expect(StatusCode::OK);
        }
    }
    let expired = json!({"role": "viewer", "expires_at": "2026-03-01T12:00:00.001Z", "max_uses": 1});
    codes.push(admin.post(INVITES, expired).await.expect(StatusCode::CREATED).json["code"].clone());
    app.clock.advance(1);

    let mut answers = Vec::new();
    for code in &codes {
        let mut answer = register(&app, "second", code).await;
        answer.expect_problem(403, "invalid_invite");
        answer.json["request_id"] = json!(null);
        answers.push(answer.json.to_string());
        // Nor does it tell which names are taken.
        register(&app, "first", code).await.expect_problem(403, "invalid_invite");
    }
    answers.dedup();
    assert_eq!((answers.len(), codes.len()), (1, 14), "{answers:#?}");
    register(&app, "second", &json!(good)).await.expect(StatusCode::CREATED);
}

/// OWASP ASVS v5.0.0-2.3.4, v5.0.0-15.4.2
#[actix_web::test]
async fn of_twenty_who_use_an_invitation_for_three_at_once_three_get_in() {
    let app = by_invitation().await;
    let admin = app.admin().await;
    let code = invite(&admin, "viewer", 3).await["code"].clone();
    let attempt = |number: i32| {
        let (app, code) = (&app, &code);
        async move {
            loop {
                let status = register(app, &format!("guest-{number}"), code).await.status.as_u16();
                // This many hashes at once have to queue.
                if status != 503 {
                    return status;
                }
            }
        }
    };
    let outcomes = futures_util::future::join_all((0..20).map(attempt)).await;
    assert_eq!(outcomes.iter().filter(|status| **status == 201).count(), 3, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|status| **status == 403).count(), 17, "{outcomes:?}");
    assert_eq!(admin.get(INVITES).await.json["items"][0]["uses"], 3);
    assert_eq!(app.contents().matches("guest-").count(), 2 * 3);
}

#[actix_web::test]
async fn a_registration_that_fails_uses_nothing_up() {
    let app = by_invitation().await;
    let admin = app.named("robin", status_tracker::account::model::Role::Admin).await;
    let code = invite(&admin, "viewer", 1).await["code"].clone();
    register(&app, "Robin", &code).await.expect_problem(409, "username_taken");
    let mut weak = json!({"username": "alex", "password": "password", "privacy_policy_version": "2026-11-25.2"});
    weak["invite_code"] = code.clone();
    app.anonymous().post("/api/v1/auth/register", weak).await.expect_problem(422, "invalid");
    register(&app, "alex", &code).await.expect(StatusCode::CREATED);
}

/// OWASP ASVS v5.0.0-15.3.3: mass assignment.
#[actix_web::test]
async fn nobody_chooses_their_own_role() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let code = invite(&admin, "admin", 1).await["code"].clone();
    for code in [json!(null), code.clone()] {
        let body = json!({"username": "alex", "password": PASSWORD, "privacy_policy_version": "2026-11-25.2",
            "invite_code": code, "role": "admin"});
        let answer = app.anonymous().post("/api/v1/auth/register", body).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), ["role"]);
    }
    assert_eq!(register(&app, "alex", &json!(null)).await.expect(StatusCode::CREATED).json["role"], "viewer");
    assert_eq!(register(&app, "sasha", &code).await.expect(StatusCode::CREATED).json["role"], "admin");
}

#[actix_web::test]
async fn closed_is_closed_to_those_who_are_invited_too() {
    let app = by_invitation().await;
    let admin = app.admin().await;
    let code = invite(&admin, "viewer", 1).await["code"].clone();
    admin.patch("/api/v1/admin/settings", json!({"registration": "closed"})).await.expect(StatusCode::OK);
    register(&app, "alex", &code).await.expect_problem(403, "registration_closed");
    admin.patch("/api/v1/admin/settings", json!({"registration": "invite"})).await.expect(StatusCode::OK);
    register(&app, "alex", &code).await.expect(StatusCode::CREATED);
}

#[actix_web::test]
async fn an_invitation_that_does_not_fit_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let valid = json!({"role": "viewer", "expires_at": "2026-05-30T12:00:00Z", "max_uses": 100});
    for (field, value) in [
        ("role", json!("king")),
        ("role", json!(null)),
        ("expires_at", json!("2026-03-01T12:00:00Z")),
        ("expires_at", json!("2026-05-30T12:00:00.001Z")),
        ("expires_at", json!("tomorrow")),
        ("max_uses", json!(0)),
        ("max_uses", json!(101)),
        ("max_uses", json!(1.5)),
        ("code", json!("one-of-my-own")),
        ("created_by", json!("robin")),
    ] {
        let mut body = valid.clone();
        body[field] = value.clone();
        let answer = admin.post(INVITES, body).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), [field], "{value}");
    }
    assert_eq!(admin.get(INVITES).await.json["items"], json!([]));
    admin.post(INVITES, valid).await.expect(StatusCode::CREATED);
}

#[actix_web::test]
async fn expired_invitations_are_deleted() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for _ in 0..3 {
        invite(&admin, "viewer", 1).await;
    }
    let page = admin.get(&format!("{INVITES}?limit=2")).await;
    assert_eq!(page.json["items"].as_array().unwrap().len(), 2);
    let rest = admin.get(&format!("{INVITES}?limit=2&cursor={}", page.json["next_cursor"].as_str().unwrap())).await;
    assert_eq!((rest.json["items"].as_array().unwrap().len(), &rest.json["next_cursor"]), (1, &json!(null)));
    app.clock.advance(DAY);
    assert_eq!(admin.get(INVITES).await.json["items"], json!([]));
    let body = json!({"role": "viewer", "expires_at": "2026-03-03T12:00:00Z", "max_uses": 1});
    admin.post(INVITES, body).await.expect(StatusCode::CREATED);
    let kept: i64 = app.state.db.read(|conn| Ok(invites::table.count().get_result(conn)?)).await.unwrap();
    assert_eq!(kept, 1);
}
