//! Obstacles to a start: missing, foreign or unreadable files, and a port that is taken.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt};

use diesel::{connection::SimpleConnection, prelude::*};

use super::Program;

#[test]
fn a_database_that_is_missing_is_not_made_up_by_serving() {
    let program = Program::new();
    let words: [&[&str]; 3] =
        [&["serve"], &["user", "list"], &["user", "create", "--username", "robin", "--role", "admin", "--generate"]];
    for words in words {
        program.must_fail(words, &[], "is missing");
    }
    assert!(!program.path("data/status-tracker.db").exists());
}

#[test]
fn a_file_of_something_else_is_refused_untouched() {
    let program = Program::new();
    program.must(&["migrate"]);
    let database = program.path("data/status-tracker.db");
    let foreign = program.path("foreign.db");
    {
        let mut conn = diesel::SqliteConnection::establish(foreign.to_str().unwrap()).unwrap();
        conn.batch_execute("CREATE TABLE accounts (id INTEGER); INSERT INTO accounts VALUES (1);").unwrap();
    }
    let text_file = program.path("notes.txt");
    fs::write(&text_file, "buy milk, and this is longer than a header of any kind").unwrap();
    let cut = program.path("cut.db");
    fs::write(&cut, &fs::read(&database).unwrap()[..5000]).unwrap();
    for (file, what) in [(&foreign, "another program"), (&text_file, "not a SQLite database"), (&cut, "malformed")] {
        let before = fs::read(file).unwrap();
        let url = format!("sqlite://{}", file.display());
        for words in [["serve"], ["migrate"]] {
            program.must_fail(&words, &[("DATABASE_URL", &url)], what);
        }
        assert_eq!(fs::read(file).unwrap(), before, "{}", file.display());
    }
    let folder = format!("sqlite://{}", program.folder.path().display());
    program.must_fail(&["serve"], &[("DATABASE_URL", &folder)], "cannot be read");
}

#[test]
fn a_damaged_database_is_refused_untouched() {
    let program = Program::new();
    program.must(&["demo", "--days", "30"]);
    let database = program.path("data/status-tracker.db");
    let whole = fs::read(&database).unwrap();
    // A page header, the middle of a page and the first page: each of some table or index.
    for place in [4096 * 3, 4096 * 20, 4096 * 40, 100] {
        let mut damaged = whole.clone();
        damaged[place..place + 8].fill(0xff);
        fs::write(&database, &damaged).unwrap();
        for words in [["serve"], ["migrate"]] {
            program.must_fail(&words, &[], "damaged");
        }
        assert_eq!(fs::read(&database).unwrap(), damaged, "at {place}");
    }
}

#[test]
fn a_database_of_a_newer_version_is_refused_unless_it_says_otherwise() {
    let program = Program::new();
    program.must(&["migrate"]);
    let database = program.path("data/status-tracker.db");
    let change = |sql: &str| {
        let mut conn = diesel::SqliteConnection::establish(database.to_str().unwrap()).unwrap();
        conn.batch_execute(sql).unwrap();
    };
    change("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')");
    program.must(&["user", "list"]);
    change("UPDATE schema_floor SET migration = '29991231000001'");
    for words in [["serve"], ["migrate"]] {
        program.must_fail(&words, &[], "a newer version (migration 29991231000001)");
    }
    change("DROP TABLE schema_floor");
    program.must_fail(&["migrate"], &[], "a newer version");
}

#[test]
fn a_file_that_may_not_be_read_or_written_is_refused() {
    let program = Program::unprivileged();
    program.must(&["migrate"]);
    let database = program.path("data/status-tracker.db");
    let mode = |mode| fs::set_permissions(&database, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o444);
    program.must_fail(&["serve"], &[], "cannot be written");
    program.must_fail(&["migrate"], &[], "cannot be written");
    mode(0o000);
    program.must_fail(&["serve"], &[], "cannot be read");
}

#[test]
fn a_port_in_use_is_named() {
    let program = Program::new();
    program.must(&["migrate"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _keep = TcpListener::bind(taken).unwrap();
    program.must_fail(&["serve"], &[("BIND_ADDR", &taken.to_string())], &format!("Cannot listen on {taken}"));
}
