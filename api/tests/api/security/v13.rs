//! Configuration.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt};

use actix_web::http::StatusCode;
use status_tracker::config::{Config, KEYS};

use super::{document::Section, raw, repository, sources};
use crate::support::TestApp;

/// OWASP ASVS v5.0.0-13.1.1, 13.2.4, 15.3.2
#[test]
fn v5_0_0_13_1_1_the_server_asks_nobody_and_is_asked_as_written_down() {
    let written = Section::of("Connections").rows();
    let addresses = KEYS.into_iter().filter(|key| key.ends_with("_URL") || key.ends_with("_ADDR"));
    for key in addresses {
        assert!(
            written.iter().any(|row| row.iter().any(|cell| cell.contains(key))),
            "{key} is an address that is not written down"
        );
    }
    let manifest: toml::Table = repository("api/Cargo.toml").parse().unwrap();
    for client in [
        "awc",
        "reqwest",
        "ureq",
        "hyper",
        "isahc",
        "curl",
        "lettre",
        "trust-dns-resolver",
        "hickory-resolver",
        "redis",
    ] {
        assert!(!manifest["dependencies"].as_table().unwrap().contains_key(client), "{client} asks other servers");
    }
    for (name, text) in sources("api/src", &[".rs"]) {
        // Only the health check connects anywhere, to the same machine.
        let connects =
            text.contains("TcpStream::connect") || text.contains("UdpSocket") || text.contains("lookup_host");
        assert!(!connects || name.ends_with("ops/healthcheck.rs"), "{name} connects somewhere");
    }
}

/// OWASP ASVS v5.0.0-13.1.2, 13.1.3
#[test]
fn v5_0_0_13_1_2_every_limit_and_every_time_is_what_is_written_down() {
    let example = repository("deploy/example.env");
    let rows = Section::of("Limits and timeouts").rows();
    for row in &rows {
        let [what, place, text, ..] = &row[..] else { panic!("{row:?} does not have four columns") };
        if place == "setting" {
            assert!(example.contains(&format!("#{text}\n")), "{what}: {text}");
        } else {
            assert!(repository(place).contains(text), "{what}: {place} does not say `{text}`");
        }
        assert!(!row[3].is_empty(), "{what}: what happens then?");
    }
    for key in
        ["DATABASE_READERS", "WRITE_QUEUE", "REQUEST_TIMEOUT_SECONDS", "MAX_BODY_BYTES", "MAX_CONCURRENT_REQUESTS"]
    {
        assert!(KEYS.contains(&key) && rows.iter().any(|row| row[2].starts_with(key)), "{key} is not written down");
    }
}

/// OWASP ASVS v5.0.0-13.2.2, 13.3.2
#[actix_web::test]
async fn v5_0_0_13_2_2_database_and_secrets_are_for_their_owner_alone_and_readers_cannot_write() {
    let app = TestApp::start().await;
    app.admin().await.log("water", 250, crate::support::NOON).await;
    for entry in fs::read_dir(app.folder.path()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
        }
    }
    let before = app.contents();
    let write = |conn: &mut _| {
        use diesel::prelude::*;
        Ok(diesel::delete(status_tracker::db::schema::users::table).execute(conn)?)
    };
    assert!(app.state.db.read(write).await.is_err());
    assert_eq!(app.contents(), before);
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let environment = BTreeMap::from([("DATA_DIR".to_owned(), data_dir.to_str().unwrap().to_owned())]);
    Config::from_sources(environment, None).unwrap();
    assert_eq!(fs::metadata(&data_dir).unwrap().permissions().mode() & 0o777, 0o700);
    for secret in ["jwt_secret.secret", "session_secret.secret", "password_pepper.secret"] {
        assert_eq!(fs::metadata(data_dir.join(secret)).unwrap().permissions().mode() & 0o777, 0o600, "{secret}");
    }
}

/// OWASP ASVS v5.0.0-13.2.5
#[test]
fn v5_0_0_13_2_5_nginx_passes_requests_to_the_api_and_nowhere_else() {
    let text =
        repository("deploy/nginx/status-tracker.conf.template") + &repository("deploy/nginx/nginx.conf.template");
    let targets: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("proxy_pass ")).collect();
    assert!(targets.len() > 3 && targets.iter().all(|target| *target == "http://api;"), "{targets:?}");
    for word in ["resolver ", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "alias "] {
        assert!(!text.contains(word), "{word}");
    }
}

/// OWASP ASVS v5.0.0-13.3.1
#[test]
fn v5_0_0_13_3_1_secrets_come_from_files_and_are_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut environment = BTreeMap::from([("DATA_DIR".to_owned(), folder.path().to_str().unwrap().to_owned())]);
    for name in ["JWT_SECRET", "SESSION_SECRET", "PASSWORD_PEPPER"] {
        let path = folder.path().join(name);
        fs::write(&path, format!("{name}, kept in a file of its own and read at the start\n")).unwrap();
        environment.insert(format!("{name}_FILE"), path.to_str().unwrap().to_owned());
    }
    let config = Config::from_sources(environment, None).unwrap();
    assert!(!format!("{config:?}").contains("kept in a file"), "printing the configuration shows no secret");
    for (name, text) in
        sources("api/src", &[".rs"]).into_iter().chain(sources("deploy", &[".env", ".template", ".conf"]))
    {
        for line in text.lines().filter(|line| line.contains("_SECRET=") || line.contains("_PEPPER=")) {
            let value = line.split_once('=').unwrap().1;
            assert!(value.is_empty() || value.contains("openssl rand") || value.starts_with('{'), "{name}: {line}");
        }
    }
}

/// OWASP ASVS v5.0.0-13.4.1, 13.4.7
#[actix_web::test]
async fn v5_0_0_13_4_1_nginx_serves_what_the_build_makes_and_nothing_left_beside_it() {
    let app = TestApp::behind_nginx().await;
    let page = app.anonymous().get("/").await.body;
    for left in [
        "backup.sql",
        "status-tracker.db",
        "key.pem",
        "notes.md",
        "index.html.bak",
        "config.toml",
        "old.zip",
        "app.js~",
        "Makefile",
        ".env",
        ".git/config",
        ".svn/entries",
        ".htpasswd",
    ] {
        app.leave_beside_the_page(left);
        let answer = app.anonymous().get(&format!("/{left}")).await;
        assert!(!String::from_utf8_lossy(&answer.body).contains("forgotten here"), "{left}");
        // The page does not know the address, or only scanners ask for it.
        assert!(answer.body == page || answer.status.is_client_error(), "{left}: {}", answer.status);
    }
    app.leave_beside_the_page("favicon.svg");
    assert_ne!(app.anonymous().get("/favicon.svg").await.body, page);
}

/// OWASP ASVS v5.0.0-13.4.2
#[actix_web::test]
async fn v5_0_0_13_4_2_a_fault_shows_nothing_of_the_inside() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let broken = |conn: &mut status_tracker::db::DbConnection| {
        use diesel::connection::SimpleConnection;
        Ok(conn.batch_execute("ALTER TABLE entries RENAME TO entries_elsewhere")?)
    };
    app.state.db.write(broken).await.unwrap();
    let answer = admin.get(&format!("/api/v1/people/{}/entries", admin.username)).await;
    let text = String::from_utf8_lossy(&answer.expect_problem(500, "internal").body).to_lowercase();
    for word in ["entries", "sql", "table", "panick", ".rs", "diesel", "backtrace"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

/// OWASP ASVS v5.0.0-13.4.3
#[actix_web::test]
async fn v5_0_0_13_4_3_no_folder_is_listed() {
    let app = TestApp::behind_nginx().await;
    for folder in ["/assets/", "/assets", "/"] {
        let answer = app.anonymous().get(folder).await;
        assert!(!String::from_utf8_lossy(&answer.body).contains("0a1b2c3d"), "{folder}");
    }
    assert!(!repository("deploy/nginx/status-tracker.conf.template").contains("autoindex"));
}

/// OWASP ASVS v5.0.0-13.4.4
#[actix_web::test]
async fn v5_0_0_13_4_4_trace_gives_nothing_back() {
    let app = TestApp::start().await;
    for path in ["/", "/api/v1/me", "/health"] {
        let request = format!(
            "TRACE {path} HTTP/1.1\r\nHost: {}\r\nCookie: session=secret-in-a-header\r\nConnection: close\r\n\r\n",
            app.url.trim_start_matches("http://")
        );
        let answer = raw(&app.url, request).await;
        assert!(!answer.starts_with("HTTP/1.1 200") && !answer.contains("secret-in-a-header"), "{answer}");
    }
}

/// OWASP ASVS v5.0.0-13.4.5
#[actix_web::test]
async fn v5_0_0_13_4_5_figures_are_not_reached_from_outside_and_the_documentation_is_meant_to_be() {
    let app = TestApp::behind_nginx().await;
    for path in [
        "/metrics",
        "/metrics/",
        "/metrics/x",
        "/%6detrics",
        "/./metrics",
        "/api/../metrics",
        "/nginx_status",
        "/server-status",
    ] {
        let answer = app.anonymous().get(path).await;
        let page = answer.status == StatusCode::OK && answer.header("content-type").starts_with("text/html");
        assert!(answer.status == StatusCode::NOT_FOUND || page, "{path}: {}", answer.status);
    }
    let open: Vec<String> = Section::of("Public addresses").rows().into_iter().map(|row| row[0].clone()).collect();
    for path in &open {
        app.anonymous().get(path).await.expect(StatusCode::OK);
    }
    for (method, path, operation) in super::operations() {
        let public = operation["security"] == serde_json::json!([{}]) && method == "GET";
        assert!(!public || open.contains(&path), "{path} is open to everybody and not written down");
    }
}

/// OWASP ASVS v5.0.0-13.4.6
#[actix_web::test]
async fn v5_0_0_13_4_6_nothing_tells_which_version_of_what_runs() {
    let app = TestApp::behind_nginx().await;
    for path in ["/", "/api/v1/nothing", "/health", "/metrics", "/assets/missing.js"] {
        let answer = app.anonymous().get(path).await;
        assert_eq!(answer.header("server"), "nginx", "{path}");
        assert_eq!((answer.header("x-powered-by"), answer.header("via")), ("", ""));
        let text = String::from_utf8_lossy(&answer.body);
        assert!(
            !text.contains("nginx/") && !text.contains("actix") && !text.contains(env!("CARGO_PKG_VERSION")),
            "{text}"
        );
    }
    assert_eq!(app.direct().get("/health").await.header("server"), "");
}
