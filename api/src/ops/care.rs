//! Care of the database while the server runs: once a day by itself, and whenever an admin asks for it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_web::{HttpResponse, get, post, web};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::guard::AdminUser,
    clock::{DAY, Timestamp},
    db::{DbConnection, care::Figures, schema::database_care::dsl},
    error::ApiResult,
    http::state::AppState,
    trail::{Action, AuditEvent},
    words::words,
};

const LOOK_EVERY: Duration = Duration::from_hours(1);
/// A log of more than this cannot be moved into the file, mostly because a read holds it back.
const LONG_WAL: u64 = 256 << 20;

words! {
    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum Task, otherwise Check {
        /// The whole file is read and compared with itself.
        Check "check",
        /// Statistics are renewed, and free room is given back.
        Optimize "optimize",
    }
}

/// A task that is under way.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Running {
    task: Task,
    /// How much is done, of `of`; `of` is 0 before that is known.
    #[schema(example = 3)]
    done: u64,
    #[schema(example = 25)]
    of: u64,
}

/// The tasks of this process on the database beside serving it. Each runs once at a time.
#[derive(Debug, Default)]
pub struct Care(Mutex<Vec<Running>>);

impl Care {
    fn tasks(&self) -> MutexGuard<'_, Vec<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a task; `None` where it is under way. It is over when the returned value is dropped.
    fn begin(care: &web::Data<Self>, task: Task) -> Option<Turn> {
        let mut tasks = care.tasks();
        if tasks.iter().any(|running| running.task == task) {
            return None;
        }
        tasks.push(Running { task, done: 0, of: 0 });
        Some(Turn(care.clone(), task))
    }
}

struct Turn(web::Data<Care>, Task);

impl Turn {
    fn progress(&self, done: u64, of: u64) {
        for running in self.0.tasks().iter_mut().filter(|running| running.task == self.1) {
            (running.done, running.of) = (done, of);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.tasks().retain(|running| running.task != self.1);
    }
}

/// The database as a file. Sizes are in bytes.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatabaseReport {
    #[schema(example = 1_048_576)]
    file_bytes: u64,
    /// The write-ahead log, which is moved into the file from time to time.
    #[schema(example = 65_536)]
    wal_bytes: u64,
    /// Room inside the file that nothing is in.
    #[schema(example = 4096)]
    free_bytes: u64,
    /// How long the oldest read has been under way, in milliseconds; `null` for no read.
    #[schema(required = true)]
    oldest_read_ms: Option<u64>,
    /// The last time that the database was optimised.
    #[schema(required = true)]
    optimized_at: Option<Timestamp>,
    /// The last time that the database was checked.
    #[schema(required = true)]
    checked_at: Option<Timestamp>,
    /// The first fault that the last check found; `null` where all was well.
    #[schema(required = true, example = "row 3 missing from index entries_by_time")]
    fault: Option<String>,
    /// The tasks under way in this process.
    running: Vec<Running>,
}

#[derive(Queryable)]
struct Done {
    at: Timestamp,
    finding: Option<String>,
}

fn last(conn: &mut DbConnection, task: Task) -> QueryResult<Option<Done>> {
    dsl::database_care.find(task.as_str()).select((dsl::at, dsl::finding)).first(conn).optional()
}

fn note(conn: &mut DbConnection, task: Task, at: Timestamp, finding: Option<&str>) -> QueryResult<()> {
    let row = (dsl::at.eq(at), dsl::finding.eq(finding));
    if diesel::update(dsl::database_care.find(task.as_str())).set(row).execute(conn)? == 0 {
        diesel::insert_into(dsl::database_care).values((dsl::task.eq(task.as_str()), row)).execute(conn)?;
    }
    Ok(())
}

async fn report(state: &AppState, care: &Care) -> ApiResult<DatabaseReport> {
    // Before what they found is read: a task that is no longer among them has written it.
    let running = care.tasks().clone();
    let Figures { file, wal, free, oldest_read_ms } = state.db.figures().await?;
    let (optimized, checked) =
        state.db.read(|conn| Ok((last(conn, Task::Optimize)?, last(conn, Task::Check)?))).await?;
    Ok(DatabaseReport {
        file_bytes: file,
        wal_bytes: wal,
        free_bytes: free,
        oldest_read_ms,
        optimized_at: optimized.map(|done| done.at),
        checked_at: checked.as_ref().map(|done| done.at),
        fault: checked.and_then(|done| done.finding),
        running,
    })
}

/// Read the state of the database.
#[utoipa::path(tag = "ops", responses((status = 200, description = "The database as a file", body = DatabaseReport)))]
#[get("/admin/database")]
pub async fn get_database(
    state: web::Data<AppState>,
    care: web::Data<Care>,
    _admin: AdminUser,
) -> ApiResult<web::Json<DatabaseReport>> {
    report(&state, &care).await.map(web::Json)
}

/// Optimise the database.
///
/// Statistics are renewed, free room is given back to the disk, and the write-ahead log is moved
/// into the file, while the server goes on. It goes on after the answer; `running` tells how far it
/// is. The server does the same once a day by itself.
#[utoipa::path(
    tag = "ops",
    responses((status = 202, description = "It is under way", body = DatabaseReport))
)]
#[post("/admin/database/optimize")]
pub async fn optimize_database(
    state: web::Data<AppState>,
    care: web::Data<Care>,
    admin: AdminUser,
) -> ApiResult<HttpResponse> {
    begin(state, care, admin, Task::Optimize).await
}

/// Check the database.
///
/// The whole file is read and compared with itself, while the server goes on. It goes on after the
/// answer; `running` tells how far it is, and then `fault` what it found.
#[utoipa::path(
    tag = "ops",
    responses((status = 202, description = "It is under way", body = DatabaseReport))
)]
#[post("/admin/database/check")]
pub async fn check_database(
    state: web::Data<AppState>,
    care: web::Data<Care>,
    admin: AdminUser,
) -> ApiResult<HttpResponse> {
    begin(state, care, admin, Task::Check).await
}

async fn begin(
    state: web::Data<AppState>,
    care: web::Data<Care>,
    admin: AdminUser,
    task: Task,
) -> ApiResult<HttpResponse> {
    let action = match task {
        Task::Check => Action::DatabaseCheck,
        Task::Optimize => Action::DatabaseOptimize,
    };
    admin.write(&state.db, move |conn, context| Ok(context.record(conn, &AuditEvent::new(action))?)).await?;
    if let Some(turn) = Care::begin(&care, task) {
        let state = state.clone();
        actix_web::rt::spawn(async move {
            if let Err(error) = run(&state, turn).await {
                log::error!(cause:% = error, task = task.as_str(); "care of the database failed");
            }
        });
    }
    Ok(HttpResponse::Accepted().json(report(&state, &care).await?))
}

async fn run(state: &AppState, turn: Turn) -> ApiResult<()> {
    let task = turn.1;
    let finding = match task {
        Task::Optimize => state.db.optimise(|done, of| turn.progress(done, of)).await.map(|()| None)?,
        Task::Check => state.db.check(|done, of| turn.progress(done, of)).await?,
    };
    if let Some(finding) = &finding {
        log::error!(finding:%; "the database is damaged");
    }
    let now = state.clock.now();
    state.db.write(move |conn| Ok(note(conn, task, now, finding.as_deref())?)).await
}

/// Optimises once a day, and says so where the write-ahead log cannot be moved into the file.
pub async fn tend_periodically(state: web::Data<AppState>, care: web::Data<Care>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Err(error) = tend(&state, &care).await {
            log::warn!(cause:% = error; "the database could not be optimised");
        }
    }
}

/// # Errors
/// Errors of the database.
pub async fn tend(state: &web::Data<AppState>, care: &web::Data<Care>) -> ApiResult<()> {
    let Figures { wal, oldest_read_ms, .. } = state.db.figures().await?;
    if wal > LONG_WAL {
        log::warn!(bytes = wal, oldest_read_ms; "the write-ahead log is long");
    }
    let last = state.db.read(|conn| Ok(last(conn, Task::Optimize)?)).await?;
    let due = last.is_none_or(|done| (state.clock.now().0 - done.at.0).abs() >= DAY);
    match Care::begin(care, Task::Optimize).filter(|_| due) {
        Some(turn) => run(state, turn).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_runs_once_at_a_time() {
        let care = web::Data::new(Care::default());
        let turn = Care::begin(&care, Task::Check).unwrap();
        let other = Care::begin(&care, Task::Optimize).unwrap();
        turn.progress(3, 25);
        let told = |care: &Care| care.tasks().iter().map(|task| (task.task, task.done, task.of)).collect::<Vec<_>>();
        assert_eq!(told(&care), [(Task::Check, 3, 25), (Task::Optimize, 0, 0)]);
        assert!(Care::begin(&care, Task::Check).is_none() && Care::begin(&care, Task::Optimize).is_none());
        drop(turn);
        assert_eq!(told(&care), [(Task::Optimize, 0, 0)]);
        assert!(Care::begin(&care, Task::Check).is_some());
        drop(other);
        assert_eq!(told(&care), []);
    }
}
