//! Encoding and sanitisation.

use serde_json::{Value, json};
use status_tracker::{account::model::Role, audit::csv::csv_field};

use super::{page_sources, repository, sources};
use crate::support::{Client, NOON, TestApp};

/// Text that some interpreter would take for more than text.
const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'; DROP TABLE entries; --",
    "%s%n {} {0} ${jndi:ldap://x} {{7*7}}",
    "%3Cb%3E &lt;b&gt; \\u003cb\\u003e",
    "=HYPERLINK(\"http://x\")",
    "line\nbreak\r\nX-Injected: yes",
    "$(reboot) `reboot` | reboot",
    "\u{202e}right to left",
    "\\\"},\"value\":1,{\"",
    "I <3 water & O'Brien's; drop by table 3",
    "🌊🏔️ e\u{301}",
];

async fn note(admin: &Client, text: &str) -> Value {
    let body = json!({"metric": "water", "value": 250, "at": NOON, "note": text});
    admin.post("/api/v1/entries", body).await.expect(actix_web::http::StatusCode::CREATED).json.clone()
}

/// OWASP ASVS v5.0.0-1.1.1
#[actix_web::test]
async fn v5_0_0_1_1_1_input_is_decoded_once() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    robin.get("/api/v1/people/%72obin/status").await.expect(actix_web::http::StatusCode::OK);
    for twice in ["%2572obin", "%25%37%32obin", "robin%252f", "robin%00"] {
        robin.get(&format!("/api/v1/people/{twice}/status")).await.expect_client_error();
    }
    assert_eq!(note(&robin, "%41 &amp; \\u0041").await["note"], "%41 &amp; \\u0041");
}

/// OWASP ASVS v5.0.0-1.1.2, 1.2.1, 1.2.3
#[actix_web::test]
async fn v5_0_0_1_1_2_text_comes_back_as_typed_and_changes_no_message() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for text in HOSTILE {
        let entry = note(&admin, text).await;
        assert_eq!((&entry["note"], &entry["value"]), (&json!(text), &json!(250)));
        let answer = admin.get(&format!("/api/v1/entries/{}", entry["id"].as_str().unwrap())).await;
        assert_eq!((&answer.json["note"], answer.header("x-injected")), (&json!(text), ""));
        assert_eq!(answer.header("content-type"), "application/json");
    }
}

/// OWASP ASVS v5.0.0-1.2.2
#[test]
fn v5_0_0_1_2_2_the_page_encodes_names_in_addresses_and_makes_no_script_address() {
    for (name, text) in page_sources() {
        for scheme in ["javascript:", "vbscript:", "'data:", "`data:"] {
            assert!(!text.contains(scheme), "{name} has {scheme}");
        }
    }
    assert!(repository("web/src/lib/routes.ts").contains("/people/${encodeURIComponent(username)}"));
}

/// OWASP ASVS v5.0.0-1.2.4
#[actix_web::test]
async fn v5_0_0_1_2_4_nothing_that_is_sent_becomes_sql() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    robin.log("water", 250, NOON).await;
    let before = app.contents();
    for text in [
        "' OR '1'='1",
        "robin'--",
        "robin' UNION SELECT password_hash FROM users--",
        "%",
        "_obin",
        "x'); DELETE FROM users;--",
    ] {
        let answer = super::login(&app, text, text).await;
        answer.expect_problem(401, "invalid_credentials");
        let encoded = text.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02x}"));
        for path in [
            format!("/api/v1/people/{encoded}/status"),
            format!("/api/v1/people/robin/entries?metric={encoded}"),
            format!("/api/v1/people?cursor={encoded}"),
            format!("/api/v1/entries/{encoded}"),
        ] {
            robin.get(&path).await.expect_client_error();
        }
        for filter in ["actor", "target"] {
            let answer = robin.get(&format!("/api/v1/admin/audit?{filter}={encoded}")).await;
            assert!(answer.status.is_client_error() || answer.json["items"] == json!([]), "{text}: {}", answer.json);
        }
    }
    assert_eq!(app.contents(), before);
    // Values reach the database as bound parameters, because Diesel's builder writes every statement; no room writes its own.
    for (name, text) in sources("api/src", &[".rs"]) {
        let fixed = text.matches("sql_query(").count() == text.matches("sql_query(\"").count();
        assert!(name.contains("/db/") || fixed, "{name} puts SQL together");
    }
}

/// OWASP ASVS v5.0.0-1.2.5
#[test]
fn v5_0_0_1_2_5_the_server_starts_no_other_program() {
    for (name, text) in sources("api/src", &[".rs"]) {
        for word in ["process::Command", "Command::new(", "libc::system", "CommandExt"] {
            assert!(!text.contains(word), "{name} has {word}");
        }
    }
}

/// OWASP ASVS v5.0.0-1.2.10
#[test]
fn v5_0_0_1_2_10_a_spreadsheet_finds_no_formula_in_csv() {
    for start in ["=", "+", "-", "@", "\t", "\r", "\0"] {
        let field = csv_field(&format!("{start}1+1"));
        assert!(field.trim_start_matches('"').starts_with('\''), "{field:?}");
    }
    assert_eq!(csv_field("2 glasses, \"cold\"\r\n"), "\"2 glasses, \"\"cold\"\"\r\n\"");
    assert_eq!(csv_field("=1,2"), "\"'=1,2\"");
    assert_eq!(csv_field("a-b"), "a-b");
}

/// OWASP ASVS v5.0.0-1.3.3
#[actix_web::test]
async fn v5_0_0_1_3_3_what_goes_into_names_addresses_and_logs_is_of_a_safe_alphabet_and_length() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    for name in ["a\nb", "a\u{1b}[2J", "a\u{0}b", "   ", &"x".repeat(65)] {
        viewer.patch("/api/v1/me", json!({"display_name": name})).await.expect_problem(422, "invalid");
    }
    for name in ["../../etc/passwd", "a/b", "a b", "a%2fb", "a\u{430}b", &"x".repeat(33)] {
        super::register(&app, name, super::NEW_PASSWORD).await.expect_problem(422, "invalid");
    }
    let login = app.anonymous().request("POST", "/api/v1/auth/login").insert_header(("user-agent", "x".repeat(5000)));
    let body = json!({"username": viewer.username, "password": crate::support::PASSWORD});
    login.send_json(&body).await.unwrap();
    let devices = viewer.get("/api/v1/me/sessions").await;
    let kept = |device: &Value| device["user_agent"].as_str().map_or(0, str::len);
    assert_eq!(devices.json["items"].as_array().unwrap().iter().map(kept).max(), Some(200));
}

/// OWASP ASVS v5.0.0-1.3.10
#[actix_web::test]
async fn v5_0_0_1_3_10_no_text_is_taken_for_a_format() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for text in ["%s %n %x", "{} {0:?} {name}", "{{1337*1337}} ${1337*1337} #{1337*1337} <%= 1337*1337 %>"] {
        assert_eq!(note(&admin, text).await["note"], text);
        let renamed = admin.patch("/api/v1/me", json!({"display_name": text})).await;
        assert_eq!(renamed.json["display_name"], text);
        let refused = admin.patch("/api/v1/me", json!({"time_zone": text})).await;
        assert!(!String::from_utf8_lossy(&refused.expect_problem(422, "invalid").body).contains("1787569"));
    }
}

/// OWASP ASVS v5.0.0-1.4.2
#[actix_web::test]
async fn v5_0_0_1_4_2_numbers_out_of_range_are_refused_and_never_wrap() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let before = app.contents();
    for number in [
        "2147483648",
        "4294967546",
        "-1",
        "-2147483649",
        "9223372036854775808",
        "18446744073709551866",
        "1e400",
        "250.5",
        "0",
    ] {
        let body = format!(r#"{{"metric":"water","value":{number}}}"#);
        let answer = admin.send("POST", "/api/v1/entries", "application/json", body).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{number}: {}", answer.json);
        let goal = format!(r#"{{"daily_goal_ml":{number},"day_starts_at":{number}}}"#);
        let answer = admin.send("PATCH", "/api/v1/me", "application/json", goal).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{number}: {}", answer.json);
        admin.get(&format!("/api/v1/people?limit={number}")).await.expect_client_error();
    }
    for at in ["9999-12-31T23:59:59Z", "292277026596-12-04T15:30:07Z", "-1000-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]
    {
        let body = json!({"metric": "water", "value": 250, "at": at});
        admin.post("/api/v1/entries", body).await.expect_problem(422, "invalid");
    }
    assert_eq!(app.contents(), before);
}

/// OWASP ASVS v5.0.0-1.5.2
#[actix_web::test]
async fn v5_0_0_1_5_2_only_the_declared_type_is_read_from_a_body() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let before = app.contents();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        "[\"water\", 250]".to_owned(),
        "null".to_owned(),
        "\"water\"".to_owned(),
        r#"{"metric":"water","value":250,"__proto__":{"role":"admin"}}"#.to_owned(),
        r#"{"metric":"water","value":250,"@type":"java.lang.Runtime"}"#.to_owned(),
        r#"{"metric":{"$ne":null},"value":250}"#.to_owned(),
        r#"{"metric":"water","value":1,"value":250}"#.to_owned(),
        r#"{"metric":"water","value":250} {"metric":"water","value":250}"#.to_owned(),
        format!(r#"{{"metric":"water","value":250,"tags":{deep}}}"#),
        deep,
    ] {
        let answer = admin.send("POST", "/api/v1/entries", "application/json", body.clone()).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{} to {:.80}", answer.status, body);
    }
    for content_type in ["application/xml", "application/x-yaml", "application/x-java-serialized-object", "text/plain"]
    {
        let answer = admin.send("POST", "/api/v1/entries", content_type, r#"{"metric":"water","value":250}"#).await;
        answer.expect_problem(415, "unsupported_media_type");
    }
    assert_eq!(app.contents(), before);
}
