//! The one thread that serves all streams of this process. Each stream is a place in the outbox; nothing waits for a stream, and no
//! transaction stays open for one.

use std::{
    collections::{HashMap, HashSet},
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use secrecy::SecretString;

use super::{
    reading::{Concerned, Reading},
    stream::{LIST_EVERY, Stream},
    subscription::Subscription,
    watching::Watching,
};
use crate::{
    account::ids::UserId,
    auth::last_seen::LastSeen,
    clock::{Clock, HOUR, SECOND, Timestamp},
    config::Config,
    db::{Changes, Db},
    error::{ApiError, ApiResult, Code},
    http::paging::Cursors,
    people::looks::Looks,
};

/// How often the database is asked whether anything was committed.
const TURN: Duration = Duration::from_millis(50);
/// How soon after a commit the sessions and shares that it ended are noticed at the latest.
const VALIDATED_WITHIN: Duration = Duration::from_millis(250);
/// How often a stream that stays open is noted as a use of its session.
const USED_EVERY: i64 = HOUR;
/// The time that lists may take in one turn: the rest come in the next, after everything else.
const LISTS_WITHIN: Duration = Duration::from_millis(50);
/// How many streams one user may have open in one process.
const PER_USER: usize = 10;

/// All streams of this process.
pub struct Streams {
    shared: Arc<Shared>,
    most: usize,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    inbox: Mutex<Inbox>,
    woken: Condvar,
    /// How many streams each user has open.
    open: Mutex<HashMap<UserId, usize>>,
}

#[derive(Default)]
struct Inbox {
    joined: Vec<Subscription>,
    woken: bool,
    stopping: bool,
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the streams that a user may have open.
pub(super) struct Slot {
    shared: Arc<Shared>,
    user_id: UserId,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.shared.open();
        if let Some(count) = open.get_mut(&self.user_id) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.user_id);
            }
        }
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("open", &self.count()).finish_non_exhaustive()
    }
}

impl Streams {
    /// # Errors
    /// If the thread cannot be started.
    pub fn new(config: &Config, clock: &Clock, db: &Db, looks: &Looks, seen: &LastSeen) -> Result<Self, String> {
        let shared = Arc::new(Shared::default());
        let hub = Hub {
            shared: Arc::clone(&shared),
            db: db.clone(),
            clock: clock.clone(),
            looks: looks.clone(),
            sessions: seen.clone(),
            used: clock.now(),
            secret: config.session_secret.clone(),
            cursors: Cursors::new(&config.session_secret),
            watching: Watching::new(clock.new_id().to_string()),
            changes: None,
            streams: Vec::new(),
            looked_at: 0,
            unvalidated: false,
            validated: Instant::now(),
            unlisted: false,
            listed: Instant::now(),
            second: clock.now(),
        };
        let thread = thread::Builder::new().name("events".to_owned()).spawn(move || hub.run());
        let thread = thread.map_err(|cause| format!("No thread can be started for the events: {cause}"))?;
        Ok(Self { shared, most: config.max_event_streams, thread: Mutex::new(Some(thread)) })
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.open().values().sum()
    }

    /// Room for one more stream of this user.
    ///
    /// # Errors
    /// [`Code::TooManyStreams`] if they have as many as they may, [`Code::Busy`] if the server has, or is about to stop.
    pub(super) fn slot(&self, user_id: &UserId) -> ApiResult<Slot> {
        let stopping = self.shared.inbox().stopping;
        let mut open = self.shared.open();
        if stopping || open.values().sum::<usize>() >= self.most {
            return Err(ApiError::busy().caused_by("no more streams"));
        }
        let count = open.entry(user_id.clone()).or_default();
        if *count >= PER_USER {
            let detail = format!("Close one of the {PER_USER} pages or devices that watch, then try again.");
            return Err(ApiError::new(Code::TooManyStreams, detail).retry_after(30));
        }
        *count += 1;
        Ok(Slot { shared: Arc::clone(&self.shared), user_id: user_id.clone() })
    }

    pub(super) fn join(&self, subscription: Subscription) {
        let mut inbox = self.shared.inbox();
        if inbox.stopping {
            subscription.buffer.end();
            return;
        }
        inbox.joined.push(subscription);
        self.shared.woken.notify_one();
    }

    /// Wakes the thread before its next turn is due.
    pub(super) fn wake(&self) {
        self.shared.inbox().woken = true;
        self.shared.woken.notify_one();
    }

    /// Ends all streams, and waits until the database says that nobody watches through this process.
    pub fn stop(&self) {
        self.shared.inbox().stopping = true;
        self.shared.woken.notify_one();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _panicked = thread.join();
        }
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Hub {
    shared: Arc<Shared>,
    db: Db,
    clock: Clock,
    looks: Looks,
    sessions: LastSeen,
    /// When the sessions of all streams were last noted to be in use.
    used: Timestamp,
    secret: SecretString,
    cursors: Cursors,
    watching: Watching,
    changes: Option<Changes>,
    streams: Vec<Stream>,
    /// The newest row of the outbox that was looked at.
    looked_at: i64,
    /// Whether something was committed since all streams were last validated.
    unvalidated: bool,
    validated: Instant,
    /// Whether something was committed since all lists were last marked to be read again, and when that was.
    unlisted: bool,
    listed: Instant,
    /// When changes by time alone were last looked at.
    second: Timestamp,
}

impl Hub {
    fn run(mut self) {
        let mut more = false;
        while self.wait(more) {
            more = match catch_unwind(AssertUnwindSafe(|| self.turn())) {
                Ok(Ok(more)) => more,
                Ok(Err(error)) => {
                    // Nothing is shown meanwhile; the streams go on where they are.
                    log::warn!(cause:% = error; "events could not be read");
                    self.changes = None;
                    thread::sleep(Duration::from_millis(500));
                    false
                }
                Err(_panic) => {
                    log::error!("serving events panicked: all streams end");
                    self.streams.drain(..).for_each(|stream| stream.buffer().end());
                    true
                }
            };
        }
        self.streams.iter().for_each(|stream| stream.buffer().end());
        let now = self.clock.now();
        self.streams.iter().for_each(|stream| stream.note_last_looks(&self.looks, &self.db, now));
        if let Err(error) = self.watching.end(&self.db, now) {
            log::warn!(cause:% = error; "who watched could not be cleared up");
        }
    }

    /// Waits for the next turn: not at all where there is `more` to do, and without end while nobody listens and that is written down.
    /// Returns whether the hub goes on.
    fn wait(&mut self, more: bool) -> bool {
        let mut inbox = self.shared.inbox();
        while !(more || inbox.stopping || inbox.woken || !inbox.joined.is_empty()) {
            if self.streams.is_empty() && !self.watching.somebody_went() {
                inbox = self.shared.woken.wait(inbox).unwrap_or_else(PoisonError::into_inner);
            } else {
                let waited = self.shared.woken.wait_timeout(inbox, TURN).unwrap_or_else(PoisonError::into_inner);
                inbox = waited.0;
                break;
            }
        }
        inbox.woken = false;
        let joined = mem::take(&mut inbox.joined);
        let over = inbox.stopping;
        drop(inbox);
        self.streams.extend(joined.into_iter().map(|subscription| Stream::new(subscription, &self.secret)));
        !over
    }

    /// Brings every stream as far as it goes. Returns whether there is more for one of them.
    fn turn(&mut self) -> ApiResult<bool> {
        let now = self.clock.now();
        let before = self.streams.len();
        self.streams.retain(|stream| {
            if stream.is_over() {
                stream.note_last_looks(&self.looks, &self.db, now);
            }
            !stream.is_over()
        });
        let joined = self.streams.iter().any(Stream::is_new);
        let mut members = joined || before != self.streams.len() || before == 0;
        let more = if self.streams.is_empty() { false } else { self.deliver(now, joined)? };
        for stream in &mut self.streams {
            members |= stream.note_looks(&self.looks, &self.db, now) || stream.is_over();
        }
        if members {
            let pairs: HashSet<_> = self.streams.iter().flat_map(Stream::watches).collect();
            self.watching.change_to(pairs, &self.db, now);
        }
        if !self.streams.is_empty() || self.watching.somebody_went() {
            self.watching.keep_alive(&self.db, now);
        }
        Ok(more)
    }

    fn deliver(&mut self, now: Timestamp, joined: bool) -> ApiResult<bool> {
        if self.changes.is_none() {
            self.changes = Some(self.db.changes()?);
        }
        let Some(changes) = &mut self.changes else { return Ok(false) };
        let committed = changes.happened()?;
        self.unvalidated |= committed;
        let second = !(0..SECOND).contains(&(now.0 - self.second.0));
        let all = second || (self.unvalidated && self.validated.elapsed() >= VALIDATED_WITHIN);
        // A list also shows things for which there are no rows, none of them urgent.
        self.unlisted |= committed;
        if self.unlisted && self.listed.elapsed() >= LIST_EVERY {
            self.streams.iter_mut().for_each(Stream::note_change);
            (self.unlisted, self.listed) = (false, Instant::now());
        }
        if !(committed || all || joined || self.streams.iter().any(Stream::is_due)) {
            return Ok(false);
        }
        let (streams, cursors, before) = (&mut self.streams, &self.cursors, self.looked_at);
        self.looked_at = changes.read(|conn| {
            let mut reading = Reading::new(conn, now)?;
            let touched = if reading.last == before { Some(HashSet::new()) } else { reading.touched(before)? };
            for stream in streams.iter_mut() {
                stream.note_rows(touched.as_ref(), before, reading.last);
                if reading.last != before {
                    stream.note_change();
                }
            }
            let wanted = |stream: &Stream| all || stream.is_new() || stream.is_due();
            let mut concerned: Vec<&mut Stream> = streams.iter_mut().filter(|stream| wanted(stream)).collect();
            let whom: Vec<Concerned> = concerned.iter().map(|stream| stream.concerned()).collect();
            reading.prepare(&whom)?;
            // Lists take longest and come last; those that have waited longest are the first of them.
            concerned.sort_by_key(|stream| stream.listed());
            let begun = Instant::now();
            for stream in concerned {
                stream.go_on(&mut reading, cursors, second, begun.elapsed() < LISTS_WITHIN)?;
            }
            Ok(reading.last)
        })?;
        self.unlisted &= self.looked_at == before;
        if second {
            self.second = now;
        }
        if !(0..USED_EVERY).contains(&(now.0 - self.used.0)) {
            self.used = now;
            let living = self.streams.iter().filter(|stream| !stream.is_over());
            living.for_each(|stream| self.sessions.note(stream.concerned().session_id, now));
        }
        if all {
            self.unvalidated = false;
            self.validated = Instant::now();
        }
        Ok(self.streams.iter().any(|stream| stream.is_new() || stream.is_due()))
    }
}
