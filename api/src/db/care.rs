//! Care of a SQLite file: its size, its statistics, its free pages, and whether it is sound.

use diesel::{
    QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Text},
};

use super::{Db, connection::DbConnection};
use crate::error::ApiResult;

/// How many pages one write gives back to the file system, so that no other write waits long for it.
const PAGES_AT_ONCE: i64 = 1_000;
/// This many free pages stay for the next rows.
const PAGES_KEPT: i64 = 250;

/// Sizes are in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    pub file: u64,
    /// The write-ahead log, which the next checkpoint moves into the file.
    pub wal: u64,
    /// Room inside the file that nothing is in.
    pub free: u64,
    /// How long the oldest read has been under way.
    pub oldest_read_ms: Option<u64>,
}

#[derive(QueryableByName)]
struct Pages {
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = BigInt)]
    free: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Db {
    /// # Errors
    /// Errors of the database.
    pub async fn figures(&self) -> ApiResult<Figures> {
        let oldest = self.underway.oldest();
        let Pages { size, free } = self.read(|conn| Ok(pages(conn)?)).await?;
        let length = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let mut wal = self.file.as_os_str().to_owned();
        wal.push("-wal");
        Ok(Figures {
            file: length(&self.file),
            wal: length(wal.as_ref()),
            free: u64::try_from(size * free).unwrap_or_default(),
            oldest_read_ms: oldest.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        })
    }

    /// Renews the statistics that SQLite plans by, gives free pages back to the file system and moves the write-ahead log into the file.
    /// `progress` is told how many pages were given back, of how many.
    ///
    /// # Errors
    /// Errors of the database; a part may be done.
    pub async fn optimise(&self, progress: impl Fn(u64, u64)) -> ApiResult<()> {
        // The limit keeps it from reading whole indexes (<https://www.sqlite.org/lang_analyze.html>, 4.1).
        self.write(|conn| Ok(conn.batch_execute("PRAGMA analysis_limit = 400; PRAGMA optimize")?)).await?;
        let begin = self.read(|conn| Ok(pages(conn)?)).await?.free;
        let total = (begin - PAGES_KEPT).max(0);
        let mut left = begin;
        while left > PAGES_KEPT {
            progress(number(begin - left), number(total));
            let give = PAGES_AT_ONCE.min(left - PAGES_KEPT);
            let now = self
                .write(move |conn| {
                    conn.batch_execute(&format!("PRAGMA incremental_vacuum({give})"))?;
                    Ok(pages(conn)?.free)
                })
                .await?;
            // A file of an earlier version retains them for its next rows.
            if now >= left {
                break;
            }
            left = now;
        }
        let db = self.clone();
        actix_web::web::block(move || db.checkpoint()).await.map_err(crate::error::ApiError::internal)?
    }

    /// The first fault of the file; `None` where all is well. Reads a table at a time, so that the write-ahead log is not held back for the whole
    /// of it. `progress` is told how many tables were checked, of how many.
    ///
    /// # Errors
    /// If the file cannot be checked.
    pub async fn check(&self, progress: impl Fn(u64, u64)) -> ApiResult<Option<String>> {
        let tables = self.read_apart(|conn| Ok(tables(conn)?)).await?;
        let total = tables.len() as u64 + 1;
        for (done, table) in (0..).zip(tables) {
            progress(done, total);
            if let Some(fault) = self.read_apart(move |conn| super::open::damage_of(conn, &table)).await? {
                return Ok(Some(fault));
            }
        }
        progress(total - 1, total);
        self.read_apart(super::open::orphans).await
    }
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

fn pages(conn: &mut DbConnection) -> diesel::QueryResult<Pages> {
    sql_query("SELECT page_size AS size, freelist_count AS free FROM pragma_page_size, pragma_freelist_count")
        .get_result(conn)
}

fn tables(conn: &mut DbConnection) -> diesel::QueryResult<Vec<String>> {
    let names: Vec<Name> = sql_query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").load(conn)?;
    Ok(names.into_iter().map(|row| row.name).collect())
}
