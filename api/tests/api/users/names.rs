//! Names: what a name may contain, whose name it looks like, and that everybody's page opens.

use actix_web::http::StatusCode;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use status_tracker::account::{
    model::Role,
    username::{validate_new_username, validate_username},
};

use crate::support::{PASSWORD, TestApp};

/// Invisible names: one character, repeated, between spaces.
const UNSEEN: [&str; 18] = [
    "\u{200b}",
    "\u{2060}",
    "\u{3164}",
    "\u{115f}",
    "\u{1160}",
    "\u{ffa0}",
    "\u{2800}",
    "\u{ad}",
    "\u{e0041}",
    "\u{fe0f}",
    "\u{301}",
    "\u{200d}",
    "\u{202e}",
    "\u{feff}",
    "\u{3000}",
    "\u{1d173}",
    "\u{1d159}",
    "\u{13441}",
];

#[actix_web::test]
async fn a_name_that_shows_nothing_is_refused_at_every_door() {
    let app = TestApp::start().await;
    let (robin, viewer) = (app.admin().await, app.viewer().await);
    let user = format!("/api/v1/admin/users/{}", viewer.username);
    for unseen in UNSEEN {
        for name in [unseen.to_owned(), unseen.repeat(3), format!(" {unseen} ")] {
            let what = name.escape_unicode().to_string();
            let token = json!({"name": name, "scopes": ["read"], "expires_at": "2026-03-02T12:00:00Z"});
            let made = json!({"username": "newcomer", "role": "viewer", "display_name": name});
            for (answer, field) in [
                (viewer.patch("/api/v1/me", json!({"display_name": name})).await, "display_name"),
                (robin.patch(&user, json!({"display_name": name})).await, "display_name"),
                (robin.post("/api/v1/admin/users", made).await, "display_name"),
                (robin.post("/api/v1/me/tokens", token).await, "name"),
            ] {
                let answer = answer.expect_problem(422, "invalid");
                assert_eq!(answer.fields(), [field], "{what}");
                assert!(answer.json["errors"][0]["message"].as_str().unwrap().contains("seen"), "{what}");
            }
        }
    }
    for turned in ["Da\u{202e}d", "\u{2066}Dad", "Dad\u{200b}", "D\u{ad}ad", "Dad\u{e0067}", "Dad\u{200f}"] {
        let answer = viewer.patch("/api/v1/me", json!({"display_name": turned})).await;
        answer.expect_problem(422, "invalid");
    }
    for name in ["Ö", "祖母", "می‌خواهم", "❤️", "O'Neill", "👩‍👧", "Dad "] {
        viewer.patch("/api/v1/me", json!({"display_name": name})).await.expect(StatusCode::OK);
    }
}

#[actix_web::test]
async fn a_name_of_before_is_shown_as_what_can_be_seen_of_it() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    for (kept, shown) in
        [("\u{200b}", "alex"), ("\u{3164}\u{3164}", "alex"), ("Da\u{202e}d", "Dad"), ("Alex A.", "Alex A.")]
    {
        app.execute(&format!("UPDATE users SET display_name = '{kept}' WHERE username = 'alex'"));
        let share = robin.get("/api/v1/me/shares/alex").await;
        assert_eq!(share.expect(StatusCode::OK).json["display_name"], shown);
        assert_eq!(alex.get("/api/v1/me").await.json["display_name"], shown);
        assert_eq!(robin.get("/api/v1/admin/users/alex").await.json["display_name"], shown);
        alex.patch("/api/v1/me", json!({"unit": "ml"})).await.expect(StatusCode::OK);
    }
}

#[actix_web::test]
async fn a_viewer_who_asks_under_a_name_like_anothers_is_marked() {
    let app = TestApp::start().await;
    let (robin, alex) = (app.named("robin", Role::Admin).await, app.named("alex", Role::Viewer).await);
    let dad = app.named("dad", Role::Viewer).await;
    dad.patch("/api/v1/me", json!({"display_name": "Our Papa"})).await.expect(StatusCode::OK);
    app.execute("DELETE FROM shares");
    alex.post("/api/v1/people/robin/share-requests", json!(null)).await;
    for (name, expected) in [
        ("Alex", json!(null)),
        ("Dad", json!(["dad"])),
        ("dаd", json!(["dad"])),
        ("  DAD ", json!(["dad"])),
        ("Ｄａｄ", json!(["dad"])),
        ("Our Papa", json!(["dad"])),
        ("0ur\u{a0}Pаpa", json!(["dad"])),
        ("Οur Papa", json!(["dad"])),
        ("Rοbin", json!(["robin"])),
        ("Our Papa 2", json!(null)),
    ] {
        alex.patch("/api/v1/me", json!({"display_name": name})).await.expect(StatusCode::OK);
        let one = robin.get("/api/v1/me/shares/alex").await.json["looks_like"].clone();
        let listed = robin.get("/api/v1/me/shares").await.json["items"][0]["looks_like"].clone();
        assert_eq!((&one, &listed), (&expected, &expected), "{name}");
    }
    // The names that look alike are shown only while there is something to decide.
    alex.patch("/api/v1/me", json!({"display_name": "Dad"})).await.expect(StatusCode::OK);
    let approved = robin.patch("/api/v1/me/shares/alex", json!({"state": "approved"})).await;
    assert_eq!(approved.expect(StatusCode::OK).json["looks_like"], Value::Null);
    let ended = robin.patch("/api/v1/me/shares/alex", json!({"state": "ended"})).await;
    assert_eq!(ended.expect(StatusCode::OK).json["looks_like"], json!(["dad"]));
}

#[actix_web::test]
async fn user_names_that_are_taken_for_attacks_cannot_be_made() {
    let app = TestApp::start().await;
    let robin = app.admin().await;
    for name in
        ["x.php", "X.PHP", "index.asp", "a.aspx", "b.jsp", "c.cgi", "dump.sql", "old.bak", "wp-admin", "WP-x", "wp-"]
    {
        let registration = json!({"username": name, "password": PASSWORD, "privacy_policy_version": "2026-11-25.2"});
        let registered = app.anonymous().post("/api/v1/auth/register", registration).await;
        assert_eq!(registered.expect_problem(422, "invalid").fields(), ["username"], "{name}");
        let made = robin.post("/api/v1/admin/users", json!({"username": name, "role": "viewer"})).await;
        assert_eq!(made.expect_problem(422, "invalid").fields(), ["username"], "{name}");
    }
    for name in ["php", "x.phpx", "wpadmin", "a-wp-b", "x.sql.y", "sql"] {
        let made = robin.post("/api/v1/admin/users", json!({"username": name, "role": "viewer"})).await;
        made.expect(StatusCode::CREATED);
    }
}

/// Possible names, with every beginning and ending that means something to a server.
fn any_name() -> impl Strategy<Value = String> {
    let begin = prop::sample::select(vec![
        "",
        "wp-",
        "wordpress",
        "xmlrpc",
        "phpmyadmin",
        "cgi-bin",
        "actuator",
        "vendor",
        "admin",
        "api",
        "x-git",
        "0",
    ]);
    let end = prop::sample::select(vec![
        "", ".php", ".asp", ".aspx", ".jsp", ".cgi", ".sql", ".bak", ".env", ".git", ".html", ".js", ".css", ".json",
        "..", ".", "-", ".tar.gz", "_history",
    ]);
    let middle = prop::string::string_regex("[A-Za-z0-9][A-Za-z0-9._-]{0,12}").unwrap();
    (begin, middle, end)
        .prop_map(|(begin, middle, end)| format!("{begin}{middle}{end}"))
        .prop_filter("fits", |name| validate_username(name).is_ok())
}

#[actix_web::test]
async fn everybodys_page_opens_whatever_they_are_called() {
    let app = TestApp::behind_nginx().await;
    let robin = app.admin().await;
    let mut runner =
        TestRunner::new_with_rng(ProptestConfig::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let fixed = ["x.php", "wp-login", "wp-login.php", "index.html", "a.js", "dump.sql", "Robin.BAK", "constructor"];
    let made = (0..60).map(|_| any_name().new_tree(&mut runner).unwrap().current());
    let names: Vec<String> = fixed.iter().map(|name| (*name).to_owned()).chain(made).collect();
    assert!(names.iter().any(|name| validate_new_username(name).is_err()));
    for name in names {
        for path in [format!("/people/{name}"), format!("/people/{name}/history"), format!("/admin/users/{name}")] {
            let page = app.anonymous().get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.header("content-type").starts_with("text/html"), "{path}");
        }
        for path in [
            format!("/api/v1/people/{name}/status"),
            format!("/api/v1/people/{name}/entries"),
            format!("/api/v1/people/{name}/events"),
            format!("/api/v1/admin/users/{name}"),
            format!("/api/v1/me/shares/{name}"),
        ] {
            robin.get(&path).await.expect_problem(404, "not_found");
        }
        robin.get(&format!("/api/v1/start?person={name}&acting_as={}", robin.username)).await.expect(StatusCode::OK);
    }
    app.state.db.write(|_| Ok(())).await.unwrap();
    assert_eq!(app.number("SELECT count(*) AS n FROM security_events"), 0);
}
