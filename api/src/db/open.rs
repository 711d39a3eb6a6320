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
    let mut connection = connect(path)?;
    // Before the first table: a file with tables and without the id is somebody else's.
    if new {
        connection
            .batch_execute(&format!("PRAGMA application_id = {APPLICATION_ID}"))
            .map_err(|cause| unusable(path, &cause))?;
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
    format!("The database {} cannot be used: {cause}", path.display())
}

pub(super) fn damage(connection: &mut DbConnection) -> Result<Option<String>, ApiError> {
    #[derive(QueryableByName)]
    struct Finding {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let unsound =
        sql_query("SELECT integrity_check AS text FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 1");
    let orphans = sql_query(
        "SELECT 'a row of ' || \"table\" || ' belongs to nobody' AS text FROM pragma_foreign_key_check LIMIT 1",
    );
    let mut found: Vec<Finding> = unsound.load(connection)?;
    found.extend(orphans.load::<Finding>(connection)?);
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
