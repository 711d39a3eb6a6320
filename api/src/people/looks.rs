//! Looks at another person's data: one record for each viewer, person and minute, so that reading does not become writing.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use diesel::prelude::*;

use crate::{
    account::model::find_user,
    clock::{MINUTE, Timestamp},
    db::{Db, DbConnection, schema::looks},
    trail::{Action, Event, Trace},
};

/// The looks of one minute: viewer and person, by user name.
type Noted = (i64, HashSet<(String, String)>);

#[derive(Clone, Debug, Default)]
pub struct Looks(Arc<Mutex<Noted>>);

impl Looks {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that `trace.actor` looked at `person`, unless that is known of this minute.
    pub fn note(&self, db: &Db, trace: &Trace, person: &str) {
        self.note_all(db, trace, [person.to_owned()]);
    }

    /// The same of several persons, in one write.
    pub fn note_all(&self, db: &Db, trace: &Trace, people: impl IntoIterator<Item = String>) {
        let Some(viewer) = trace.actor.clone() else { return };
        let minute = trace.at.0 / MINUTE;
        let new: Vec<String> = {
            let mut noted = self.noted();
            if noted.0 != minute {
                *noted = (minute, HashSet::new());
            }
            let others = people.into_iter().filter(|person| *person != viewer);
            others.filter(|person| noted.1.insert((viewer.clone(), person.clone()))).collect()
        };
        if new.is_empty() {
            return;
        }
        let (looks, written, unwritten, trace) = (self.clone(), new.clone(), (viewer.clone(), new), trace.clone());
        // Whoever may look is answered even while nothing can be written.
        db.write_later_or(
            "a look",
            move |conn| {
                for person in written {
                    keep_last(conn, &viewer, &person, trace.at)?;
                    trace.record(conn, &Event::new(Action::PersonLook).on(person))?;
                }
                Ok(())
            },
            move || {
                let (viewer, people) = unwritten;
                // The next look is written instead.
                let mut noted = looks.noted();
                if noted.0 == minute {
                    for person in people {
                        noted.1.remove(&(viewer.clone(), person));
                    }
                }
            },
        );
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
