//! Opening a database file before anything is served from it: it is created, recognised, and brought up to date.
//!
//! A file that is not ours is refused untouched, and two processes that start at once migrate one after the other.

use std::{
    fmt::Display,
    fs::{File, OpenOptions},
    io::{ErrorKind, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use diesel::{
    Connection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    migration::MigrationSource,
    sql_query,
    sql_types::{Integer, Text},
};
use diesel_migrations::MigrationHarness;

use super::connection::{DbConnection, MIGRATIONS};
use crate::{config::create_private_dir, error::ApiError};

/// "stat" in ASCII, kept in the file's header (`PRAGMA application_id`).
const APPLICATION_ID: i32 = 0x7374_6174;

/// Makes an empty database file, readable by its owner alone, unless there is a file already.
pub(super) fn create(path: &Path) -> Result<(), String> {
    let problem = |cause| format!("The database {} cannot be made: {cause}", path.display());
    if let Some(folder) = path.parent() {
        create_private_dir(folder).map_err(problem)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(problem(cause)),
        _ => Ok(()),
    }
}

/// Refuses a file that cannot be read and written, is damaged, or belongs to another program. Changes nothing.
/// Tells whether it is new, that is, empty.
pub(super) fn check(path: &Path) -> Result<bool, String> {
    let mut header = Vec::new();
    File::open(path)
        .and_then(|file| file.take(16).read_to_end(&mut header))
        .map_err(|cause| format!("The database {} cannot be read: {cause}", path.display()))?;
    if !header.is_empty() && header != *b"SQLite format 3\0" {
        return Err(format!("The file {} is not a SQLite database. Check DATABASE_URL", path.display()));
    }
    OpenOptions::new()
        .append(true)
        .open(path)
        .map_err(|cause| format!("The database {} cannot be written: {cause}", path.display()))?;
    // Without the other pragmas of a serving connection: switching to WAL would already change a file that is not ours. The wait is for
    // a process that is doing just that to a new file of ours.
    let mut connection =
        SqliteConnection::establish(&path.to_string_lossy()).map_err(|cause| unusable(path, &cause))?;
    connection.batch_execute("PRAGMA busy_timeout = 5000").map_err(|cause| unusable(path, &cause))?;
    // In this order: a process that makes the file at this moment writes its id before its tables.
    let tables = number(&mut connection, "SELECT count(*) AS value FROM sqlite_master");
    let application = number(&mut connection, "SELECT application_id AS value FROM pragma_application_id");
    match (application.map_err(|cause| unusable(path, &cause))?, tables.map_err(|cause| unusable(path, &cause))?) {
        (APPLICATION_ID, _) => Ok(false),
        (0, 0) => Ok(true),
        _ => Err(format!("The database {} belongs to another program. Check DATABASE_URL", path.display())),
    }
}

/// Applies what is pending, holding a lock file beside the database: two processes that looked at once would both apply it.
pub(super) fn migrate(path: &Path, new: bool) -> Result<(), String> {
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path.with_extension("lock"))
        .map_err(|cause| unusable(path, &cause))?;
    lock.lock().map_err(|cause| unusable(path, &cause))?;
    // On a connection that has not chosen the write-ahead log yet: `auto_vacuum` holds for a file in which nothing stands. The id stands there
    // before the first table, since a file with tables and without it is somebody else's.
    if new {
        SqliteConnection::establish(&path.to_string_lossy())
            .map_err(|cause| unusable(path, &cause))?
            .batch_execute(&format!(
                "PRAGMA busy_timeout = 5000; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = {APPLICATION_ID}"
            ))
            .map_err(|cause| unusable(path, &cause))?;
    }
    let mut connection = connect(path)?;
    if !new {
        refuse_damage(path, &mut connection)?;
        refuse_newer(path, &mut connection)?;
    }
    for name in connection.run_pending_migrations(MIGRATIONS).map_err(|cause| unusable(path, &cause))? {
        log::info!(migration:% = name; "migrated");
    }
    if matches!(connection, DbConnection::Sqlite(_)) {
        connection.batch_execute(super::guards::SQLITE).map_err(|cause| unusable(path, &cause))?;
    }
    Ok(())
}

/// The names of the applied and of the pending migrations.
pub(super) fn status(path: &Path) -> Result<(Vec<String>, Vec<String>), String> {
    check(path)?;
    let mut connection = connect(path)?;
    let pending: Vec<String> = MigrationHarness::<Backend>::pending_migrations(&mut connection, MIGRATIONS)
        .map_err(|cause| unusable(path, &cause))?
        .iter()
        .map(|migration| migration.name().to_string())
        .collect();
    let all = MigrationSource::<Backend>::migrations(&MIGRATIONS).map_err(|cause| unusable(path, &cause))?;
    let applied = all.iter().map(|migration| migration.name().to_string()).filter(|name| !pending.contains(name));
    Ok((applied.collect(), pending))
}

type Backend = <DbConnection as Connection>::Backend;

fn connect(path: &Path) -> Result<DbConnection, String> {
    DbConnection::open(&format!("sqlite://{}", path.display())).map_err(|cause| unusable(path, &cause))
}

fn unusable(path: &Path, cause: &dyn Display) -> String {
    let text = cause.to_string();
    // SQLITE_CORRUPT and SQLITE_NOTADB (<https://www.sqlite.org/rescode.html>).
    if ["malformed", "not a database"].iter().any(|sign| text.contains(sign)) {
        return damaged(path, &text);
    }
    format!("The database {} cannot be used: {text}", path.display())
}

fn damaged(path: &Path, finding: &str) -> String {
    let finding = finding.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(
        "The database {} is damaged: {finding}. Nothing was changed. Copy it away with its -wal and -shm, then put back a backup",
        path.display()
    )
}

/// A file up to this size is read whole at each start, which takes a fraction of a second. A larger one would make people wait.
const READ_AT_START: u64 = 256 << 20;

fn refuse_damage(path: &Path, connection: &mut DbConnection) -> Result<(), String> {
    if path.metadata().map_or(0, |file| file.len()) > READ_AT_START {
        return Ok(());
    }
    let found: Vec<Finding> =
        sql_query("SELECT quick_check AS text FROM pragma_quick_check WHERE quick_check <> 'ok' LIMIT 1")
            .load(connection)
            .map_err(|cause| unusable(path, &cause))?;
    found.first().map_or(Ok(()), |finding| Err(damaged(path, &finding.text)))
}

/// A newer program may have changed the database so that this one would misread it. The database names the newest migration that a program
/// has to know; a file from before it did needs all of them.
fn refuse_newer(path: &Path, connection: &mut DbConnection) -> Result<(), String> {
    let unusable = |cause: &dyn Display| unusable(path, cause);
    let applied = connection.applied_migrations().map_err(|cause| unusable(&cause))?;
    let known: Vec<String> = MigrationSource::<Backend>::migrations(&MIGRATIONS)
        .map_err(|cause| unusable(&cause))?
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    let Some(stranger) = applied.iter().map(ToString::to_string).find(|applied| !known.contains(applied)) else {
        return Ok(());
    };
    let floor: Vec<Finding> =
        sql_query("SELECT migration AS text FROM schema_floor").load(connection).unwrap_or_default();
    if floor.first().is_some_and(|floor| known.contains(&floor.text)) {
        return Ok(());
    }
    Err(format!(
        "The database {} was made by a newer version (migration {stranger}). Nothing was changed. Run that version, or put back the backup \
         that it made before it changed the database",
        path.display()
    ))
}

#[derive(QueryableByName)]
struct Finding {
    #[diesel(sql_type = Text)]
    text: String,
}

pub(super) fn damage(connection: &mut DbConnection) -> Result<Option<String>, ApiError> {
    let unsound =
        sql_query("SELECT integrity_check AS text FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 1");
    match first(connection, unsound)? {
        None => orphans(connection),
        found => Ok(found),
    }
}

/// The first fault of one table and its indexes.
pub(super) fn damage_of(connection: &mut DbConnection, table: &str) -> Result<Option<String>, ApiError> {
    let unsound = sql_query(
        "SELECT integrity_check AS text FROM pragma_integrity_check(?) WHERE integrity_check <> 'ok' LIMIT 1",
    );
    first(connection, unsound.bind::<Text, _>(table))
}

/// The first row that refers to one that is not there.
pub(super) fn orphans(connection: &mut DbConnection) -> Result<Option<String>, ApiError> {
    first(
        connection,
        sql_query(
            "SELECT 'a row of ' || \"table\" || ' belongs to nobody' AS text FROM pragma_foreign_key_check LIMIT 1",
        ),
    )
}

fn first<'q>(
    connection: &mut DbConnection,
    query: impl diesel::query_dsl::LoadQuery<'q, DbConnection, Finding>,
) -> Result<Option<String>, ApiError> {
    let found: Vec<Finding> = query.load(connection)?;
    Ok(found.into_iter().next().map(|finding| finding.text))
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Integer)]
    value: i32,
}

fn number(connection: &mut SqliteConnection, query: &str) -> QueryResult<i32> {
    sql_query(query).get_result::<Number>(connection).map(|row| row.value)
}
