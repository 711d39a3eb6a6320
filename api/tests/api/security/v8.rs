//! Authorization: who may do what.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::account::model::Role;

use super::{document::Section, filled, operations};
use crate::support::{NOON, PASSWORD, TestApp};

/// `anyone`, `signed in`, `viewer` or `admin`, as documented.
fn who_may(method: &str, path: &str) -> String {
    Section::of("Operations").value(&format!("{method} {path}")).to_owned()
}

/// OWASP ASVS v5.0.0-8.1.1, 8.2.1, 8.3.1
#[actix_web::test]
async fn v5_0_0_8_1_1_every_operation_asks_for_the_role_written_down() {
    let app = TestApp::start().await;
    app.named("robin", Role::Admin).await;
    let before = app.contents();
    for (method, path, _) in operations() {
        let who = who_may(&method, &path);
        let ask = |client: crate::support::Client| {
            let path = filled(&path);
            let method = method.clone();
            async move { client.send(&method, &path, "application/json", "{}").await }
        };
        let anonymous = ask(app.anonymous()).await;
        let refused = anonymous.status == 401 && anonymous.json["code"] == "unauthorized";
        assert_eq!(refused, who != "anyone", "{method} {path} as anonymous: {}", anonymous.status);
        let fresh = format!("viewer-{}", app.clock.new_id().simple());
        let viewer = ask(app.named(&fresh[..30], Role::Viewer).await).await;
        let refused = viewer.status == 403 && viewer.json["code"] == "read_only_role";
        assert_eq!(refused, who == "admin", "{method} {path} as a viewer: {}", viewer.status);
    }
    // Robin is unchanged, and nobody made an entry; only the viewers of this test are new.
    let after = app.contents();
    assert!(after.starts_with(before.trim_end_matches("][]")) && after.ends_with("][]"), "{after}");
}

/// OWASP ASVS v5.0.0-8.1.2, 8.2.3
#[actix_web::test]
async fn v5_0_0_8_1_2_every_field_is_read_and_written_by_whom_it_is_written_down() {
    let app = TestApp::start().await;
    let (viewer, robin) = (app.viewer().await, app.named("robin", Role::Admin).await);
    let me = robin.get("/api/v1/me").await.json;
    let person = viewer.get("/api/v1/people/robin/status").await.json["person"].clone();
    let rules = Section::of("Fields of an account").rows();
    let mut fields: Vec<&String> = me.as_object().unwrap().keys().collect();
    fields.sort();
    let mut written: Vec<&String> = rules.iter().map(|row| &row[0]).collect();
    written.sort();
    assert_eq!(fields, written);
    for rule in &rules {
        let [field, readers, writers] = &rule[..] else { panic!("{rule:?} does not have three columns") };
        assert_eq!(person.get(field).is_some(), readers == "people who may watch", "{field}");
        let answer = robin.patch("/api/v1/me", json!({field: me[field]})).await;
        assert_eq!(answer.status == StatusCode::OK, writers == "owner", "{field}: {}", answer.json);
        let smuggled =
            json!({"username": "alex", "password": PASSWORD, "privacy_policy_version": "x", field: me[field]});
        app.anonymous().post("/api/v1/auth/register", smuggled).await.expect_problem(422, "invalid");
    }
}

/// OWASP ASVS v5.0.0-8.2.2
#[actix_web::test]
async fn v5_0_0_8_2_2_what_belongs_to_somebody_else_is_as_absent_as_what_does_not_exist() {
    let app = TestApp::start().await;
    let (robin, other, viewer) = (app.named("robin", Role::Admin).await, app.admin().await, app.viewer().await);
    let entry = robin.log("water", 250, NOON).await;
    let id = entry["id"].as_str().unwrap();
    let session = robin.get("/api/v1/me/sessions").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    let missing = "019cb2f0-0000-7000-8000-0000000000ff";
    let before = app.contents();
    for (method, path) in [
        ("GET", "/api/v1/entries/{id}"),
        ("PATCH", "/api/v1/entries/{id}"),
        ("DELETE", "/api/v1/entries/{id}"),
        ("POST", "/api/v1/entries/{id}/restore"),
    ] {
        let mut answers = Vec::new();
        for id in [id, missing] {
            let mut answer = other.send(method, &path.replace("{id}", id), "application/json", "{}").await;
            answer.expect_problem(404, "not_found");
            answer.json["request_id"] = Value::Null;
            answers.push(answer.json);
        }
        assert_eq!(answers[0], answers[1], "{method} {path}");
    }
    for client in [&other, &viewer] {
        client.delete(&format!("/api/v1/me/sessions/{session}")).await.expect_problem(404, "not_found");
    }
    for path in ["status", "entries"] {
        other.get(&format!("/api/v1/people/robin/{path}")).await.expect_problem(404, "not_found");
        other.get(&format!("/api/v1/people/{}/{path}", viewer.username)).await.expect_problem(404, "not_found");
    }
    assert_eq!(app.contents(), before);
    robin.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-8.3.2
#[actix_web::test]
async fn v5_0_0_8_3_2_a_role_that_is_taken_away_is_gone_with_the_next_request() {
    let app = TestApp::start().await;
    let (first, admin) = (app.admin().await, app.admin().await);
    let page = app.anonymous().sign_in(&admin.username, PASSWORD).await;
    for client in [&admin, &page] {
        client.log("water", 250, NOON).await;
    }
    let path = format!("/api/v1/admin/users/{}", admin.username);
    first.patch(&path, json!({"role": "viewer"})).await.expect(StatusCode::OK);
    for client in [&admin, &page] {
        let body = json!({"metric": "water", "value": 250});
        client.post("/api/v1/entries", body).await.expect_problem(401, "unauthorized");
        client.get("/api/v1/admin/audit").await.expect_problem(401, "unauthorized");
    }
    let again = app.anonymous().sign_in(&admin.username, PASSWORD).await;
    again.post("/api/v1/entries", json!({"metric": "water", "value": 250})).await.expect_problem(403, "read_only_role");
    // Even a mere change of the row counts: the role is read with every request.
    let demote = |conn: &mut _| {
        use diesel::prelude::*;
        use status_tracker::db::schema::users::dsl;
        Ok(diesel::update(dsl::users).set(dsl::role.eq("viewer")).execute(conn)?)
    };
    app.state.db.write(demote).await.unwrap();
    first.get("/api/v1/admin/audit").await.expect_problem(403, "read_only_role");
}

/// OWASP ASVS v5.0.0-8.2.4
#[actix_web::test]
async fn v5_0_0_8_2_4_an_attacker_is_kept_out_signed_in_or_not() {
    let app = TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "1/24h")]).await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let rule = |name| Section::of("Guessing").number(name);
    let refusals =
        rule("refusals within an hour that lead to a penalty") + rule("refusals before those that are forgiven");
    for client in [viewer.clone(), app.anonymous()] {
        for _ in 0..=refusals {
            client.get("/api/v1/people").await;
        }
        let kept_out = client.get("/api/openapi.json").await;
        assert!(kept_out.expect_problem(429, "penalised").header("retry-after").parse::<u32>().unwrap() <= 60);
    }
    // The penalty holds for the user and the address: others go on, and so do signed-in users at the same address.
    admin.get("/api/v1/admin/security").await.expect(StatusCode::OK);
    app.anonymous().get("/health").await.expect(StatusCode::OK);
    app.clock.advance(status_tracker::clock::MINUTE);
    viewer.get("/api/openapi.json").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-8.4.2
#[actix_web::test]
async fn v5_0_0_8_4_2_the_admins_part_asks_for_more_than_a_place_in_the_network() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let expires_at = status_tracker::clock::Timestamp(app.clock.now().0 + status_tracker::clock::DAY);
    let body = json!({"name": "script", "scopes": ["read", "log"], "expires_at": expires_at});
    let token = admin.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED).json["token"].clone();
    let script = crate::support::Client { bearer: token.as_str().map(str::to_owned), ..app.anonymous() };
    let temporary =
        admin.post("/api/v1/admin/users", json!({"username": "kim", "role": "admin"})).await.json["temporary_password"]
            .clone();
    let newcomer = app.anonymous().sign_in("kim", temporary.as_str().unwrap()).await;
    for (method, path, _) in operations().iter().filter(|(_, path, _)| path.starts_with("/api/v1/admin/")) {
        let ask = |client: &crate::support::Client| {
            let (client, path) = (client.clone(), filled(path));
            async move { client.send(method, &path, "application/json", "{}").await }
        };
        ask(&script).await.expect_problem(403, "insufficient_scope");
        ask(&newcomer).await.expect_problem(403, "password_change_required");
        let local = app.anonymous().request(method, &filled(path)).insert_header(("x-forwarded-for", "127.0.0.1"));
        assert_eq!(local.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}
