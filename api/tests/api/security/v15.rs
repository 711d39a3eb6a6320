//! Code and architecture.

use actix_web::http::StatusCode;
use futures_util::future::join_all;
use serde_json::{Value, json};
use status_tracker::account::model::Role;

use super::{document::Section, filled, operations, repository, sources};
use crate::support::{NOON, PASSWORD, TestApp};

/// OWASP ASVS v5.0.0-15.1.1
#[test]
fn v5_0_0_15_1_1_how_soon_a_flawed_component_is_replaced_is_written_down() {
    let days: Vec<usize> =
        ["critical", "high", "medium", "low"].map(|risk| Section::of("Components").number(risk)).to_vec();
    assert!(days.is_sorted() && days[0] > 0 && days[0] <= 7 && days[3] <= 90, "{days:?}");
}

/// OWASP ASVS v5.0.0-15.1.2
#[test]
fn v5_0_0_15_1_2_every_component_is_listed_with_its_version_and_checksum() {
    let lock: toml::Table = repository("Cargo.lock").parse().unwrap();
    for package in lock["package"].as_array().unwrap() {
        let own = package["name"].as_str() == Some("status-tracker");
        assert!(own || (package.get("checksum").is_some() && package.get("source").is_some()), "{package:?}");
    }
    let lock: Value = serde_json::from_str(&repository("web/package-lock.json")).unwrap();
    for (name, package) in lock["packages"].as_object().unwrap() {
        let own = name.is_empty();
        assert!(own || (package["integrity"].is_string() && package["version"].is_string()), "{name}: {package}");
    }
}

/// OWASP ASVS v5.0.0-15.1.3, 15.2.2
#[actix_web::test]
async fn v5_0_0_15_1_3_what_is_dear_is_bounded_as_written_down() {
    let rows = Section::of("Costly operations").rows();
    for row in &rows {
        let [what, _, place, text] = &row[..] else { panic!("{row:?} does not have four columns") };
        assert!(repository(place).contains(text), "{what}: {place} does not say `{text}`");
    }
    // The most expensive request: more sign-ins at once than there is room for are told to come back, and everybody else goes on.
    let app = TestApp::with(&[("BCRYPT_COST", "11")]).await;
    let viewer = app.viewer().await;
    let names: Vec<String> = (0..40).map(|number| format!("nobody-{number}")).collect();
    let attempts = join_all(names.iter().map(|name| super::login(&app, name, PASSWORD)));
    let others = join_all((0..20).map(|_| viewer.get("/api/v1/me")));
    let (attempts, others) = futures_util::future::join(attempts, others).await;
    assert!(attempts.iter().any(|answer| answer.status == 503 && answer.header("retry-after") == "2"));
    assert!(attempts.iter().all(|answer| [401, 503].contains(&answer.status.as_u16())));
    assert!(others.iter().all(|answer| answer.status == StatusCode::OK));
}

/// OWASP ASVS v5.0.0-15.2.3
#[actix_web::test]
async fn v5_0_0_15_2_3_nothing_of_tests_and_development_is_reachable() {
    for (method, path, _) in operations() {
        for word in ["test", "debug", "demo", "dev", "sample", "reset-database", "seed"] {
            assert!(!path.contains(word), "{method} {path}");
        }
    }
    let app = TestApp::start().await;
    for path in
        ["/debug", "/api/v1/debug", "/api/v1/test", "/api/v1/demo", "/actuator", "/console", "/api/v1/admin/shell"]
    {
        app.direct().get(path).await.expect_client_error();
    }
}

/// OWASP ASVS v5.0.0-15.3.1
#[actix_web::test]
async fn v5_0_0_15_3_1_no_answer_holds_more_than_its_reader_may_know() {
    let app = TestApp::start().await;
    let (robin, viewer) = (app.named("robin", Role::Admin).await, app.viewer().await);
    robin.log("water", 250, NOON).await;
    app.anonymous().sign_in("robin", PASSWORD).await;
    for (method, path, _) in operations() {
        for client in [&robin, &viewer] {
            let answer = if method == "GET" { client.get(&filled(&path)).await } else { continue };
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            for secret in ["$2b$", "password_hash", "secret_hash", "code_hash", "\"user_id\"", "deleted_at"] {
                assert!(!text.contains(secret) || path.ends_with("openapi.json"), "{path} shows {secret}");
            }
        }
    }
    // A viewer sees a person, not an account.
    let person = viewer.get("/api/v1/people/robin/status").await.json["person"].clone();
    let names: Vec<&String> = person.as_object().unwrap().keys().collect();
    assert_eq!(names, ["display_name", "time_zone", "username"]);
}

/// OWASP ASVS v5.0.0-15.3.3
#[actix_web::test]
async fn v5_0_0_15_3_3_fields_that_an_action_does_not_have_are_refused() {
    let app = TestApp::start().await;
    let (admin, viewer) = (app.admin().await, app.viewer().await);
    let before = app.contents();
    for (field, value) in [
        ("role", json!("admin")),
        ("disabled", json!(false)),
        ("username", json!("robin")),
        ("password_hash", json!("$2b$04$")),
        ("created_at", json!(NOON)),
        ("id", json!("019cb2f0-0000-7000-8000-000000000001")),
        ("temporary_password_until", json!(null)),
    ] {
        let answer = viewer.patch("/api/v1/me", json!({"unit": "ml", field: value})).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), [field]);
    }
    for field in ["user_id", "owner", "created_at", "deleted_at", "day"] {
        let answer = admin.post("/api/v1/entries", json!({"metric": "water", "value": 250, field: "x"})).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), [field]);
    }
    for field in ["role", "disabled", "admin"] {
        let body =
            json!({"username": "alex", "password": PASSWORD, "privacy_policy_version": "2026-11-25.2", field: "admin"});
        let answer = app.anonymous().post("/api/v1/auth/register", body).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields(), [field]);
    }
    assert_eq!(app.contents(), before);
    // The type of every body refuses fields that it does not name.
    for (name, text) in sources("api/src", &[".rs"]) {
        let bodies = text.matches("Deserialize, Validate").count();
        assert!(text.matches("deny_unknown_fields").count() >= bodies, "{name} has a body that takes anything");
    }
}

/// OWASP ASVS v5.0.0-15.3.4
#[actix_web::test]
async fn v5_0_0_15_3_4_twenty_ways_to_lie_about_an_address_change_nothing() {
    let limited = [("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "3/24h")];
    // Without nginx the caller is no proxy; nginx is one, and drops the caller's header.
    let untrusted = [("TRUSTED_PROXIES", "192.0.2.99")];
    let settings: Vec<_> = limited.into_iter().chain(untrusted.into_iter().filter(|_| !through_nginx())).collect();
    let app = TestApp::with(&settings).await;
    let tricks = [
        ("x-forwarded-for", "198.51.100.1"),
        ("x-forwarded-for", "198.51.100.2, 127.0.0.1"),
        ("x-forwarded-for", "127.0.0.1, 198.51.100.3"),
        ("x-forwarded-for", "::1"),
        ("x-forwarded-for", "::ffff:198.51.100.4"),
        ("x-forwarded-for", "192.0.2.99"),
        ("x-forwarded-for", "198.51.100.5, 192.0.2.99"),
        ("x-forwarded-for", "0x7f000001"),
        ("x-forwarded-for", "2130706433"),
        ("x-forwarded-for", "nonsense"),
        ("x-forwarded-for", ","),
        ("x-forwarded-for", "2001:db8::1"),
        ("forwarded", "for=198.51.100.6"),
        ("forwarded", "for=\"[2001:db8::2]:4711\""),
        ("x-real-ip", "198.51.100.7"),
        ("x-client-ip", "198.51.100.8"),
        ("x-cluster-client-ip", "198.51.100.9"),
        ("true-client-ip", "198.51.100.10"),
        ("cf-connecting-ip", "198.51.100.11"),
        ("x-originating-ip", "198.51.100.12"),
    ];
    let mut statuses = Vec::new();
    for (name, value) in tricks {
        let request = app.anonymous().request("GET", "/api/v1/privacy-policy").insert_header((name, value));
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses[..3], [200; 3]);
    assert_eq!(statuses[3..], [429; 17]);
}

fn through_nginx() -> bool {
    std::env::var("THROUGH_NGINX").as_deref() == Ok("1")
}

/// OWASP ASVS v5.0.0-15.3.5
#[actix_web::test]
async fn v5_0_0_15_3_5_a_value_of_another_type_is_never_taken_for_one_of_its_own() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for password in [json!(true), json!(0), json!(null), json!([]), json!([PASSWORD]), json!({"$ne": ""})] {
        let body = json!({"username": viewer.username, "password": password});
        app.anonymous().post("/api/v1/auth/login", body).await.expect_problem(422, "invalid");
    }
    for name in [json!(0), json!([viewer.username]), json!({"$gt": ""}), json!(null)] {
        let body = json!({"username": name, "password": PASSWORD});
        app.anonymous().post("/api/v1/auth/login", body).await.expect_problem(422, "invalid");
    }
    for goal in [json!("2000"), json!(2000.5), json!([2000]), json!(true), json!(null)] {
        viewer.patch("/api/v1/me", json!({"daily_goal_ml": goal})).await.expect_problem(422, "invalid");
    }
}

/// OWASP ASVS v5.0.0-15.3.7
#[actix_web::test]
async fn v5_0_0_15_3_7_a_parameter_given_twice_or_in_the_wrong_place_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let before = app.contents();
    for query in ["limit=1&limit=100", "cursor=a&cursor=b", "limit=1&LIMIT=2", "limit[]=1", "unknown=1"] {
        admin.get(&format!("/api/v1/people?{query}")).await.expect_problem(422, "invalid");
    }
    let twice = r#"{"metric":"water","metric":"altitude","value":5}"#;
    admin.send("POST", "/api/v1/entries", "application/json", twice).await.expect_client_error();
    // A parameter in the address does not stand for the body's field of that name.
    admin
        .send("POST", "/api/v1/entries?value=250&metric=water", "application/json", "{}")
        .await
        .expect_problem(422, "invalid");
    let other = app.viewer().await;
    let mut request = admin.request("GET", "/api/v1/me");
    request = request.append_header(("authorization", format!("Bearer {}", other.bearer.unwrap())));
    let answer = crate::support::Answer::of(request.send().await.unwrap()).await;
    assert!(answer.status.is_client_error() || answer.json["username"] == json!(admin.username), "{}", answer.json);
    assert_eq!(app.contents().matches("viewer").count(), before.matches("viewer").count() + 3);
}

/// OWASP ASVS v5.0.0-15.4.1
#[actix_web::test]
async fn v5_0_0_15_4_1_what_threads_share_is_counted_exactly() {
    assert!(repository("Cargo.toml").contains("unsafe_code = \"forbid\""), "the compiler refuses every data race");
    let app = TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GENERAL", "20/24h")]).await;
    let viewer = app.viewer().await;
    let answers = join_all((0..50).map(|_| viewer.get("/api/v1/me"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 20);
    let many = TestApp::start().await;
    let admin = many.admin().await;
    let written = join_all((0..50).map(|_| admin.log("water", 20, NOON))).await;
    assert_eq!(written.len(), 50);
    let status = admin.get(&format!("/api/v1/people/{}/status", admin.username)).await;
    assert_eq!(status.json["water"]["today_ml"], 1000);
}

/// OWASP ASVS v5.0.0-15.4.2
#[actix_web::test]
async fn v5_0_0_15_4_2_what_is_checked_still_holds_when_it_is_done() {
    let app = TestApp::start().await;
    let names = ["alex", "Alex", "ALEX", "aLeX"];
    let mut outcomes: Vec<u16> = join_all(names.map(|name| super::register(&app, name, PASSWORD)))
        .await
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, [201, 409, 409, 409]);
    // Two admins leave, or demote each other, at the same moment: one stays.
    for path in ["/api/v1/me", "/api/v1/admin/users/"] {
        let app = TestApp::start().await;
        let (one, two) = (app.admin().await, app.admin().await);
        let leave = |client: &crate::support::Client, other: &crate::support::Client| {
            let path = if path.ends_with('/') { format!("{path}{}", other.username) } else { path.to_owned() };
            let (client, body) = (client.clone(), json!({"password": PASSWORD}).to_string());
            async move { client.send("DELETE", &path, "application/json", body).await.status.as_u16() }
        };
        let outcomes = join_all([leave(&one, &two), leave(&two, &one)]).await;
        assert_eq!(outcomes.iter().filter(|status| **status == 204).count(), 1, "{path}: {outcomes:?}");
        assert_eq!(app.contents().matches("\"admin\"").count(), 1, "{path}");
    }
}
