//! Looks at another person's data: one record for each viewer, person and minute, so that reading does not become writing.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use diesel::prelude::*;

use crate::{
    account::{model::find_user_by_name, username::Username},
    clock::{MINUTE, Timestamp},
    db::{Db, DbConnection, schema::looks},
    trail::{Action, AuditContext, AuditEvent},
};

/// A viewer who looked at a person, by user name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Look {
    viewer: Username,
    person: Username,
}

/// The looks of one minute.
type Noted = (i64, HashSet<Look>);

#[derive(Clone, Debug, Default)]
pub struct Looks(Arc<Mutex<Noted>>);

impl Looks {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that `context.actor` looked at `person`, unless that is known of this minute.
    pub fn note(&self, db: &Db, context: &AuditContext, person: &Username) {
        self.note_all(db, context, [person.clone()]);
    }

    /// [`Self::note`] for several persons, in one write.
    pub fn note_all(&self, db: &Db, context: &AuditContext, people: impl IntoIterator<Item = Username>) {
        let Some(viewer) = context.actor.as_deref().map(Username::typed) else { return };
        let minute = context.at.0 / MINUTE;
        let new: Vec<Look> = {
            let mut noted = self.noted();
            if noted.0 != minute {
                *noted = (minute, HashSet::new());
            }
            let others = people.into_iter().filter(|person| *person != viewer);
            let looks = others.map(|person| Look { viewer: viewer.clone(), person });
            looks.filter(|look| noted.1.insert(look.clone())).collect()
        };
        if new.is_empty() {
            return;
        }
        let (looks, written, unwritten, context) = (self.clone(), new.clone(), new, context.clone());
        // A reader who may look is answered even while nothing can be written.
        db.write_later_or(
            "a look",
            move |conn| {
                for look in written {
                    save_last(conn, &look, context.at)?;
                    context.record(conn, &AuditEvent::new(Action::PersonLook).on(&look.person))?;
                }
                Ok(())
            },
            move || {
                // The next look is written instead.
                let mut noted = looks.noted();
                if noted.0 == minute {
                    for look in unwritten {
                        noted.1.remove(&look);
                    }
                }
            },
        );
    }
}

/// Notes when somebody last looked, if both are still here.
fn save_last(conn: &mut DbConnection, look: &Look, at: Timestamp) -> QueryResult<()> {
    let (Some(viewer), Some(person)) = (find_user_by_name(conn, &look.viewer)?, find_user_by_name(conn, &look.person)?)
    else {
        return Ok(());
    };
    let last = looks::table.find((&person.id, &viewer.id));
    if diesel::update(last).set(looks::last_at.eq(at.0)).execute(conn)? == 0 {
        let row = (looks::person_id.eq(person.id), looks::viewer_id.eq(viewer.id), looks::last_at.eq(at.0));
        diesel::insert_into(looks::table).values(row).execute(conn)?;
    }
    Ok(())
}
