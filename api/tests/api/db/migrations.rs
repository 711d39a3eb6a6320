//! The way of a database to its present shape, and back.

use std::{
    fmt::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query,
    sql_types::{BigInt, Text},
};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use status_tracker::db::MIGRATIONS;

#[test]
fn up_down_and_up_again_gives_the_same_database() {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    let empty = shape(&mut connection);
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    let first = shape(&mut connection);
    assert!(first.len() > empty.len());
    connection.revert_all_migrations(MIGRATIONS).unwrap();
    assert_eq!(shape(&mut connection), empty, "nothing is left behind");
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    assert_eq!(shape(&mut connection), first);
}

#[test]
fn each_migration_can_be_undone_by_itself() {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    while connection.has_pending_migration(MIGRATIONS).unwrap() {
        let before = shape(&mut connection);
        connection.run_next_migration(MIGRATIONS).unwrap();
        connection.revert_last_migration(MIGRATIONS).unwrap();
        assert_eq!(shape(&mut connection), before);
        connection.run_next_migration(MIGRATIONS).unwrap();
    }
}

/// The program contains its migrations; a build that missed a change in the folder would contain old ones.
#[test]
fn the_program_carries_what_lies_in_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let (mut from_folder, mut carried) =
        (SqliteConnection::establish(":memory:").unwrap(), SqliteConnection::establish(":memory:").unwrap());
    from_folder.run_pending_migrations(FileBasedMigrations::from_path(folder).unwrap()).unwrap();
    carried.run_pending_migrations(MIGRATIONS).unwrap();
    assert_eq!(shape(&mut carried), shape(&mut from_folder));
}

/// Every query is checked against `schema.rs` when it is compiled, so it has to match the database.
#[test]
fn the_schema_in_the_source_is_that_of_the_database() {
    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        table: String,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        kind: String,
        #[diesel(sql_type = BigInt)]
        required: i64,
        #[diesel(sql_type = BigInt)]
        key: i64,
    }
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    let columns: Vec<Column> = sql_query(
        "SELECT m.name AS \"table\", c.name AS name, c.type AS kind, c.\"notnull\" AS required, c.pk AS key
         FROM sqlite_master AS m, pragma_table_info(m.name) AS c
         WHERE m.type = 'table' AND m.name <> '__diesel_schema_migrations' ORDER BY m.name, c.cid",
    )
    .load(&mut connection)
    .unwrap();

    let mut expected = String::new();
    for table in columns.chunk_by(|a, b| a.table == b.table) {
        let mut keys: Vec<&Column> = table.iter().filter(|column| column.key > 0).collect();
        keys.sort_by_key(|column| column.key);
        let keys: Vec<&str> = keys.iter().map(|column| column.name.as_str()).collect();
        writeln!(expected, "diesel::table! {{\n    {} ({}) {{", table[0].table, keys.join(", ")).unwrap();
        for column in table {
            let kind = match column.kind.as_str() {
                "TEXT" => "Text",
                "SMALLINT" => "SmallInt",
                "INTEGER" => "Integer",
                "BIGINT" => "BigInt",
                other => panic!("{}.{} is {other}, which the two databases do not share", column.table, column.name),
            };
            let kind = if column.required == 1 { kind.to_owned() } else { format!("Nullable<{kind}>") };
            writeln!(expected, "        {} -> {kind},", column.name).unwrap();
        }
        expected += "    }\n}\n\n";
    }
    let source = include_str!("../../../src/db/schema.rs");
    let start = source.find("diesel::table!").unwrap();
    let end = source.find("diesel::joinable!").unwrap();
    assert_eq!(&source[start..end], expected);
}

#[test]
fn five_processes_that_migrate_at_once_apply_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let migrate = || {
        Command::new(env!("CARGO_BIN_EXE_status-tracker"))
            .arg("migrate")
            .env_clear()
            .env("DATA_DIR", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let outputs: Vec<Output> =
        [(); 5].map(|()| migrate()).into_iter().map(|process| process.wait_with_output().unwrap()).collect();
    let said: Vec<_> = outputs.iter().map(|output| String::from_utf8_lossy(&output.stderr)).collect();
    assert!(outputs.iter().all(|output| output.status.success()), "{said:#?}");
    let log = said.concat();
    let all = migrations_in(&log);
    let mut once = all.clone();
    once.dedup();
    assert_eq!(all, once, "each is applied by one of them: {said:#?}");

    let path = folder.path().join("status-tracker.db");
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    assert_eq!(connection.applied_migrations().unwrap().len(), all.len());
    assert!(!connection.has_pending_migration(MIGRATIONS).unwrap());
    let mut whole = SqliteConnection::establish(":memory:").unwrap();
    whole.run_pending_migrations(MIGRATIONS).unwrap();
    assert_eq!(shape(&mut connection), shape(&mut whole));
}

/// The versions that the log lines say were applied, sorted.
fn migrations_in(log: &str) -> Vec<&str> {
    let mut versions: Vec<&str> =
        log.lines().filter_map(|line| line.split_once("migration=")).map(|(_, version)| version).collect();
    versions.sort_unstable();
    versions
}

/// Everything `sqlite_master` says.
fn shape(connection: &mut SqliteConnection) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Thing {
        #[diesel(sql_type = Text)]
        thing: String,
    }
    // Asking for the applied migrations makes the table that lists them, which then stays.
    let _applied = connection.applied_migrations().unwrap();
    let query = "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') AS thing FROM sqlite_master
                 WHERE type <> 'trigger' ORDER BY type, name";
    sql_query(query).load::<Thing>(connection).unwrap().into_iter().map(|row| row.thing).collect()
}
