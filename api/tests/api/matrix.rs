//! The matrix of who may call what: every operation of the OpenAPI document, as anonymous, viewer, the admin concerned, and another
//! admin. A new route without a row fails. `make generate` writes the table of operations in docs/security/rules.md from these rows.

use serde_json::{Value, json};
use status_tracker::{account::model::Role, server::document};

use crate::support::{Client, NOON, PASSWORD, TestApp};

const ID: &str = "019cb2f0-0000-7000-8000-000000000001";

/// Method, path, body, and the status for anonymous, a viewer, the admin `robin` who owns entry `ID`, and another admin.
pub type Row = (&'static str, &'static str, Value, [u16; 4]);

/// In an order in which each can follow the one before.
pub fn rows() -> Vec<Row> {
    [public(), people(), entries(), admin(), account()].concat()
}

fn public() -> Vec<Row> {
    let credentials = json!({"username": "robin", "password": PASSWORD});
    let registration = json!({"username": "newcomer", "password": PASSWORD, "privacy_policy_version": "2026-11-25.2"});
    vec![
        ("GET", "/health", json!(null), [200, 200, 200, 200]),
        ("GET", "/health/live", json!(null), [200, 200, 200, 200]),
        ("GET", "/health/ready", json!(null), [200, 200, 200, 200]),
        ("GET", "/api/v1/privacy-policy", json!(null), [200, 200, 200, 200]),
        ("GET", "/api/v1/admin/security", json!(null), [401, 403, 200, 200]),
        ("DELETE", "/api/v1/admin/penalties/{id}", json!(null), [401, 403, 404, 404]),
        ("POST", "/api/v1/csp-reports", json!({"csp-report": {}}), [204, 204, 204, 204]),
        ("POST", "/api/v1/auth/register", registration, [201, 409, 409, 409]),
        ("POST", "/api/v1/auth/login", credentials.clone(), [200, 200, 200, 200]),
        ("POST", "/api/v1/auth/token", credentials, [200, 200, 200, 200]),
    ]
}

fn people() -> Vec<Row> {
    vec![
        ("GET", "/api/v1/me", json!(null), [401, 200, 200, 200]),
        ("PATCH", "/api/v1/me", json!({"unit": "ml"}), [401, 200, 200, 200]),
        ("GET", "/api/v1/start", json!(null), [200, 200, 200, 200]),
        ("GET", "/api/v1/people", json!(null), [401, 200, 200, 200]),
        ("GET", "/api/v1/people/robin/status", json!(null), [401, 200, 200, 404]),
        ("GET", "/api/v1/people/robin/entries", json!(null), [401, 200, 200, 404]),
        ("POST", "/api/v1/people/robin/share-requests", json!(null), [401, 200, 403, 403]),
        ("GET", "/api/v1/me/shares", json!(null), [401, 403, 200, 200]),
        ("GET", "/api/v1/me/shares/{username}", json!(null), [401, 403, 200, 200]),
        ("PATCH", "/api/v1/me/shares/{username}", json!({"water": "band"}), [401, 403, 200, 200]),
        ("DELETE", "/api/v1/me/shares/{username}", json!(null), [401, 403, 204, 204]),
        ("GET", "/api/v1/me/audience", json!(null), [401, 403, 200, 200]),
        ("GET", "/api/v1/people/robin/events", json!(null), [401, 200, 200, 404]),
        ("GET", "/api/v1/me/events", json!(null), [401, 200, 200, 200]),
    ]
}

fn entries() -> Vec<Row> {
    vec![
        ("POST", "/api/v1/entries", json!({"metric": "water", "value": 250}), [401, 403, 201, 201]),
        ("GET", "/api/v1/entries/deleted", json!(null), [401, 403, 200, 200]),
        ("GET", "/api/v1/entries/{id}", json!(null), [401, 403, 200, 404]),
        ("PATCH", "/api/v1/entries/{id}", json!({"value": 300}), [401, 403, 200, 404]),
        ("GET", "/api/v1/entries/{id}/versions", json!(null), [401, 403, 200, 404]),
        ("POST", "/api/v1/entries/{id}/versions/{number}/restore", json!(null), [401, 403, 200, 404]),
        ("POST", "/api/v1/entries/{id}/restore", json!(null), [401, 403, 200, 404]),
        ("DELETE", "/api/v1/entries/{id}", json!(null), [401, 403, 204, 404]),
        // The digest belongs to no preview: callers who may ask are refused for that.
        ("POST", "/api/v1/entries/rewind", json!({"to": NOON, "digest": "x"}), [401, 403, 409, 409]),
        ("POST", "/api/v1/entries/recompute", json!({"digest": "x"}), [401, 403, 409, 409]),
    ]
}

fn admin() -> Vec<Row> {
    vec![
        ("GET", "/api/v1/instance", json!(null), [200, 200, 200, 200]),
        ("GET", "/api/v1/admin/settings", json!(null), [401, 403, 200, 200]),
        ("PATCH", "/api/v1/admin/settings", json!({"registration": "open"}), [401, 403, 200, 200]),
        ("GET", "/api/v1/admin/database", json!(null), [401, 403, 200, 200]),
        ("POST", "/api/v1/admin/database/check", json!(null), [401, 403, 202, 202]),
        ("POST", "/api/v1/admin/database/optimize", json!(null), [401, 403, 202, 202]),
        ("GET", "/api/v1/admin/users", json!(null), [401, 403, 200, 200]),
        ("POST", "/api/v1/admin/users", json!({"username": "newest", "role": "viewer"}), [401, 403, 201, 409]),
        ("GET", "/api/v1/admin/users/{username}", json!(null), [401, 403, 200, 200]),
        ("PATCH", "/api/v1/admin/users/{username}", json!({"disabled": true}), [401, 403, 200, 200]),
        ("POST", "/api/v1/admin/users/{username}/unlock", json!(null), [401, 403, 204, 204]),
        ("POST", "/api/v1/admin/users/{username}/reset-password", json!(null), [401, 403, 200, 200]),
        ("GET", "/api/v1/admin/users/{username}/sessions", json!(null), [401, 403, 200, 200]),
        ("DELETE", "/api/v1/admin/users/{username}/sessions", json!(null), [401, 403, 204, 204]),
        ("DELETE", "/api/v1/admin/users/{username}/totp", json!(null), [401, 403, 204, 204]),
        ("DELETE", "/api/v1/admin/users/{username}", json!(null), [401, 403, 204, 204]),
        ("GET", "/api/v1/admin/invites", json!(null), [401, 403, 200, 200]),
        (
            "POST",
            "/api/v1/admin/invites",
            json!({"role": "viewer", "expires_at": "2026-03-02T12:00:00Z", "max_uses": 1}),
            [401, 403, 201, 201],
        ),
        ("DELETE", "/api/v1/admin/invites/{id}", json!(null), [401, 403, 404, 404]),
    ]
}

fn account() -> Vec<Row> {
    vec![
        ("GET", "/api/v1/me/totp", json!(null), [401, 200, 200, 200]),
        ("POST", "/api/v1/me/totp", json!({"password": PASSWORD}), [401, 201, 201, 201]),
        ("POST", "/api/v1/me/totp/confirm", json!({"code": "not one"}), [401, 403, 403, 403]),
        ("DELETE", "/api/v1/me/totp", json!({"password": PASSWORD}), [401, 204, 204, 204]),
        ("GET", "/api/v1/me/tokens", json!(null), [401, 200, 200, 200]),
        (
            "POST",
            "/api/v1/me/tokens",
            json!({"name": "button", "scopes": ["read"], "expires_at": "2026-03-02T12:00:00Z"}),
            [401, 201, 201, 201],
        ),
        ("DELETE", "/api/v1/me/tokens/{id}", json!(null), [401, 404, 404, 404]),
        ("GET", "/api/v1/admin/audit", json!(null), [401, 403, 200, 200]),
        ("GET", "/api/v1/admin/audit/export", json!(null), [401, 403, 200, 200]),
        ("GET", "/api/v1/me/sessions", json!(null), [401, 200, 200, 200]),
        ("DELETE", "/api/v1/me/sessions/{id}", json!(null), [401, 404, 404, 404]),
        (
            "PUT",
            "/api/v1/me/password",
            json!({"current_password": PASSWORD, "new_password": PASSWORD}),
            [401, 204, 204, 204],
        ),
        // These end the callers' sessions, so they come last.
        ("DELETE", "/api/v1/me/sessions", json!(null), [401, 204, 204, 204]),
        ("POST", "/api/v1/auth/logout", json!(null), [401, 204, 204, 204]),
        ("DELETE", "/api/v1/me", json!({"password": PASSWORD}), [401, 204, 204, 409]),
    ]
}

#[actix_web::test]
async fn every_route_answers_each_role_as_it_should() {
    call_every_route(&TestApp::start().await).await;
}

/// Every row as every role, on a fresh server. `plans` listens to the statements that reach its database.
pub async fn call_every_route(app: &TestApp) {
    let clients = [
        app.anonymous(),
        app.viewer().await,
        app.named("robin", Role::Admin).await,
        app.named("sasha", Role::Admin).await,
    ];
    let body = json!({"id": ID, "metric": "water", "value": 250, "at": NOON});
    assert_eq!(clients[2].post("/api/v1/entries", body).await.status, 201);
    for (method, path, body, expected) in rows() {
        for (client, expected) in clients.iter().zip(expected) {
            let client = signed_in(app, client, path).await;
            // A new user for each call, which may erase them.
            let other = if path.contains("{username}") { app.viewer().await.username } else { String::new() };
            let path = path.replace("{id}", ID).replace("{number}", "1").replace("{username}", &other);
            let json = if path.ends_with("/csp-reports") { "application/csp-report" } else { "application/json" };
            let (content_type, body) = if body.is_null() { ("", String::new()) } else { (json, body.to_string()) };
            let answer = client.send(method, &path, content_type, body).await;
            assert_eq!(answer.status, expected, "{method} {path} as {:?}: {:?}", client.username, answer.body);
        }
    }
}

/// Signing out and deleting use a session of their own, or the rows below would have none.
async fn signed_in(app: &TestApp, client: &Client, path: &str) -> Client {
    let ending = ["/api/v1/auth/logout", "/api/v1/me", "/api/v1/me/sessions", "/api/v1/me/password"];
    if client.username.is_empty() || !ending.contains(&path) {
        return client.clone();
    }
    app.anonymous().sign_in(&client.username, PASSWORD).await
}

#[test]
fn no_route_is_missing() {
    let document = serde_json::to_value(document()).unwrap();
    let mut documented = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"].iter().filter(|method| item.get(**method).is_some()) {
            documented.push((method.to_uppercase(), path.replace("people/{username}", "people/robin")));
        }
    }
    let mut listed: Vec<_> =
        rows().iter().map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned())).collect();
    documented.sort();
    listed.sort();
    assert_eq!(listed, documented);
}
