//! The database: reads from a pool, writes through one writer.
//!
//! SQLite lets one connection write at a time and charges a disk sync for every commit. So all writes queue for one thread
//! that takes everything waiting, runs each in a savepoint of its own inside one transaction, commits once, and only then
//! answers each: a bad write undoes itself alone, and nothing is acknowledged before it is durable.

mod changes;
mod connection;
pub mod guards;
mod open;
pub mod schema;
mod writer;

use std::{path::PathBuf, sync::Arc, time::Duration};

use actix_web::web;

pub use self::changes::Changes;
pub use self::connection::{DbConnection, MIGRATIONS};
use self::{connection::Manager, writer::Writer};
use crate::{config::Config, error::ApiError};

/// How long a request waits for a free connection before it is told to come back.
const POOL_WAIT: Duration = Duration::from_secs(5);

/// Handle to the database; clones share the pool and the writer.
#[derive(Clone)]
pub struct Db {
    readers: r2d2::Pool<Manager>,
    reader: Manager,
    writer: Arc<Writer>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("readers", &self.readers.state()).finish_non_exhaustive()
    }
}

impl Db {
    /// Makes the file if there is none, and brings it to the newest version.
    ///
    /// # Errors
    /// One line that says what stands in the way.
    pub fn create(config: &Config) -> Result<Self, String> {
        let path = path(config);
        open::create(&path)?;
        Self::start(config, path)
    }

    /// Opens the existing file and brings it to the newest version.
    ///
    /// # Errors
    /// One line that says what stands in the way. A file that is missing is an error too: a server that made a new one would
    /// hide that a disk was not mounted.
    pub fn open(config: &Config) -> Result<Self, String> {
        let path = path(config);
        if !path.exists() {
            return Err(format!(
                "The database {} is missing. Check DATA_DIR and DATABASE_URL, or make a new one with `status-tracker migrate`",
                path.display()
            ));
        }
        Self::start(config, path)
    }

    fn start(config: &Config, path: PathBuf) -> Result<Self, String> {
        let new = open::check(&path)?;
        open::migrate(&path, new)?;
        let failed =
            |cause: &dyn std::fmt::Display| format!("The database {} cannot be opened: {cause}", path.display());
        let reader = Manager::reader(&config.database_url);
        let readers = r2d2::Pool::builder()
            .max_size(config.database_readers)
            .connection_timeout(POOL_WAIT)
            .test_on_check_out(false)
            .build(reader.clone())
            .map_err(|cause| failed(&cause))?;
        let writer =
            Writer::start(Manager::writer(&config.database_url), config.write_queue).map_err(|cause| failed(&cause))?;
        Ok(Self { readers, reader, writer: Arc::new(writer) })
    }

    /// Runs a bounded, indexed read. On the worker's own thread, because such a read is shorter than a hand-over to another;
    /// only waiting for a connection leaves it. The connection refuses to write.
    ///
    /// # Errors
    /// What `f` returns, or [`crate::error::Code::Busy`] if no connection came free within five seconds.
    pub async fn read<T>(&self, f: impl FnOnce(&mut DbConnection) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let mut connection = if let Some(connection) = self.readers.try_get() {
            connection
        } else {
            let readers = self.readers.clone();
            web::block(move || readers.get())
                .await
                .map_err(ApiError::internal)?
                .map_err(|cause| ApiError::busy().caused_by(cause))?
        };
        f(&mut connection)
    }

    /// Runs `f` alone among all writes and returns once its effect is durable; an error undoes all that `f` did.
    ///
    /// # Errors
    /// What `f` returns; [`crate::error::Code::Busy`] if the queue is full or another process holds the database.
    pub async fn write<T, F>(&self, f: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, ApiError> + Send + 'static,
    {
        self.writer.submit(f).await.map_err(|_| ApiError::internal("the database writer stopped"))?
    }

    /// Queues `f` for which nobody waits. If it fails, a line in the log says that `what` was not written.
    pub fn write_later<F>(&self, what: &'static str, f: F)
    where
        F: FnOnce(&mut DbConnection) -> Result<(), ApiError> + Send + 'static,
    {
        self.write_later_or(what, f, || {});
    }

    /// [`Db::write_later`] that also calls `failed` if it fails.
    pub fn write_later_or<F>(&self, what: &'static str, f: F, failed: impl FnOnce() + Send + 'static)
    where
        F: FnOnce(&mut DbConnection) -> Result<(), ApiError> + Send + 'static,
    {
        self.writer.submit_then(f, move |answer| {
            if let Err(error) = answer {
                log::warn!(cause:% = error; "{what} could not be written");
                failed();
            }
        });
    }

    /// [`Db::write`] for the command line, where no runtime is at hand.
    pub fn write_blocking<T, F>(&self, f: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, ApiError> + Send + 'static,
    {
        self.writer.submit(f).blocking_recv().map_err(|_| ApiError::internal("the database writer stopped"))?
    }

    /// A connection of its own that tells when anything was committed.
    ///
    /// # Errors
    /// [`crate::error::Code::Busy`] if it cannot be made.
    pub fn changes(&self) -> Result<Changes, ApiError> {
        Changes::new(&self.reader)
    }

    /// Moves what is in the write-ahead log into the database file, so that after a stop the file alone is the whole.
    ///
    /// # Errors
    /// Those of the database; the log is then read at the next start, and nothing is lost.
    pub fn checkpoint(&self) -> Result<(), ApiError> {
        self.read_blocking(|conn| Ok(conn.checkpoint()?))
    }

    /// [`Db::read`] for the command line.
    pub fn read_blocking<T>(&self, f: impl FnOnce(&mut DbConnection) -> Result<T, ApiError>) -> Result<T, ApiError> {
        f(&mut *self.readers.get().map_err(|cause| ApiError::busy().caused_by(cause))?)
    }
}

/// Which migrations have been applied and which are pending, by name, without applying any.
///
/// # Errors
/// One line that says what stands in the way.
pub fn migration_status(config: &Config) -> Result<(Vec<String>, Vec<String>), String> {
    open::status(&path(config))
}

/// What SQLite's own check of the whole file finds wrong, the first of it; `None` where all is well.
///
/// # Errors
/// If the file cannot be checked.
pub fn damage(conn: &mut DbConnection) -> Result<Option<String>, ApiError> {
    open::damage(conn)
}

fn path(config: &Config) -> PathBuf {
    PathBuf::from(config.database_url.trim_start_matches("sqlite://"))
}
