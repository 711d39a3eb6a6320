//! Commands of the program: what they do and print.

use std::{fs, net::TcpListener, os::unix::fs::MetadataExt};

use diesel::{connection::SimpleConnection, prelude::*};
use status_tracker::db::schema::{entries, users};

use super::{Program, text};
use crate::support::PASSWORD;

#[test]
fn a_new_instance_from_migrate_to_users() {
    let program = Program::new();
    program.must(&["migrate"]);
    assert!(program.must(&["migrate", "--status"]).starts_with("applied  "));
    assert_eq!(program.must(&["user", "list", "--json"]).trim(), "[]");
    let created = program.must(&["user", "create", "--username", "Robin", "--role", "admin", "--generate"]);
    let password = created.lines().last().unwrap().strip_prefix("password: ").unwrap();
    assert_eq!(password.len(), 24);
    let words = ["user", "create", "--username", "alex", "--role", "viewer", "--password-stdin"];
    assert!(program.run_with_input(&words, &format!("{PASSWORD}\n")).status.success());
    let weak = program.run_with_input(&words, "password");
    assert_eq!(weak.status.code(), Some(1));
    assert!(text(&weak.stderr).contains("12 to 128 characters"));
    program.must_fail(
        &["user", "create", "--username", "ROBIN", "--role", "admin", "--generate"],
        &[],
        "username_taken",
    );
    program.must_fail(&["user", "create", "--username", "a b", "--role", "admin", "--generate"], &[], "user name");
    let users: serde_json::Value = serde_json::from_str(&program.must(&["user", "list", "--json"])).unwrap();
    let names: Vec<_> = users.as_array().unwrap().iter().map(|user| (&user["username"], &user["role"])).collect();
    assert_eq!(format!("{names:?}"), r#"[(String("alex"), String("viewer")), (String("robin"), String("admin"))]"#);
    assert!(users[0].get("password_hash").is_none());
    for file in ["status-tracker.db", "jwt_secret.secret", "session_secret.secret", "password_pepper.secret"] {
        assert_eq!(fs::metadata(program.path("data").join(file)).unwrap().mode() & 0o777, 0o600, "{file}");
    }
    assert_eq!(fs::metadata(program.path("data")).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn a_year_of_demo_data_is_large_and_goes_only_into_an_empty_database() {
    let program = Program::new();
    let printed = program.must(&["demo"]);
    assert!(printed.contains("users: robin and sasha log, alex watches\n") && printed.contains("password: "));
    let mut conn = program.database();
    let mut counts: Vec<(String, i64)> = entries::table
        .inner_join(users::table)
        .group_by(users::username)
        .select((users::username, diesel::dsl::count_star()))
        .load(&mut conn)
        .unwrap();
    counts.sort();
    assert_eq!(counts.len(), 2);
    assert!(counts.iter().all(|(_, count)| *count >= 4000), "{counts:?}");
    program.must_fail(&["demo"], &[], "empty database");
}

#[test]
fn the_audit_log_from_the_command_line() {
    let program = Program::new();
    program.must(&["migrate"]);
    assert!(program.must(&["audit", "verify"]).starts_with("sound: 0 records"));
    program.must(&["user", "create", "--username", "robin", "--role", "admin", "--generate"]);
    program.must(&["user", "create", "--username", "alex", "--role", "viewer", "--generate"]);
    let verified = program.must(&["audit", "verify"]);
    let head = verified.lines().find_map(|line| line.strip_prefix("head: ")).unwrap();
    program.must(&["audit", "verify", "--head", head]);
    let listed = program.must(&["audit", "list", "--action", "user.create"]);
    let newest: serde_json::Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    assert_eq!((&newest["actor"], &newest["target"]), (&"(operator)".into(), &"alex".into()));
    assert_eq!(program.must(&["audit", "list", "--target", "robin"]).lines().count(), 1);
    assert_eq!(program.must(&["audit", "export"]).lines().count(), 2);
    assert_eq!(
        program.must(&["audit", "export", "--format", "csv", "--to", "2026-01-01T00:00:00Z"]).lines().count(),
        1
    );

    let mut conn = program.database();
    let edit = "DROP TRIGGER audit_is_not_changed; UPDATE audit SET target = 'sasha' WHERE id = 1";
    conn.batch_execute(edit).unwrap();
    program.must_fail(&["audit", "verify"], &[], "record 1 is not what was written");
    let other = format!("2:{}", "0".repeat(64));
    program.must_fail(&["audit", "verify", "--head", &other], &[], "damaged");
    assert_eq!(program.run(&["audit", "verify", "--head", "nonsense"], &[]).status.code(), Some(2));
}

#[test]
fn wrong_words_are_exit_2_and_help_is_on_every_level() {
    let program = Program::new();
    let wrong: [&[&str]; 6] = [
        &[],
        &["serv"],
        &["user"],
        &["user", "create"],
        &["user", "create", "--username", "x", "--role", "king", "--generate"],
        &["user", "create", "--username", "robin", "--role", "admin", "--generate", "--password-stdin"],
    ];
    for words in wrong {
        assert_eq!(program.run(words, &[]).status.code(), Some(2), "{words:?}");
    }
    let user = ["create", "list", "set-role", "reset-password", "unlock", "disable", "enable", "delete"];
    let commands = user.map(|command| vec!["user", command]).into_iter();
    let sessions = ["list", "revoke"].map(|command| vec!["session", command]);
    for mut words in commands.chain(sessions).chain([vec![], vec!["user"], vec!["session"], vec!["demo"]]) {
        words.push("--help");
        assert!(program.must(&words).contains("Usage:"), "{words:?}");
    }
}

#[test]
fn the_printed_document_is_the_committed_one() {
    let committed = include_str!("../../../../../openapi/openapi.json");
    assert!(Program::new().must(&["openapi"]) == committed, "openapi/openapi.json is stale: run `make generate`");
}

#[test]
fn nobody_there_is_an_unhealthy_answer() {
    let program = Program::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    program.must_fail(&["healthcheck"], &[("BIND_ADDR", &free.to_string())], "No server answers");
}
