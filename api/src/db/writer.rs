//! The one thread that writes. See the module above for why.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use diesel::ConnectionError;
use r2d2::ManageConnection;
use tokio::sync::oneshot;

use super::{
    connection::{DbConnection, Manager},
    slow,
};
use crate::error::{ApiError, Code};

/// Bounds how long the first write of a batch waits for the last one.
const BATCH: usize = 256;

/// Runs one write in its savepoint. Without a connection it runs nothing, and only the reason is answered.
type Job = Box<dyn FnOnce(Option<&mut DbConnection>) -> Ran + Send>;

/// A job as it stands before the commit.
struct Ran {
    /// Delivers the answer, once the fate of the whole transaction is known.
    answer: Box<dyn FnOnce(Result<(), ApiError>) + Send>,
    /// Whether the disk was at fault.
    fault: bool,
    /// Why the transaction has ended, if it has.
    ended: Option<ApiError>,
}

pub(super) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    faults: Arc<AtomicU64>,
}

impl Writer {
    pub(super) fn start(manager: Manager, queue: usize) -> Result<Self, ConnectionError> {
        let connection = manager.connect()?;
        let (sender, receiver) = sync_channel(queue);
        let faults = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&faults);
        let thread = std::thread::Builder::new()
            .name("db-writer".to_owned())
            .spawn(move || run(&manager, connection, &receiver, &counted))
            .map_err(|cause| ConnectionError::BadConnection(cause.to_string()))?;
        Ok(Self { queue: Some(sender), thread: Some(thread), faults })
    }

    /// How many writes could not be made though nothing was wrong with them.
    pub(super) fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// Queues `f`; the receiver yields its answer after the commit.
    pub(super) fn submit<T, F>(&self, f: F) -> oneshot::Receiver<Result<T, ApiError>>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, ApiError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        // A caller that has gone away has nobody to tell.
        self.submit_then(f, move |answer| drop(sender.send(answer)));
        receiver
    }

    /// Queues `f`; `then` is called with its answer after the commit, or at once if it cannot be queued.
    pub(super) fn submit_then<T, F>(&self, f: F, then: impl FnOnce(Result<T, ApiError>) + Send + 'static)
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, ApiError> + Send + 'static,
    {
        let job: Job = Box::new(move |connection| {
            let (outcome, ended) = match connection {
                Some(connection) => in_savepoint(connection, f),
                None => (Err(ApiError::internal("a write was committed without having run")), None),
            };
            let fault = outcome.as_ref().is_err_and(|error| error.code.is_of_the_disk());
            let at_fault = ended.is_some();
            let answer = Box::new(move |committed: Result<(), ApiError>| {
                // A refusal shares the fate of the transaction, since it may rest on a neighbour's write that is undone.
                then(match committed {
                    Err(error) if !at_fault => Err(error),
                    _ => outcome,
                });
            });
            Ran { answer, fault, ended }
        });
        let Some(queue) = &self.queue else { return (job(None).answer)(Err(ApiError::busy())) };
        match queue.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => {
                (job(None).answer)(Err(ApiError::busy().caused_by("the write queue is full")));
            }
            Err(TrySendError::Disconnected(job)) => {
                (job(None).answer)(Err(ApiError::internal("the database writer stopped")));
            }
        }
    }
}

impl Drop for Writer {
    /// Lets everything queued finish: a graceful stop loses nothing.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// Returns the outcome of `f`, and why the transaction has ended if it has: SQLite ends it by itself after some errors, even those that `f`
/// handles.
fn in_savepoint<T>(
    connection: &mut DbConnection,
    f: impl FnOnce(&mut DbConnection) -> Result<T, ApiError>,
) -> (Result<T, ApiError>, Option<ApiError>) {
    if let Err(cause) = connection.open_savepoint() {
        let error = ApiError::from(cause);
        return (Err(error.clone()), Some(error));
    }
    // A panic must undo its savepoint like any other failure, or its half-done work would be committed.
    let outcome = catch_unwind(AssertUnwindSafe(|| f(connection)))
        .unwrap_or_else(|_| Err(ApiError::internal("a write panicked")));
    match (connection.close_savepoint(outcome.is_ok()), outcome) {
        (Ok(()), outcome) => (outcome, None),
        (Err(_), Err(error)) => (Err(error.clone()), Some(error)),
        (Err(cause), Ok(_)) => {
            let error = ApiError::busy().caused_by(format!("a write went on after its transaction had ended: {cause}"));
            (Err(error.clone()), Some(error))
        }
    }
}

fn run(manager: &Manager, mut connection: DbConnection, jobs: &Receiver<Job>, faults: &AtomicU64) {
    while let Ok(first) = jobs.recv() {
        let batch = std::iter::once(first).chain(jobs.try_iter().take(BATCH - 1));
        let mut fate = connection.begin().map_err(ApiError::from);
        let mut answers = Vec::new();
        for job in batch {
            // After the end of the transaction each statement would be one of its own, done whatever is answered.
            let ran = job(fate.is_ok().then_some(&mut connection));
            if let Some(error) = ran.ended {
                fate = Err(undone_by(error));
            } else if ran.fault {
                faults.fetch_add(1, Ordering::Relaxed);
            }
            answers.push(ran.answer);
        }
        fate = fate.and_then(|()| Ok(connection.commit()?));
        if let Err(error) = &fate {
            log::error!(cause:% = error; "a transaction failed");
            faults.fetch_add(1, Ordering::Relaxed);
            connection.abandon();
            // After an I/O error nothing the connection remembers can be trusted; a new one reads what is on disk.
            match manager.connect() {
                Ok(fresh) => connection = fresh,
                Err(cause) => log::error!(cause:%; "the database cannot be opened again"),
            }
        }
        for answer in answers {
            answer(fate.clone());
        }
        slow::log_with_plans(&mut connection);
    }
}

/// The answer to every write that was undone because `error` ended their transaction.
fn undone_by(error: ApiError) -> ApiError {
    if error.code.is_of_the_disk() || error.code == Code::Busy {
        return error;
    }
    ApiError::busy().caused_by(format!("another write ended the transaction: {error}"))
}
