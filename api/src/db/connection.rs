//! A connection of either database, and how one is made.

use diesel::{
    Connection, ConnectionError, ConnectionResult, MultiConnection, PgConnection, QueryResult, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::error::ApiError;

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// `busy_timeout` comes first: each of the others may already have to wait for a lock. FULL syncs the log at every commit; in a
/// simulated power cut NORMAL lost acknowledged writes. `trusted_schema` off keeps a hostile file from running functions. `temp_store`
/// keeps what a savepoint or a sort sets aside out of the system's temporary folder, where there may be no room and others may look. A log
/// that grew while a read held it back is cut to `journal_size_limit` once it has been moved into the file.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                       PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16000; \
                       PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;";

/// SQLite stands last, because its `establish` takes any text for a file name.
#[derive(MultiConnection)]
pub enum DbConnection {
    Postgresql(PgConnection),
    Sqlite(SqliteConnection),
}

impl std::fmt::Debug for DbConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Postgresql(_) => "PostgreSQL",
            Self::Sqlite(_) => "SQLite",
        })
    }
}

impl DbConnection {
    /// Chooses the database by the URL's scheme and nothing else.
    pub(super) fn open(url: &str) -> ConnectionResult<Self> {
        let Some(path) = url.strip_prefix("sqlite://") else {
            return PgConnection::establish(url).map(Self::Postgresql);
        };
        let mut connection = SqliteConnection::establish(path)?;
        connection.batch_execute(PRAGMAS).map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(Self::Sqlite(connection))
    }

    /// Starts a transaction that holds the write lock from its first statement: one that reads first and asks for the lock later
    /// fails at once on SQLite, however long the busy timeout.
    pub(super) fn begin(&mut self) -> QueryResult<()> {
        match self {
            Self::Postgresql(connection) => AnsiTransactionManager::begin_transaction(connection),
            Self::Sqlite(connection) => AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE"),
        }
    }

    /// Runs `f` in a transaction. Its own error is the answer also where SQLite has ended the transaction for it: Diesel would tell of the
    /// ROLLBACK that failed for that reason.
    pub(super) fn reading<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let mut failed = None;
        let outcome = self.transaction(|conn| f(conn).inspect_err(|error| failed = Some(error.clone())));
        outcome.map_err(|error| failed.unwrap_or(error))
    }

    pub(super) fn checkpoint(&mut self) -> QueryResult<()> {
        match self {
            Self::Postgresql(_) => Ok(()),
            Self::Sqlite(connection) => connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)"),
        }
    }

    pub(super) fn commit(&mut self) -> QueryResult<()> {
        <Self as Connection>::TransactionManager::commit_transaction(self)
    }

    /// Ends the transaction of [`Self::begin`] without its changes, also one that the database has ended already: Diesel, which
    /// counts on its own, learns of that from a ROLLBACK that fails.
    pub(super) fn abandon(&mut self) {
        let _ended_already = self.batch_execute("ROLLBACK").and_then(|()| self.batch_execute("ROLLBACK"));
    }

    pub(super) fn open_savepoint(&mut self) -> QueryResult<()> {
        self.batch_execute("SAVEPOINT job")
    }

    /// Retains or undoes the changes since [`Self::open_savepoint`]. Fails where the transaction has ended, for whatever reason, since the
    /// savepoint went with it.
    pub(super) fn close_savepoint(&mut self, keep: bool) -> QueryResult<()> {
        self.batch_execute(if keep { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" })
    }
}

/// Makes connections for the pool and for the writer.
#[derive(Clone, Debug)]
pub struct Manager {
    url: String,
    read_only: bool,
}

impl Manager {
    pub(super) fn reader(url: &str) -> Self {
        Self { url: url.to_owned(), read_only: true }
    }

    pub(super) fn writer(url: &str) -> Self {
        Self { url: url.to_owned(), read_only: false }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = DbConnection;
    type Error = ConnectionError;

    fn connect(&self) -> Result<DbConnection, ConnectionError> {
        let mut connection = DbConnection::open(&self.url)?;
        if self.read_only && matches!(connection, DbConnection::Sqlite(_)) {
            connection.batch_execute("PRAGMA query_only = ON;").map_err(ConnectionError::CouldntSetupConfiguration)?;
        }
        Ok(connection)
    }

    fn is_valid(&self, connection: &mut DbConnection) -> Result<(), ConnectionError> {
        connection.batch_execute("SELECT 1").map_err(ConnectionError::CouldntSetupConfiguration)
    }

    fn has_broken(&self, connection: &mut DbConnection) -> bool {
        std::thread::panicking()
            || <DbConnection as Connection>::TransactionManager::is_broken_transaction_manager(connection)
    }
}
