//! Looks at another person's data: one record for each viewer, person and minute, so that reading does not become writing.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::{Action, Event, Trace};
use crate::{clock::MINUTE, db::Db};

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
            seen.1.insert((viewer, person.to_owned()))
        };
        if first {
            let (trace, event) = (trace.clone(), Event::new(Action::PersonLook).on(person));
            // Whoever may look is answered even while nothing can be written.
            db.write_later("a look", move |conn| Ok(trace.record(conn, &event)?));
        }
    }
}
