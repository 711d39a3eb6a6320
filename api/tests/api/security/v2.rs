//! Validation and business logic.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use status_tracker::{
    error::ApiError,
    trail::{Action, AuditContext, AuditEvent},
};

use super::{document::Section, operations, repository};
use crate::support::{Client, NOON, TestApp};

/// Every field that some operation takes: the body's schema or the operation's id, the field, its description in the OpenAPI document.
fn fields() -> Vec<(String, Value)> {
    let document = serde_json::to_value(status_tracker::server::document()).unwrap();
    let schemas = &document["components"]["schemas"];
    let mut found = Vec::new();
    for (_, _, operation) in operations() {
        let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        if let Some(name) = body.as_str().and_then(|reference| reference.rsplit('/').next()) {
            for (field, property) in schemas[name]["properties"].as_object().unwrap() {
                found.push((format!("{name}.{field}"), property.clone()));
            }
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = format!("?{}", parameter["name"].as_str().unwrap());
            if parameter["in"] == "query" {
                found.push((name, parameter["schema"].clone()));
            }
        }
    }
    found
}

/// OWASP ASVS v5.0.0-2.1.1
#[test]
fn v5_0_0_2_1_1_the_rule_of_every_field_is_written_down() {
    let rules = Section::of("Rules for input").rows();
    for (field, property) in fields() {
        let rule = rules.iter().find(|row| row[0].split(", ").any(|name| name == field));
        let rule = &rule.unwrap_or_else(|| panic!("docs/security/rules.md has no rule for {field}"))[1];
        for bound in ["minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"] {
            if let Some(number) = property[bound].as_u64() {
                let numbers: Vec<String> = rule.split(|c: char| !c.is_ascii_digit()).map(str::to_owned).collect();
                assert!(numbers.contains(&number.to_string()), "{field}: {bound} {number} is not in \"{rule}\"");
            }
        }
        for choice in property["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(rule.contains(choice), "{field}: {choice} is not in \"{rule}\"");
        }
    }
    let known: Vec<String> = fields().into_iter().map(|(name, _)| name).collect();
    for name in rules.iter().flat_map(|row| row[0].split(", ")) {
        assert!(
            known.iter().any(|field| field == name),
            "docs/security/rules.md has a rule for {name}, which nothing takes"
        );
    }
}

/// OWASP ASVS v5.0.0-2.1.2, 2.2.3
#[actix_web::test]
async fn v5_0_0_2_1_2_fields_that_belong_together_are_judged_together() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let rules = Section::of("Rules for fields together").rows();
    for rule in &rules {
        let [body, _, outcome] = &rule[..] else { panic!("{rule:?} does not have three columns") };
        let answer = admin.post("/api/v1/entries", serde_json::from_str(body).unwrap()).await;
        assert_eq!(answer.status.as_str(), outcome, "{body}");
    }
    assert!(rules.len() >= 6);
}

/// OWASP ASVS v5.0.0-2.1.3, 2.3.2
#[actix_web::test]
async fn v5_0_0_2_1_3_limits_for_each_and_for_all_are_written_down_and_hold() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let limit = |name| Section::of("Limits of use").number(name);
    let mut entry = json!({"metric": "water", "value": 250, "at": NOON});
    for (field, one, most) in
        [("tags", json!("x"), limit("tags of an entry")), ("note", json!("x"), limit("characters of a note"))]
    {
        let value = |count: usize| match field {
            "tags" => json!(vec![&one; count]),
            _ => json!("x".repeat(count)),
        };
        entry[field] = value(most + 1);
        admin.post("/api/v1/entries", entry.clone()).await.expect_problem(422, "invalid");
        entry[field] = value(most);
        admin.post("/api/v1/entries", entry.clone()).await.expect(StatusCode::CREATED);
    }
    let page = limit("items on a page");
    admin.get(&format!("/api/v1/people?limit={page}")).await.expect(StatusCode::OK);
    admin.get(&format!("/api/v1/people?limit={}", page + 1)).await.expect_problem(422, "invalid");
}

/// OWASP ASVS v5.0.0-2.2.1, 2.2.2
#[actix_web::test]
async fn v5_0_0_2_2_1_the_server_judges_every_field_whatever_the_page_does() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let before = app.contents();
    for (field, value) in [
        ("metric", json!("wine")),
        ("value", json!(5001)),
        ("value", json!("250")),
        ("at", json!("yesterday")),
        ("note", json!("x".repeat(501))),
        ("tags", json!(["x".repeat(33)])),
        ("tags", json!([""])),
        ("id", json!("7")),
        ("owner", json!("robin")),
    ] {
        let mut body = json!({"metric": "water", "value": 250});
        body[field] = value;
        let answer = admin.post("/api/v1/entries", body).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields()[0].split('[').next(), Some(field));
    }
    for (field, value) in [
        ("display_name", json!("")),
        ("time_zone", json!("Mars/Olympus")),
        ("day_starts_at", json!(7)),
        ("unit", json!("pint")),
        ("daily_goal_ml", json!(99)),
        ("water_presets_ml", json!([1, 2])),
        ("display_name", json!(null)),
    ] {
        let answer = admin.patch("/api/v1/me", json!({field: value})).await;
        assert_eq!(answer.expect_problem(422, "invalid").fields()[0].split('[').next(), Some(field));
    }
    assert_eq!(app.contents(), before);
}

/// OWASP ASVS v5.0.0-2.3.1
#[actix_web::test]
async fn v5_0_0_2_3_1_no_step_can_be_skipped() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let unaccepted =
        json!({"username": "alex", "password": super::NEW_PASSWORD, "privacy_policy_version": "1999-01-01"});
    app.anonymous().post("/api/v1/auth/register", unaccepted).await.expect_problem(422, "invalid");
    super::login(&app, "alex", super::NEW_PASSWORD).await.expect_problem(401, "invalid_credentials");

    let entry = admin.log("water", 250, NOON).await;
    let path = format!("/api/v1/entries/{}", entry["id"].as_str().unwrap());
    admin.delete(&path).await.expect(StatusCode::NO_CONTENT);
    admin.patch(&path, json!({"value": 300})).await.expect_problem(404, "not_found");
    admin.delete(&path).await.expect_problem(404, "not_found");
    admin.post(&format!("{path}/restore"), json!(null)).await.expect(StatusCode::OK);
    admin.patch(&path, json!({"value": 300})).await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-2.3.3
#[actix_web::test]
async fn v5_0_0_2_3_3_an_operation_happens_whole_or_not_at_all() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let entry = admin.log("water", 250, NOON).await;
    let (before, records) = (app.contents(), super::audit(&admin).await.len());
    // The same id with other content fails after the write has begun.
    let other = json!({"id": entry["id"], "metric": "water", "value": 500, "at": NOON});
    admin.post("/api/v1/entries", other).await.expect_problem(409, "id_conflict");
    // A record is undone with the change that it records.
    let context = AuditContext::operator(&app.clock);
    let failing = app.state.db.write(move |conn| -> Result<(), ApiError> {
        context.record(conn, &AuditEvent::new(Action::UserDelete).on("nobody"))?;
        Err(ApiError::not_found())
    });
    assert!(failing.await.is_err());
    assert_eq!((app.contents(), super::audit(&admin).await.len()), (before, records));
}

/// OWASP ASVS v5.0.0-2.4.1
#[actix_web::test]
async fn v5_0_0_2_4_1_machines_are_slowed_down_in_four_tiers() {
    let rates = Section::of("Rate limits").rows();
    assert_eq!(rates.len(), 4);
    for row in rates {
        let [setting, rate, method, path, _] = &row[..] else { panic!("{row:?} does not have five columns") };
        assert!(repository("deploy/example.env").contains(&format!("#{setting}={rate}\n")), "{setting}={rate}");
        let app = TestApp::with(&[("RATE_LIMIT_ENABLED", "true"), (setting, "3/24h")]).await;
        let client = if path.contains("/admin/") { app.admin().await } else { app.anonymous() };
        let ask = |client: Client| async move { client.send(method, path, "application/json", "{}").await };
        for _ in 0..3 {
            assert_ne!(ask(client.clone()).await.status, 429, "{method} {path}");
        }
        let refused = ask(client).await;
        assert!(refused.expect_problem(429, "rate_limited").header("retry-after").parse::<u32>().unwrap() > 0);
    }
}
