//! The OpenAPI document is complete, follows one style, and is the one that is committed.

use serde_json::Value;
use status_tracker::server::document;

use crate::support::TestApp;

fn operations() -> Vec<(String, Value)> {
    let document = serde_json::to_value(document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operation = |path: &String, method: &String, operation: &Value| (format!("{method} {path}"), operation.clone());
    paths
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, op)| operation(path, method, op)))
        .collect()
}

#[test]
fn the_committed_document_is_current() {
    let committed: Value = serde_json::from_str(include_str!("../../../openapi/openapi.json")).unwrap();
    assert!(
        committed == serde_json::to_value(document()).unwrap(),
        "openapi/openapi.json is stale: run `make generate`"
    );
}

#[actix_web::test]
async fn the_server_serves_the_document_and_a_page_to_try_it() {
    let app = TestApp::start().await;
    let served = app.anonymous().get("/api/openapi.json").await;
    assert_eq!(served.json, serde_json::to_value(document()).unwrap());
    assert_eq!(served.header("cache-control"), "public, max-age=300");
    let docs = app.anonymous().get("/api/docs/").await;
    assert!(docs.header("content-type").starts_with("text/html"));
    assert!(docs.header("content-security-policy").contains("script-src 'self';"));
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        assert_eq!(app.anonymous().get(&format!("/api/docs/{file}")).await.status, 200, "{file}");
    }
    let initializer = app.anonymous().get("/api/docs/swagger-initializer.js").await;
    assert!(String::from_utf8_lossy(&initializer.body).contains("/api/openapi.json"));
    assert_eq!(app.anonymous().get("/api/docs").await.status, 308, "without the slash its files would not be found");
}

#[test]
fn every_operation_is_named_described_and_tagged() {
    let verbs = [
        "get",
        "list",
        "create",
        "update",
        "delete",
        "restore",
        "rewind",
        "recompute",
        "register",
        "confirm",
        "check",
        "optimize",
        "export",
        "unlock",
        "reset",
    ];
    for (name, operation) in operations() {
        let id = operation["operationId"].as_str().unwrap();
        let (verb, resource) = id.split_once('_').unwrap_or_default();
        assert!(verbs.contains(&verb) && !resource.is_empty(), "{name}: operationId `{id}` is not <verb>_<resource>");
        assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{name} has no summary");
        let tags = operation["tags"].as_array().unwrap();
        assert_eq!(tags.len(), 1, "{name} belongs to one room");
        let room = format!("{}/src/{}", env!("CARGO_MANIFEST_DIR"), tags[0].as_str().unwrap());
        assert!(std::path::Path::new(&room).is_dir(), "{name}: there is no room {room}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name}: parameter {} is not described", parameter["name"]);
        }
    }
}

#[test]
fn every_refusal_is_a_problem_document() {
    for (name, operation) in operations() {
        let responses = operation["responses"].as_object().unwrap();
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with('4')) {
            assert_eq!(
                response["content"]["application/problem+json"]["schema"]["$ref"], "#/components/schemas/Problem",
                "{name} {status}"
            );
        }
        let open = operation["security"] == serde_json::json!([{}]);
        let signs_in = name.ends_with("/auth/login") || name.ends_with("/auth/token");
        assert_eq!(responses.contains_key("401"), !open || signs_in, "{name}: 401 where a sign-in is needed");
        assert_eq!(
            operation.get("requestBody").is_some(),
            responses.contains_key("422") && !name.starts_with("get "),
            "{name}"
        );
    }
}

#[test]
fn every_field_that_is_sent_has_an_example_or_a_closed_form() {
    let document = serde_json::to_value(document()).unwrap();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let plain = property["type"] == "string" || property["type"] == "integer";
            let closed =
                ["format", "enum", "example", "examples", "pattern"].iter().any(|key| property.get(*key).is_some());
            assert!(!plain || closed || name == "FieldError", "{name}.{field} tells nothing about what it looks like");
        }
    }
}
