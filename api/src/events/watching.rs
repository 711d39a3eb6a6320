//! Tells through the database who watches whom through this process, and clears up after processes that no longer say they are there.

use std::collections::HashSet;

use diesel::prelude::*;

use super::{
    outbox::{self, Topic},
    presence::LEASE,
};
use crate::{
    clock::{SECOND, Timestamp},
    db::{
        Db, DbConnection,
        schema::{processes, watchers},
    },
    error::ApiResult,
    people::sharing::Detail,
    users::model::users_of,
};

/// How often the process says that it is there.
const ALIVE_EVERY: i64 = 15 * SECOND;

/// A person and a viewer.
pub(super) type Pair = (String, String);

/// Those who watch through this process.
pub(super) struct Watching {
    process_id: String,
    pairs: HashSet<Pair>,
    /// When this process said last that it is there.
    told: Option<Timestamp>,
}

impl Watching {
    pub fn new(process_id: String) -> Self {
        Self { process_id, pairs: HashSet::new(), told: None }
    }

    /// From now on these watch.
    pub fn change_to(&mut self, pairs: HashSet<Pair>, db: &Db, now: Timestamp) {
        let gone: Vec<Pair> = self.pairs.difference(&pairs).cloned().collect();
        let new: Vec<Pair> = pairs.difference(&self.pairs).cloned().collect();
        self.pairs = pairs;
        if gone.is_empty() && new.is_empty() {
            return;
        }
        let (process, all) = (self.process_id.clone(), self.pairs.clone());
        db.write_later("who watches", move |conn| {
            gone.iter().try_for_each(|pair| leave(conn, &process, pair, now))?;
            if say_alive(conn, &process, now)? {
                return Ok(new.iter().try_for_each(|pair| enter(conn, &process, pair, now))?);
            }
            // It is the first time, or another process had given up on this one.
            Ok(all.iter().try_for_each(|pair| enter(conn, &process, pair, now))?)
        });
    }

    /// Says from time to time that this process is there, and clears up after those that are not.
    pub fn keep_alive(&mut self, db: &Db, now: Timestamp) {
        let said = self.told.is_some_and(|told| (0..ALIVE_EVERY).contains(&(now.0 - told.0)));
        if self.pairs.is_empty() || said {
            return;
        }
        self.told = Some(now);
        let (process, pairs) = (self.process_id.clone(), self.pairs.clone());
        db.write_later("that this process is there", move |conn| {
            if !say_alive(conn, &process, now)? {
                pairs.iter().try_for_each(|pair| enter(conn, &process, pair, now))?;
            }
            let lapsed = processes::table.filter(processes::seen_at.le(now.0 - LEASE)).select(processes::id);
            let lapsed: Vec<String> = lapsed.load(conn)?;
            Ok(lapsed.iter().try_for_each(|process| end(conn, process, now))?)
        });
    }

    /// Nobody watches through this process any more.
    ///
    /// # Errors
    /// Those of the database; others then clear up once the lease is over.
    pub fn end(&self, db: &Db, now: Timestamp) -> ApiResult<()> {
        if self.told.is_none() {
            return Ok(());
        }
        let process = self.process_id.clone();
        db.write_blocking(move |conn| Ok(end(conn, &process, now)?))
    }
}

/// Whether there was a row of this process before.
fn say_alive(conn: &mut DbConnection, process: &str, now: Timestamp) -> QueryResult<bool> {
    let there = diesel::update(processes::table.find(process)).set(processes::seen_at.eq(now.0)).execute(conn)? > 0;
    if !there {
        let row = (processes::id.eq(process), processes::seen_at.eq(now.0));
        diesel::insert_into(processes::table).values(row).execute(conn)?;
    }
    Ok(there)
}

fn enter(conn: &mut DbConnection, process: &str, (person, viewer): &Pair, now: Timestamp) -> QueryResult<()> {
    // An account that was erased meanwhile watches nobody.
    if users_of(conn, &[person, viewer])?.len() < 2 {
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
    let theirs = watchers::table.filter(watchers::process_id.eq(process));
    let pairs: Vec<Pair> = theirs.select((watchers::person_id, watchers::viewer_id)).load(conn)?;
    pairs.iter().try_for_each(|pair| leave(conn, process, pair, now))?;
    diesel::delete(processes::table.find(process)).execute(conn).map(drop)
}

fn tell(conn: &mut DbConnection, person: &str, viewer: &str, now: Timestamp) -> QueryResult<()> {
    outbox::add(conn, person, Topic::Own, Detail::Logged, Some(viewer), now)
}
