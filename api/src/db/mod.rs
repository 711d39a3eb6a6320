//! The database: reads from a pool, writes through one writer.
//!
//! SQLite lets one connection write at a time and charges a disk sync for every commit. So all writes queue for one thread
//! that takes everything waiting, runs each in a savepoint of its own inside one transaction, commits once, and only then
//! answers each: a bad write undoes itself alone, and nothing is acknowledged before it is durable.

pub mod care;
mod changes;
mod connection;
pub mod guards;
mod open;
mod room;
pub mod schema;
mod slow;
mod underway;
mod writer;

use std::{path::PathBuf, sync::Arc, time::Duration};

use actix_web::web;

pub use self::changes::Changes;
pub use self::connection::{DbConnection, MIGRATIONS};
pub use self::slow::log_slow_statements;
use self::{connection::Manager, room::Room, underway::Underway, writer::Writer};
use crate::{config::Config, error::ApiError};

/// How long a request waits for a free connection before it is told to come back.
const POOL_WAIT: Duration = Duration::from_secs(5);

/// Handle to the database; clones share the pool and the writer.
#[derive(Clone)]
pub struct Db {
    readers: r2d2::Pool<Manager>,
    reader: Manager,
    writer: Arc<Writer>,
    underway: Arc<Underway>,
    file: Arc<PathBuf>,
    /// Dropped last, once everything that had the file open has gone.
    _room: Arc<Room>,
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
        let mut room = Room::take(&path);
        let new = open::check(&path)?;
        room.is_ours();
        open::migrate(&path, new)?;
        let failed =
            |cause: &dyn std::fmt::Display| format!("The database {} cannot be opened: {cause}", path.display());
        let reader = Manager::reader(&config.database_url);
        let readers = r2d2::Pool::builder()
            .max_size(config.database_readers)
            .connection_timeout(POOL_WAIT)
            .test_on_check_out(false)
            // A file does not go away like a server, and a new connection plans every statement again and may find no descriptor.
            .max_lifetime(None)
            .idle_timeout(None)
            .build(reader.clone())
            .map_err(|cause| failed(&cause))?;
        let writer =
            Writer::start(Manager::writer(&config.database_url), config.write_queue).map_err(|cause| failed(&cause))?;
        let underway = Underway::new(config.database_readers);
        let (writer, underway, file) = (Arc::new(writer), Arc::new(underway), Arc::new(path));
        Ok(Self { readers, reader, writer, underway, file, _room: Arc::new(room) })
    }

    /// Runs a bounded, indexed read in one transaction: all of it sees the same moment. On the worker's own thread, because such a read is
    /// shorter than a hand-over to another; only waiting for a connection leaves it. The connection refuses to write.
    ///
    /// # Errors
    /// The errors of `f`, or [`crate::error::Code::Busy`] if no connection came free within five seconds.
    pub async fn read<T>(&self, f: impl FnOnce(&mut DbConnection) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let mut connection = if let Some(connection) = self.readers.try_get() {
            connection
        } else {
            let db = self.clone();
            web::block(move || db.reader()).await.map_err(ApiError::internal)??
        };
        self.reading(&mut connection, f)
    }

    /// [`Db::read`] on a thread of its own, for a read that takes long.
    ///
    /// # Errors
    /// The errors of [`Db::read`].
    pub async fn read_apart<T, F>(&self, f: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, ApiError> + Send + 'static,
    {
        let db = self.clone();
        web::block(move || db.read_blocking(f)).await.map_err(ApiError::internal)?
    }

    /// Runs `f` alone among all writes and returns once its effect is durable; an error undoes all that `f` did.
    ///
    /// # Errors
    /// The errors of `f`; [`crate::error::Code::Busy`] if the queue is full or another process holds the database.
    pub async fn write<T, F>(&self, f: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, ApiError> + Send + 'static,
    {
        self.writer.submit(f).await.map_err(|_| ApiError::internal("the database writer stopped"))?
    }

    /// Queues `f` without waiting for it. If it fails, a line in the log says that `what` was not written.
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

    /// How many writes have failed since the start though nothing was wrong with them.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.writer.faults()
    }

    /// A connection of its own that notices every commit.
    ///
    /// # Errors
    /// [`crate::error::Code::Busy`] if it cannot be made.
    pub fn changes(&self) -> Result<Changes, ApiError> {
        Changes::new(&self.reader)
    }

    /// Moves what is in the write-ahead log into the database file, so that after a stop the file alone is the whole.
    ///
    /// # Errors
    /// Errors of the database; the log is then read at the next start, and nothing is lost.
    pub fn checkpoint(&self) -> Result<(), ApiError> {
        Ok(self.reader()?.checkpoint()?)
    }

    /// [`Db::read`] for the command line.
    pub fn read_blocking<T>(&self, f: impl FnOnce(&mut DbConnection) -> Result<T, ApiError>) -> Result<T, ApiError> {
        self.reading(&mut *self.reader()?, f)
    }

    fn reading<T>(
        &self,
        connection: &mut DbConnection,
        f: impl FnOnce(&mut DbConnection) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let entered = self.underway.enter();
        let outcome = connection.reading(f);
        drop(entered);
        slow::log_with_plans(connection);
        outcome
    }

    fn reader(&self) -> Result<r2d2::PooledConnection<Manager>, ApiError> {
        self.readers.get().map_err(|cause| ApiError::busy().caused_by(cause))
    }
}

/// Which migrations have been applied and which are pending, by name, without applying any.
///
/// # Errors
/// One line that says what stands in the way.
pub fn migration_status(config: &Config) -> Result<(Vec<String>, Vec<String>), String> {
    open::status(&path(config))
}

/// The first fault that SQLite's own check of the whole file finds; `None` where all is well.
///
/// # Errors
/// If the file cannot be checked.
pub fn damage(conn: &mut DbConnection) -> Result<Option<String>, ApiError> {
    open::damage(conn)
}

fn path(config: &Config) -> PathBuf {
    PathBuf::from(config.database_url.trim_start_matches("sqlite://"))
}
