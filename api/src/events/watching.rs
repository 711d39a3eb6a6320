//! Tells through the database who watches whom through this process, and clears up after processes that no longer say they are there.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::{
    account::{
        ids::{PersonId, ViewerId},
        model::get_users,
    },
    clock::{SECOND, Timestamp},
    db::{
        Db, DbConnection,
        schema::{processes, watchers},
    },
    error::ApiResult,
    metric::Detail,
    outbox::{self, Subject, Topic, presence::LEASE},
};

/// How often the process says that it is there.
const ALIVE_EVERY: i64 = 15 * SECOND;

/// A person and a viewer.
pub(super) type Pair = (PersonId, ViewerId);

/// The viewers who watch through this process, each with the person they watch.
pub(super) struct Watching {
    process_id: String,
    pairs: HashSet<Pair>,
    /// Whether some viewers whom the database lists as watching have stopped.
    somebody_went: bool,
    /// When this process last said that it is alive.
    told: Option<Timestamp>,
}

impl Watching {
    pub fn new(process_id: String) -> Self {
        Self { process_id, pairs: HashSet::new(), somebody_went: false, told: None }
    }

    pub fn somebody_went(&self) -> bool {
        self.somebody_went
    }

    /// Replaces the pairs that watch. An arrival is written at once, a departure with the next [`Self::keep_alive`]: so a viewer who
    /// comes and goes all the time makes two rows within that time, and the person's page does not ask so often that it is refused.
    pub fn change_to(&mut self, pairs: HashSet<Pair>, db: &Db, now: Timestamp) {
        let new: Vec<Pair> = pairs.difference(&self.pairs).cloned().collect();
        self.somebody_went |= !self.pairs.is_subset(&pairs);
        self.pairs = pairs;
        if new.is_empty() {
            return;
        }
        let process = self.process_id.clone();
        db.write_later("who watches", move |conn| {
            say_alive(conn, &process, now)?;
            Ok(new.iter().try_for_each(|pair| enter(conn, &process, pair, now))?)
        });
    }

    /// Writes from time to time that this process is alive and who watches through it, including anything that was lost or not written
    /// before, and clears up after processes that are gone.
    pub fn keep_alive(&mut self, db: &Db, now: Timestamp) {
        if self.told.is_some_and(|told| (0..ALIVE_EVERY).contains(&(now.0 - told.0))) {
            return;
        }
        self.told = Some(now);
        self.somebody_went = false;
        let (process, pairs) = (self.process_id.clone(), self.pairs.clone());
        db.write_later("that this process is there", move |conn| {
            say_alive(conn, &process, now)?;
            let written: HashSet<Pair> = pairs_of(conn, &process)?.into_iter().collect();
            written.difference(&pairs).try_for_each(|pair| leave(conn, &process, pair, now))?;
            pairs.difference(&written).try_for_each(|pair| enter(conn, &process, pair, now))?;
            // A process with a time in the future is gone: the clock was set back, and a living one has written a newer time since.
            let ids = processes::table.select(processes::id);
            let mut lapsed: Vec<String> = ids.filter(processes::seen_at.le(now.0 - LEASE)).load(conn)?;
            lapsed.extend(ids.filter(processes::seen_at.gt(now.0 + LEASE)).load::<String>(conn)?);
            Ok(lapsed.iter().try_for_each(|process| end(conn, process, now))?)
        });
    }

    /// Writes that nobody watches through this process any more.
    ///
    /// # Errors
    /// Errors of the database; others then clear up once the lease is over.
    pub fn end(&self, db: &Db, now: Timestamp) -> ApiResult<()> {
        if self.told.is_none() {
            return Ok(());
        }
        let process = self.process_id.clone();
        db.write_blocking(move |conn| Ok(end(conn, &process, now)?))
    }
}

/// Writes that this process is alive, even where another has given up on it.
fn say_alive(conn: &mut DbConnection, process: &str, now: Timestamp) -> QueryResult<()> {
    if diesel::update(processes::table.find(process)).set(processes::seen_at.eq(now.0)).execute(conn)? == 0 {
        let row = (processes::id.eq(process), processes::seen_at.eq(now.0));
        diesel::insert_into(processes::table).values(row).execute(conn)?;
    }
    Ok(())
}

fn pairs_of(conn: &mut DbConnection, process: &str) -> QueryResult<Vec<Pair>> {
    let theirs = watchers::table.filter(watchers::process_id.eq(process));
    theirs.select((watchers::person_id, watchers::viewer_id)).load(conn)
}

fn enter(conn: &mut DbConnection, process: &str, (person, viewer): &Pair, now: Timestamp) -> QueryResult<()> {
    // The row is still there if the viewer's departure was not written yet.
    let there: i64 = watchers::table.find((person, viewer, process)).count().get_result(conn)?;
    // An account that was erased meanwhile watches nobody.
    if there > 0 || get_users(conn, &[person.user(), viewer.user()])?.len() < 2 {
        return Ok(());
    }
    let row = (
        watchers::person_id.eq(person),
        watchers::viewer_id.eq(viewer),
        watchers::process_id.eq(process),
        watchers::since.eq(now.0),
    );
    diesel::insert_into(watchers::table).values(row).execute(conn)?;
    tell(conn, person, viewer, now)
}

fn leave(conn: &mut DbConnection, process: &str, (person, viewer): &Pair, now: Timestamp) -> QueryResult<()> {
    match diesel::delete(watchers::table.find((person, viewer, process))).execute(conn)? {
        0 => Ok(()),
        _ => tell(conn, person, viewer, now),
    }
}

fn end(conn: &mut DbConnection, process: &str, now: Timestamp) -> QueryResult<()> {
    let pairs = pairs_of(conn, process)?;
    pairs.iter().try_for_each(|pair| leave(conn, process, pair, now))?;
    diesel::delete(processes::table.find(process)).execute(conn).map(drop)
}

fn tell(conn: &mut DbConnection, person: &PersonId, viewer: &ViewerId, now: Timestamp) -> QueryResult<()> {
    outbox::add(conn, person, Topic::Viewer, Detail::Logged, Subject::Viewer(viewer), now)
}
