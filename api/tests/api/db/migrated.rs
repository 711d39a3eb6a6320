//! Data from before the migrations of 30 November 2026 means the same after them.

use std::process::Command;

use actix_web::http::StatusCode;
use diesel::{SqliteConnection, connection::SimpleConnection, migration::Migration};
use diesel_migrations::MigrationHarness;
use serde_json::{Value, json};
use status_tracker::{
    account::{model::Role, privacy_policy},
    auth::api_tokens,
    clock::{MINUTE, SECOND},
    db::MIGRATIONS,
};

use crate::support::{Answer, Client, NOON, PASSWORD, TestApp};

const WRONG: &str = "Quiet-Harbour-71-lanternS";

/// The same database a release ago, with `rows` from then, opened by a server of today.
async fn a_release_later(app: &TestApp, rows: &str) -> TestApp {
    let mut connection = app.connection();
    connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    let newest = |connection: &mut SqliteConnection| {
        connection.applied_migrations().unwrap().into_iter().map(|version| version.to_string()).max().unwrap()
    };
    let mut undone = 0;
    while *newest(&mut connection) >= *"20261130" {
        connection.revert_last_migration(MIGRATIONS).unwrap();
        undone += 1;
    }
    let pending = connection.pending_migrations(MIGRATIONS).unwrap();
    let names: Vec<String> = pending.iter().map(|migration| migration.name().to_string()).collect();
    assert!(undone >= 5 && names.len() == undone, "{names:?}");
    connection.batch_execute(&format!("PRAGMA foreign_keys = ON; {rows}")).unwrap();
    app.restarted(&[]).await
}

/// The same person with the same token, at another server of the same database.
fn at(app: &TestApp, client: &Client) -> Client {
    Client { url: app.url.clone(), ..client.clone() }
}

async fn register(app: &TestApp, username: &str, code: &str) -> Answer {
    let body = json!({
        "username": username,
        "password": PASSWORD,
        "privacy_policy_version": privacy_policy::VERSION,
        "invite_code": code,
    });
    app.anonymous().post("/api/v1/auth/register", body).await
}

/// 2026-11-30-000032: an invitation for one meant that the newcomer saw everything; one for several said nothing of it.
#[actix_web::test]
async fn an_old_invitation_still_lets_in_whom_it_was_for() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let invite = |code: &str, role: &str, expires_in: i64, uses: i32, max_uses: i32| {
        let (id, hash, now) = (app.clock.new_id(), api_tokens::hash(code), app.clock.now().0);
        format!(
            "INSERT INTO invites (id, code_hash, role, expires_at, max_uses, uses, created_by, created_at)
             SELECT '{id}', '{hash}', '{role}', {}, {max_uses}, {uses}, id, {now} FROM users;",
            now + expires_in
        )
    };
    let rows = [
        invite("for-one", "viewer", MINUTE, 0, 1),
        invite("for-several", "viewer", MINUTE, 1, 3),
        invite("for-an-admin", "admin", MINUTE, 0, 1),
        invite("used-up", "viewer", MINUTE, 1, 1),
        invite("over", "viewer", 0, 0, 1),
    ];
    let app = a_release_later(&app, &rows.concat()).await;
    let robin = at(&app, &robin);

    let listed = robin.get("/api/v1/admin/invites").await.json["items"].clone();
    let uses = |invite: &Value| (invite["uses"].as_i64().unwrap(), invite["max_uses"].as_i64().unwrap());
    let mut listed: Vec<_> = listed.as_array().unwrap().iter().map(uses).collect();
    listed.sort_unstable();
    assert_eq!(listed, [(0, 1), (0, 1), (1, 1), (1, 3)], "those that are not over");

    for code in ["used-up", "over", "never-made"] {
        register(&app, "late", code).await.expect_problem(403, "invalid_invite");
    }
    assert_eq!(register(&app, "alone", "for-one").await.expect(StatusCode::CREATED).json["role"], "viewer");
    let share = robin.get("/api/v1/me/shares/alone").await.expect(StatusCode::OK).json.clone();
    let terms = ["state", "water", "altitude", "history", "export", "until"].map(|term| share[term].clone());
    assert_eq!(json!(terms), json!(["approved", "exact", "exact", true, false, null]));
    let alone = app.anonymous().sign_in("alone", PASSWORD).await;
    alone.get("/api/v1/people/robin/entries").await.expect(StatusCode::OK);

    for name in ["second", "third"] {
        register(&app, name, "for-several").await.expect(StatusCode::CREATED);
        robin.get(&format!("/api/v1/me/shares/{name}")).await.expect_problem(404, "not_found");
        let newcomer = app.anonymous().sign_in(name, PASSWORD).await;
        newcomer.get("/api/v1/people/robin/status").await.expect_problem(404, "not_found");
        newcomer.post("/api/v1/people/robin/share-requests", json!({})).await.expect(StatusCode::CREATED);
    }
    register(&app, "fourth", "for-several").await.expect_problem(403, "invalid_invite");

    assert_eq!(register(&app, "ruth", "for-an-admin").await.expect(StatusCode::CREATED).json["role"], "admin");
    robin.get("/api/v1/me/shares/ruth").await.expect_problem(404, "not_found");
}

/// 2026-11-30-000042: somebody chose a zone other than UTC; UTC was the default of an account.
#[actix_web::test]
async fn an_old_zone_gives_way_to_a_device_only_where_nobody_chose_it() {
    let app = TestApp::start().await;
    let mut people = Vec::new();
    for (name, zone, logged, taken) in [
        ("chosen", "Europe/Berlin", false, "Europe/Berlin"),
        ("untouched", "UTC", false, "Asia/Tokyo"),
        ("logging", "UTC", true, "UTC"),
    ] {
        let person = app.named(name, Role::Admin).await;
        if logged {
            person.log("water", 250, NOON).await;
        }
        people.push((person, zone, taken));
    }
    let zones: Vec<String> = people
        .iter()
        .map(|(person, zone, _)| {
            format!("UPDATE users SET time_zone = '{zone}' WHERE username = '{}';", person.username)
        })
        .collect();
    let app = a_release_later(&app, &zones.concat()).await;
    for (person, zone, taken) in people {
        let person = at(&app, &person);
        let me = person.get("/api/v1/me").await.json;
        assert_eq!((&me["time_zone"], &me["time_zone_set"]), (&json!(zone), &json!(zone != "UTC")));
        let told = person.patch("/api/v1/me", json!({"device_time_zone": "Asia/Tokyo"})).await;
        assert_eq!(told.expect(StatusCode::OK).json["time_zone"], taken, "{}", person.username);
    }
}

/// 2026-11-30-000021: failures from before attempts had rows of their own.
#[actix_web::test]
async fn old_failures_still_count_and_old_locks_still_hold() {
    let app = TestApp::start().await;
    let [locked, nearly, free] = [app.viewer().await, app.viewer().await, app.viewer().await];
    let failed = |client: &Client, failures: i32| {
        let at = app.clock.now().0 - MINUTE;
        format!(
            "INSERT INTO sign_in_failures (username, failures, last_at) VALUES ('{}', {failures}, {at});",
            client.username
        )
    };
    let app = a_release_later(&app, &(failed(&locked, 5) + &failed(&nearly, 4) + &failed(&free, 3))).await;
    let sign_in = async |client: &Client, password: &str| {
        let body = json!({"username": client.username, "password": password});
        app.anonymous().post("/api/v1/auth/login", body).await
    };
    let waits = sign_in(&locked, PASSWORD).await;
    assert_eq!(waits.expect_problem(423, "locked").header("retry-after"), (29 * MINUTE / SECOND).to_string());
    sign_in(&nearly, WRONG).await.expect_problem(401, "invalid_credentials");
    sign_in(&nearly, PASSWORD).await.expect_problem(423, "locked");
    sign_in(&free, WRONG).await.expect_problem(401, "invalid_credentials");
    sign_in(&free, PASSWORD).await.expect(StatusCode::OK);
    app.clock.advance(29 * MINUTE);
    sign_in(&locked, PASSWORD).await.expect(StatusCode::OK);
    // Older sessions go on.
    at(&app, &nearly).get("/api/v1/me").await.expect(StatusCode::OK);
}

/// 2026-11-30-000041: entries from before ounces were stored were logged in millilitres, whatever unit the person reads.
#[actix_web::test]
async fn old_entries_and_their_versions_are_what_they_were() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    let mut paths = Vec::new();
    for value in [250, 300, 900] {
        app.clock.advance(SECOND);
        let entry = robin.log("water", value, NOON).await;
        paths.push(format!("/api/v1/entries/{}", entry["id"].as_str().unwrap()));
    }
    app.clock.advance(SECOND);
    robin.patch(&paths[0], json!({"value": 200, "note": "less"})).await.expect(StatusCode::OK);
    robin.delete(&paths[2]).await.expect(StatusCode::NO_CONTENT);
    let ways = [
        "/api/v1/people/robin/status",
        "/api/v1/people/robin/entries",
        "/api/v1/entries/deleted",
        &format!("{}/versions", paths[0]),
        "/api/v1/admin/audit?action=entry.update",
    ]
    .map(str::to_owned);
    let mut before = Vec::new();
    for way in &ways {
        before.push(robin.get(way).await.expect(StatusCode::OK).json.clone());
    }
    assert_eq!(before[0]["water"]["today_ml"], 500);

    let app = a_release_later(&app, "UPDATE users SET unit = 'fl_oz';").await;
    let robin = at(&app, &robin);
    for (way, before) in ways.iter().zip(before) {
        assert_eq!(robin.get(way).await.expect(StatusCode::OK).json, before, "{way}");
    }
    app.clock.advance(SECOND);
    let back = robin.post(&format!("{}/versions/1/restore", paths[0]), json!({})).await.json["entry"].clone();
    assert_eq!((&back["value"], &back["note"], back.get("fl_oz_tenths")), (&json!(250), &json!(null), None));
    robin.post(&format!("{}/restore", paths[2]), json!({})).await.expect(StatusCode::OK);
    // Water typed in ounces from now on is added to them.
    let typed = json!({"metric": "water", "value": 296, "fl_oz_tenths": 100, "at": NOON});
    robin.post("/api/v1/entries", typed).await.expect(StatusCode::CREATED);
    let water = robin.get("/api/v1/people/robin/status").await.json["water"].clone();
    assert_eq!(water["today_ml"], 250 + 300 + 900 + 296);
    // 1,450 ml are 49.03 fluid ounces of 29.57 ml.
    assert_eq!(water["today_fl_oz_tenths"], 490 + 100);
}

/// 2026-11-30-000010 and 2026-11-30-000031: the audit chain goes on where it was, and the server reports itself healthy.
#[actix_web::test]
async fn the_record_goes_on_and_the_server_is_well() {
    let app = TestApp::start().await;
    let robin = app.named("robin", Role::Admin).await;
    for value in 1..=3 {
        robin.log("altitude", value, NOON).await;
    }
    let record = "/api/v1/admin/audit?limit=100";
    let before = robin.get(record).await.json["items"].clone();
    let app = a_release_later(&app, "").await;
    let robin = at(&app, &robin);
    robin.log("altitude", 4, NOON).await;
    let after = robin.get(record).await.json["items"].clone();
    let (before, after) = (before.as_array().unwrap(), after.as_array().unwrap());
    assert!(before.len() >= 3, "{before:?}");
    assert_eq!(after[after.len() - before.len()..], before[..]);
    let verified = Command::new(env!("CARGO_BIN_EXE_status-tracker"))
        .args(["audit", "verify"])
        .env_clear()
        .env("DATA_DIR", app.folder.path())
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
    assert!(String::from_utf8_lossy(&verified.stdout).starts_with("sound: "), "{verified:?}");
    assert_eq!(app.anonymous().get("/health/ready").await.expect(StatusCode::OK).json["status"], "ok");
}
