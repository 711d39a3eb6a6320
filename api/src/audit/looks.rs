//! Looks at another person's data: one record for each viewer, person and minute, so that reading does not become writing.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use diesel::prelude::*;

use super::{Action, Event, Trace};
use crate::{
    clock::{MINUTE, Timestamp},
    db::{Db, DbConnection, schema::looks},
    users::model::find_user,
};

#[derive(Debug, Default)]
pub struct Looks(Mutex<(i64, HashSet<(String, String)>)>);

impl Looks {
    /// Records that `trace.actor` looked at `person`, unless that is known of this minute.
    pub fn note(&self, db: &Db, trace: &Trace, person: &str) {
        let Some(viewer) = trace.actor.clone().filter(|viewer| viewer != person) else { return };
        let minute = trace.at.0 / MINUTE;
        let first = {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.0 != minute {
                *seen = (minute, HashSet::new());
            }
            seen.1.insert((viewer.clone(), person.to_owned()))
        };
        if first {
            let (trace, person) = (trace.clone(), person.to_owned());
            // Whoever may look is answered even while nothing can be written.
            db.write_later("a look", move |conn| {
                keep_last(conn, &viewer, &person, trace.at)?;
                Ok(trace.record(conn, &Event::new(Action::PersonLook).on(person))?)
            });
        }
    }
}

/// Notes when somebody last looked, if both are still here.
fn keep_last(conn: &mut DbConnection, viewer: &str, person: &str, at: Timestamp) -> QueryResult<()> {
    let (Some(viewer), Some(person)) = (find_user(conn, viewer)?, find_user(conn, person)?) else { return Ok(()) };
    let last = looks::table.find((&person.id, &viewer.id));
    if diesel::update(last).set(looks::last_at.eq(at.0)).execute(conn)? == 0 {
        let row = (looks::person_id.eq(person.id), looks::viewer_id.eq(viewer.id), looks::last_at.eq(at.0));
        diesel::insert_into(looks::table).values(row).execute(conn)?;
    }
    Ok(())
}
