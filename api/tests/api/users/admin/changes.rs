//! An account is made, changed and erased.

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::clock::HOUR;

use super::{USERS, at, recorded};
use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn a_setting_that_is_so_already_is_no_change() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    for body in [json!({}), json!({"role": "viewer", "disabled": false, "display_name": viewer.username})] {
        admin.patch(&at(&viewer.username), body).await.expect(StatusCode::OK);
    }
    assert!(recorded(&admin, "user.update").await.is_empty());
    // A display name takes no rights away.
    let named = admin.patch(&at(&viewer.username), json!({"display_name": "Zoë"})).await;
    assert_eq!(named.expect(StatusCode::OK).json["display_name"], "Zoë");
    viewer.get("/api/v1/me").await.expect(StatusCode::OK);
    assert_eq!(recorded(&admin, "user.update").await[0]["detail"], "display name");
    admin.patch(&at(&viewer.username), json!({"role": "admin", "disabled": true})).await.expect(StatusCode::OK);
    assert_eq!(recorded(&admin, "user.update").await[0]["detail"], "role admin, disabled");
}

/// OWASP ASVS v5.0.0-15.3.3: mass assignment.
#[actix_web::test]
async fn a_change_that_does_not_fit_is_refused_whole() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let before = app.contents();
    for (field, value) in [
        ("username", json!("root")),
        ("password", json!(PASSWORD)),
        ("password_hash", json!("x")),
        ("temporary_password_until", json!(null)),
        ("locked_until", json!(null)),
        ("role", json!("king")),
        ("role", json!(null)),
        ("disabled", json!(1)),
        ("disabled", json!(null)),
        ("display_name", json!("   ")),
        ("display_name", json!("x".repeat(65))),
    ] {
        let answer = admin.patch(&at(&viewer.username), json!({"role": "admin", field: value})).await;
        answer.expect_problem(422, "invalid");
        assert_eq!(answer.fields(), [field], "{value}");
    }
    for (field, value) in [
        ("username", json!("a b")),
        ("role", json!("king")),
        ("password", json!(PASSWORD)),
        ("temporary_password", json!(PASSWORD)),
        ("disabled", json!(false)),
        ("display_name", json!(null)),
    ] {
        let mut body = json!({"username": "sam", "role": "viewer"});
        body[field] = value.clone();
        let answer = admin.post(USERS, body).await;
        answer.expect_problem(422, "invalid");
        assert_eq!(answer.fields(), [field], "{value}");
    }
    assert_eq!(app.contents(), before);
}

/// OWASP ASVS v5.0.0-15.4.2: rights lost while a password is hashed stay lost.
#[actix_web::test]
async fn an_admin_who_is_demoted_meanwhile_creates_nobody() {
    let app = TestApp::with(&[("BCRYPT_COST", "11")]).await;
    let (admin, other) = (app.admin().await, app.admin().await);
    let create = |number: i32| admin.post(USERS, json!({"username": format!("planted-{number}"), "role": "admin"}));
    let creating = futures_util::future::join_all([create(1), create(2), create(3)]);
    let path = at(&admin.username);
    let demoting = other.patch(&path, json!({"role": "viewer"}));
    let (created, demoted) = futures_util::future::join(creating, demoting).await;
    demoted.expect(StatusCode::OK);
    assert!(created.iter().any(|answer| answer.status == 401));
    assert!(!app.contents().contains("planted-"), "{created:?}");
}

#[actix_web::test]
async fn an_erased_user_takes_everything_along() {
    let app = TestApp::start().await;
    let (admin, other) = (app.admin().await, app.admin().await);
    other.log("water", 250, "2026-03-01T08:00:00Z").await;
    app.clock.advance(HOUR);
    admin.delete(&at(&other.username.to_uppercase())).await.expect(StatusCode::NO_CONTENT);
    assert!(!app.contents().contains("water") && !app.contents().contains(&other.username));
    admin.delete(&at(&other.username)).await.expect_problem(404, "not_found");
    assert_eq!(recorded(&admin, "user.delete").await.len(), 1);
}
