//! Details of an account: which are shown, and to whom.

use actix_web::http::StatusCode;
use serde_json::json;
use status_tracker::account::model::Role;

use super::{USERS, api_token, at, recorded};
use crate::support::{Client, TestApp};

#[actix_web::test]
async fn users_are_listed_in_pages_by_name() {
    let app = TestApp::start().await;
    let admin = app.named("morgan", Role::Admin).await;
    for name in ["zoe", "Alex", "robin", "sam"] {
        app.named(name, Role::Viewer).await;
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{USERS}?limit=2{cursor}")).await;
        let items = page.expect(StatusCode::OK).json["items"].as_array().unwrap();
        names.extend(items.iter().map(|user| user["username"].as_str().unwrap().to_owned()));
        let Some(next) = page.json["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(names, ["alex", "morgan", "robin", "sam", "zoe"]);
    admin.get(&format!("{USERS}?cursor=made-up")).await.expect_problem(422, "invalid_cursor");
    for query in ["limit=0", "limit=501", "sort=password_hash"] {
        admin.get(&format!("{USERS}?{query}")).await.expect_problem(422, "invalid");
    }
}

/// OWASP ASVS v5.0.0-8.2.1, v5.0.0-8.4.2, and enumeration: only admins learn of other accounts.
#[actix_web::test]
async fn only_an_admin_learns_who_exists() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let script = api_token(&app, &admin.username).await;
    let reset = admin.post(USERS, json!({"username": "new-admin", "role": "admin"})).await;
    let newcomer = app.anonymous().sign_in("new-admin", reset.json["temporary_password"].as_str().unwrap()).await;
    for (method, path) in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/unlock"),
        ("POST", "/reset-password"),
        ("GET", "/sessions"),
        ("DELETE", "/sessions"),
        ("DELETE", "/totp"),
    ] {
        let ask = |client: &Client, name: &str| {
            let (client, path) = (client.clone(), format!("{}{path}", at(name)));
            async move { client.send(method, &path, "application/json", "{}").await }
        };
        for (client, status, code) in [
            (&app.anonymous(), 401, "unauthorized"),
            (&viewer, 403, "read_only_role"),
            (&script, 403, "insufficient_scope"),
            (&newcomer, 403, "password_change_required"),
        ] {
            for name in [&*admin.username, "nobody"] {
                ask(client, name).await.expect_problem(status, code);
            }
        }
        for name in ["nobody", ".%2Fme", "%01", "1=1 --"] {
            ask(&admin, &name.replace(' ', "%20")).await.expect_problem(404, "not_found");
        }
    }
    admin.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-8.2.3, v5.0.0-15.3.1: managing somebody shows nothing of their entries, preferences and secrets.
#[actix_web::test]
async fn an_account_shows_only_what_managing_it_needs() {
    let app = TestApp::start().await;
    let (admin, other) = (app.admin().await, app.admin().await);
    other.log("water", 4321, "2026-03-01T08:00:00Z").await;
    let user = admin.get(&at(&other.username)).await;
    let mut fields: Vec<_> = user.json.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["created_at", "disabled", "display_name", "last_login_at", "locked_until", "role", "username"]);
    for path in ["status", "entries"] {
        admin.get(&format!("/api/v1/people/{}/{path}", other.username)).await.expect_problem(404, "not_found");
    }
    // The list of somebody's sessions is a look at them too.
    admin.get(&format!("{}/sessions", at(&other.username))).await.expect(StatusCode::OK);
    // Looks are written later, but before any later write.
    admin.patch(&at(&other.username), json!({"display_name": "Sasha"})).await.expect(StatusCode::OK);
    let look = &recorded(&admin, "person.look").await[0];
    assert_eq!((&look["actor"], &look["target"]), (&json!(admin.username), &json!(other.username)));
}
