//! The one thread that writes. See the module above for why.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::JoinHandle,
};

use diesel::{Connection, ConnectionError};
use r2d2::ManageConnection;
use tokio::sync::oneshot;

use super::connection::{DbConnection, Manager};
use crate::error::ApiError;

/// Bounds how long the first write of a batch waits for the last one.
const BATCH: usize = 256;

/// Runs one write in its savepoint; what it returns delivers the answer once the fate of the whole transaction is known.
/// Handed no connection it runs nothing and is answered with the reason alone.
type Job = Box<dyn FnOnce(Option<&mut DbConnection>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), ApiError>) + Send>;

pub(super) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(manager: Manager, queue: usize) -> Result<Self, ConnectionError> {
        let connection = manager.connect()?;
        let (sender, receiver) = sync_channel(queue);
        let thread = std::thread::Builder::new()
            .name("db-writer".to_owned())
            .spawn(move || run(&manager, connection, &receiver))
            .map_err(|cause| ConnectionError::BadConnection(cause.to_string()))?;
        Ok(Self { queue: Some(sender), thread: Some(thread) })
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
            let outcome = connection.map(|connection| in_savepoint(connection, f));
            Box::new(move |committed: Result<(), ApiError>| {
                // An error of the write's own was undone in its savepoint, whatever became of the rest.
                then(match (outcome, committed) {
                    (Some(Err(error)), _) | (_, Err(error)) => Err(error),
                    (Some(Ok(value)), Ok(())) => Ok(value),
                    (None, Ok(())) => Err(ApiError::internal("a write was committed without having run")),
                });
            })
        });
        let Some(queue) = &self.queue else { return job(None)(Err(ApiError::busy())) };
        match queue.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => job(None)(Err(ApiError::busy().caused_by("the write queue is full"))),
            Err(TrySendError::Disconnected(job)) => job(None)(Err(ApiError::internal("the database writer stopped"))),
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

fn in_savepoint<T>(
    connection: &mut DbConnection,
    f: impl FnOnce(&mut DbConnection) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    connection.transaction(|connection| {
        // A panic must undo its savepoint like any other failure, or its half-done work would be committed.
        catch_unwind(AssertUnwindSafe(|| f(connection))).unwrap_or_else(|_| Err(ApiError::internal("a write panicked")))
    })
}

fn run(manager: &Manager, mut connection: DbConnection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let batch = std::iter::once(first).chain(jobs.try_iter().take(BATCH - 1));
        let mut outcome = connection.begin();
        let begun = outcome.is_ok();
        let answers: Vec<Answer> = batch.map(|job| job(begun.then_some(&mut connection))).collect();
        if begun {
            outcome = connection.commit();
            if let Err(cause) = &outcome {
                log::error!(cause:%; "a commit failed");
                // After an I/O error nothing the connection remembers can be trusted; a new one reads what is on disk.
                let _already_undone = connection.rollback();
                match manager.connect() {
                    Ok(fresh) => connection = fresh,
                    Err(cause) => log::error!(cause:%; "the database cannot be opened again"),
                }
            }
        }
        for answer in answers {
            answer(outcome.as_ref().map(|&()| ()).map_err(ApiError::from));
        }
    }
}
