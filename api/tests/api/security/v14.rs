//! Data.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use diesel::{RunQueryDsl, sql_query, sql_types::Text};
use serde_json::json;

use super::{document::Section, filled, operations, page_sources, repository};
use crate::support::{NOON, PASSWORD, TestApp};

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Every column of every table, as `table.column`.
async fn columns(app: &TestApp) -> BTreeSet<String> {
    let query = "SELECT m.name || '.' || c.name AS name FROM sqlite_master m, pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'";
    let found: Vec<Name> = app.state.db.read(|conn| Ok(sql_query(query).load(conn)?)).await.unwrap();
    found.into_iter().map(|row| row.name).collect()
}

/// OWASP ASVS v5.0.0-14.1.1, 14.1.2
#[actix_web::test]
async fn v5_0_0_14_1_1_every_stored_column_has_a_level_and_every_level_its_rules() {
    let app = TestApp::start().await;
    let mut written = BTreeSet::new();
    let mut levels = BTreeSet::new();
    for row in Section::of("Data kept").rows() {
        let [table, names, level, _] = &row[..] else { panic!("{row:?} does not have four columns") };
        for column in names.split(", ") {
            assert!(written.insert(format!("{table}.{column}")), "{table}.{column} stands there twice");
        }
        levels.insert(level.clone());
    }
    assert_eq!(written, columns(&app).await);
    let described: BTreeSet<String> = Section::of("Levels").rows().into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(levels, described);
}

/// OWASP ASVS v5.0.0-14.2.1
#[actix_web::test]
async fn v5_0_0_14_2_1_nothing_secret_stands_in_an_address() {
    for (method, path, operation) in operations() {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap().to_lowercase();
            for word in ["token", "password", "secret", "code", "note", "key"] {
                assert!(!name.contains(word), "{method} {path} takes {name} in its address");
            }
        }
    }
    let app = TestApp::start().await;
    let token = app.viewer().await.bearer.unwrap();
    for parameter in ["access_token", "token", "session", "authorization"] {
        app.anonymous().get(&format!("/api/v1/me?{parameter}={token}")).await.expect_problem(401, "unauthorized");
    }
}

/// OWASP ASVS v5.0.0-14.2.2, 14.3.2
#[actix_web::test]
async fn v5_0_0_14_2_2_private_answers_are_cached_nowhere_on_the_way() {
    let app = TestApp::start().await;
    let robin = app.named("robin", status_tracker::account::model::Role::Admin).await;
    robin.log("water", 250, NOON).await;
    let public: Vec<String> = Section::of("Public addresses").rows().into_iter().map(|row| row[0].clone()).collect();
    for (method, path, _) in operations() {
        let answer = robin.send(&method, &filled(&path), "application/json", "{}").await;
        let cached = answer.header("cache-control");
        assert!(cached == "no-store" || (public.contains(&path) && method == "GET"), "{method} {path}: {cached:?}");
    }
    let config =
        repository("deploy/nginx/nginx.conf.template") + &repository("deploy/nginx/status-tracker.conf.template");
    assert!(!config.contains("proxy_cache") && !config.contains("open_file_cache"), "nginx keeps no answers");
}

/// OWASP ASVS v5.0.0-14.2.3
#[test]
fn v5_0_0_14_2_3_the_page_asks_no_other_server() {
    for (name, text) in page_sources().into_iter().chain([("index.html".to_owned(), repository("web/index.html"))]) {
        for (place, _) in text.match_indices("://") {
            let around = &text[place.saturating_sub(40)..(place + 24).min(text.len())];
            let known = ["here.invalid", "www.w3.org", "localhost"].iter().any(|host| around.contains(host));
            let comment = text[..place].lines().last().is_some_and(|line| line.trim_start().starts_with("//"));
            assert!(known || comment || around.contains("`${"), "{name}: {around}");
        }
    }
    let policy = repository("deploy/nginx/security-headers.conf");
    for part in [
        "default-src 'none'",
        "connect-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
    ] {
        assert!(policy.contains(part), "{part}");
    }
}

/// OWASP ASVS v5.0.0-14.2.4
#[actix_web::test]
async fn v5_0_0_14_2_4_who_erases_themself_leaves_nothing_but_records() {
    let app = TestApp::start().await;
    let (staying, leaving) =
        (app.admin().await, app.named("leaving-soon", status_tracker::account::model::Role::Admin).await);
    let body = json!({"metric": "water", "value": 250, "note": "after the leaving run"});
    leaving.post("/api/v1/entries", body).await.expect(StatusCode::CREATED);
    let page = app.anonymous().sign_in("leaving-soon", PASSWORD).await;
    let body = json!({"password": PASSWORD}).to_string();
    page.send("DELETE", "/api/v1/me", "application/json", body).await.expect(StatusCode::NO_CONTENT);
    for column in columns(&app).await {
        let (table, name) = column.split_once('.').unwrap();
        let query =
            format!("SELECT CAST(\"{name}\" AS TEXT) AS name FROM \"{table}\" WHERE \"{name}\" LIKE '%leaving%'");
        let found: Vec<Name> = app.state.db.read(move |conn| Ok(sql_query(query).load(conn)?)).await.unwrap();
        let recorded = ["audit.actor", "audit.target"].contains(&column.as_str());
        assert!(
            recorded || found.is_empty(),
            "{column} still says {:?}",
            found.iter().map(|row| &row.name).collect::<Vec<_>>()
        );
    }
    staying.get("/api/v1/me").await.expect(StatusCode::OK);
}

/// OWASP ASVS v5.0.0-14.3.1
#[actix_web::test]
async fn v5_0_0_14_3_1_signing_out_clears_what_the_browser_stored() {
    let app = TestApp::start().await;
    let viewer = app.viewer().await;
    let page = app.anonymous().sign_in(&viewer.username, PASSWORD).await;
    let bye = page.post("/api/v1/auth/logout", json!({})).await;
    let cleared = bye.expect(StatusCode::NO_CONTENT).header("clear-site-data");
    assert_eq!(cleared, "\"cookies\"", "what others have waiting in this browser stays");
    assert!(bye.header("set-cookie").contains("Max-Age=0"));
    // The page itself clears its stored data of this person.
    assert!(
        repository("web/src/rooms/auth/session.svelte.ts").contains("new LocalStore(keeping.shelf, username).clear(")
    );
}

/// OWASP ASVS v5.0.0-14.3.3
#[test]
fn v5_0_0_14_3_3_no_credential_is_stored_where_scripts_reach() {
    let kept = Section::of("Kept in the browser").rows();
    for (name, text) in page_sources() {
        for word in ["sessionStorage", "indexedDB", "document.cookie", "caches.open"] {
            assert!(!text.contains(word), "{name} uses {word}");
        }
        let uses = text.contains("localStorage") || text.contains("keeping.shelf");
        assert_eq!(
            uses,
            kept.iter().any(|row| name.ends_with(&row[0])),
            "{name} keeps something that is not written down"
        );
        let secret = text
            .lines()
            .any(|line| line.contains(".setItem(") && (line.contains("password") || line.contains("token")));
        assert!(!secret, "{name} keeps a secret");
    }
}
