//! Notices what was committed, by this process or another.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use r2d2::ManageConnection;

use super::connection::{DbConnection, Manager};
use crate::error::ApiError;

/// SQLite counts for each connection what others commit, so that one connection has to ask every time.
#[derive(Debug)]
pub struct Changes {
    connection: DbConnection,
    version: Option<i64>,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

impl Changes {
    pub(super) fn new(manager: &Manager) -> Result<Self, ApiError> {
        let connection = manager.connect().map_err(|cause| ApiError::busy().caused_by(cause))?;
        Ok(Self { connection, version: None })
    }

    /// Whether anything was committed since the last call; the first call is true. Costs microseconds.
    ///
    /// # Errors
    /// Errors of the database.
    pub fn happened(&mut self) -> Result<bool, ApiError> {
        let DbConnection::Sqlite(connection) = &mut self.connection else { return Ok(true) };
        let version = sql_query("PRAGMA data_version").get_result::<Version>(connection)?.data_version;
        Ok(self.version.replace(version) != Some(version))
    }

    /// Runs a short read in one transaction: all of it sees the same state.
    ///
    /// # Errors
    /// The errors of `f`.
    pub fn read<T>(&mut self, f: impl FnOnce(&mut DbConnection) -> Result<T, ApiError>) -> Result<T, ApiError> {
        self.connection.reading(f)
    }
}
