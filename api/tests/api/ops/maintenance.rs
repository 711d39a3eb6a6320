//! Settings that an admin changes while the server runs, maintenance above all.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    server::{Services, document},
    settings,
};

use crate::support::{Client, PASSWORD, TestApp};

const SETTINGS: &str = "/api/v1/admin/settings";

async fn maintain(admin: &Client, on: bool) {
    let answer = admin.patch(SETTINGS, json!({"maintenance_mode": on})).await;
    assert_eq!(answer.expect(StatusCode::OK).json["maintenance_mode"], on);
}

fn credentials(client: &Client, password: &str) -> Value {
    json!({"username": client.username, "password": password})
}

#[actix_web::test]
async fn nothing_is_written_during_maintenance_by_any_route() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    maintain(&admin, true).await;
    let before = app.contents();
    let document = serde_json::to_value(document()).unwrap();
    let mut refused = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let goes_on = ["login", "token", "logout", "settings", "csp-reports"];
            let last = path.rsplit('/').next().unwrap();
            if item.get(method.to_lowercase()).is_none() || goes_on.contains(&last) {
                continue;
            }
            let path =
                path.replace("{id}", "0192aaaa-0000-7000-8000-000000000000").replace("{username}", &viewer.username);
            for client in [&app.anonymous(), &viewer, &admin] {
                let answer = client.send(method, &path, "application/json", "{}").await;
                answer.expect_problem(503, "maintenance");
                assert_eq!(answer.header("retry-after"), "60");
                refused += 1;
            }
        }
    }
    assert!(refused > 40, "{refused}");
    admin.send("POST", "/api/v1/nowhere", "", "").await.expect_problem(503, "maintenance");
    assert_eq!(app.contents(), before);
    maintain(&admin, false).await;
    admin.log("water", 250, "2026-03-01T08:00:00Z").await;
}

#[actix_web::test]
async fn reading_goes_on_during_maintenance() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    admin.log("water", 250, "2026-03-01T08:00:00Z").await;
    maintain(&admin, true).await;
    let status = format!("/api/v1/people/{}/status", admin.username);
    for path in ["/api/v1/me", "/api/v1/people", &*status, "/api/v1/me/sessions"] {
        for client in [&admin, &viewer] {
            client.get(path).await.expect(StatusCode::OK);
        }
    }
    for path in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(app.anonymous().get(path).await.expect(StatusCode::OK).json["status"], "ok", "{path}");
    }
    assert_eq!(app.anonymous().get("/api/v1/instance").await.json["maintenance_mode"], true);
}

#[actix_web::test]
async fn only_admins_sign_in_during_maintenance() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    maintain(&admin, true).await;
    for path in ["/api/v1/auth/login", "/api/v1/auth/token"] {
        let ask = |body: Value| {
            let client = app.anonymous();
            async move { client.post(path, body).await }
        };
        ask(credentials(&admin, PASSWORD)).await.expect(StatusCode::OK);
        // A guesser learns nothing from the maintenance.
        ask(credentials(&viewer, "not this one")).await.expect_problem(401, "invalid_credentials");
        ask(json!({"username": "nobody", "password": PASSWORD})).await.expect_problem(401, "invalid_credentials");
        let refused = ask(credentials(&viewer, PASSWORD)).await;
        refused.expect_problem(503, "maintenance");
        assert_eq!(refused.header("retry-after"), "60");
        assert!(refused.cookie().is_none());
    }
    let page = app.anonymous().sign_in(&admin.username, PASSWORD).await;
    maintain(&page, true).await;
    for client in [page, viewer] {
        client.post("/api/v1/auth/logout", json!({})).await.expect(StatusCode::NO_CONTENT);
        client.get("/api/v1/me").await.expect_problem(401, "unauthorized");
    }
    maintain(&admin, false).await;
}

#[actix_web::test]
async fn settings_outlast_a_restart_and_win_over_the_configuration() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let changed = admin.patch(SETTINGS, json!({"maintenance_mode": true, "registration": "closed"})).await;
    let wanted = json!({"maintenance_mode": true, "registration": "closed"});
    assert_eq!(changed.expect(StatusCode::OK).json, wanted);
    assert_eq!(admin.patch(SETTINGS, json!({})).await.json, wanted, "what is left out stays");
    assert_eq!(admin.get(SETTINGS).await.json, wanted);
    let restarted = Services::new(app.state.config.clone(), app.clock.clone(), app.state.db.clone()).unwrap();
    assert_eq!(restarted.settings.get(), app.services.settings.get());
    assert!(restarted.settings.get().maintenance_mode);
    let records = admin.get("/api/v1/admin/audit?action=setting.update").await;
    let said: Vec<_> =
        records.json["items"].as_array().unwrap().iter().map(|one| (&one["target"], &one["detail"])).collect();
    assert_eq!(said, [(&json!("registration"), &json!("closed")), (&json!("maintenance_mode"), &json!("true"))]);
    assert_eq!(records.json["items"][0]["actor"], admin.username);
}

#[actix_web::test]
async fn maintenance_by_configuration_is_ended_by_configuration() {
    let app = TestApp::with(&[("MAINTENANCE_MODE", "true")]).await;
    let admin = app.admin().await;
    let body = json!({"metric": "water", "value": 250});
    admin.post("/api/v1/entries", body.clone()).await.expect_problem(503, "maintenance");
    let refused = admin.patch(SETTINGS, json!({"maintenance_mode": false, "registration": "closed"})).await;
    refused.expect_problem(409, "set_by_configuration");
    assert_eq!(admin.get(SETTINGS).await.json, json!({"maintenance_mode": true, "registration": "open"}));
    // Any other change goes through.
    let changed = admin.patch(SETTINGS, json!({"maintenance_mode": true, "registration": "invite"})).await;
    assert_eq!(changed.expect(StatusCode::OK).json["registration"], "invite");
    admin.post("/api/v1/entries", body).await.expect_problem(503, "maintenance");
}

#[actix_web::test]
async fn anybody_may_know_whether_they_can_register() {
    let app = TestApp::with(&[("REGISTRATION", "closed")]).await;
    let admin = app.admin().await;
    let instance =
        json!({"registration": "closed", "maintenance_mode": false, "privacy_policy_version": "2026-11-25.2"});
    assert_eq!(app.anonymous().get("/api/v1/instance").await.expect(StatusCode::OK).json, instance);
    let registration = json!({"username": "alex", "password": PASSWORD, "privacy_policy_version": "2026-11-25.2"});
    let register = || app.anonymous();
    register().post("/api/v1/auth/register", registration.clone()).await.expect_problem(403, "registration_closed");
    admin.patch(SETTINGS, json!({"registration": "open"})).await.expect(StatusCode::OK);
    assert_eq!(app.anonymous().get("/api/v1/instance").await.json["registration"], "open");
    register().post("/api/v1/auth/register", registration).await.expect(StatusCode::CREATED);
}

#[actix_web::test]
async fn a_setting_that_does_not_fit_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (field, value) in [
        ("maintenance_mode", json!("true")),
        ("maintenance_mode", json!(null)),
        ("registration", json!("maybe")),
        ("registration", json!(null)),
        ("bcrypt_cost", json!(4)),
    ] {
        let mut body = json!({"registration": "closed"});
        body[field] = value.clone();
        let answer = admin.patch(SETTINGS, body).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), [field], "{value}");
    }
    assert_eq!(admin.get(SETTINGS).await.json, json!({"maintenance_mode": false, "registration": "open"}));
}

/// OWASP ASVS v5.0.0-15.4.2: the settings in memory are the last decision.
#[actix_web::test]
async fn of_many_changes_at_once_the_last_one_holds() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for _ in 0..10 {
        let change = |number: usize| {
            let registration = ["open", "invite", "closed"][number % 3];
            let body = json!({"registration": registration});
            let admin = admin.clone();
            async move { admin.patch(SETTINGS, body).await.status.as_u16() }
        };
        let outcomes = futures_util::future::join_all((0..12).map(change)).await;
        assert_eq!(outcomes, [200; 12]);
        let stored = app.state.db.read(|conn| Ok(settings::effective(conn, &app.state.config)?)).await.unwrap();
        assert_eq!(app.services.settings.get(), stored);
    }
}
