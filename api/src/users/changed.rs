//! Notifies those who watch that the way an account is presented has changed.

use diesel::QueryResult;

use crate::{
    account::model::{Role, User},
    clock::Timestamp,
    db::DbConnection,
    metric::Detail,
    outbox::{self, Subject, Topic},
    people::sharing::shares_to,
};

/// An account before and after a change.
#[derive(Clone, Copy, Debug)]
pub struct ChangedUser<'a> {
    pub before: &'a User,
    pub after: &'a User,
}

/// Notes that a user's account or preferences changed.
pub fn person_changed(conn: &mut DbConnection, user: ChangedUser<'_>, now: Timestamp) -> QueryResult<()> {
    let ChangedUser { before, after } = user;
    let (person, viewer) = (after.as_person(), after.as_viewer());
    let presented = |user: &User| (user.display_name.clone(), user.time_zone.clone());
    let own = |user: &User| {
        let hours = (user.day_starts_at, user.ageing_after_hours, user.stale_after_hours);
        (user.unit(), user.water_presets_ml(), user.sharing(), hours)
    };
    if presented(before) != presented(after) {
        outbox::add(conn, &person, Topic::Person, Detail::Logged, Subject::All, now)?;
    } else if before.daily_goal_ml != after.daily_goal_ml {
        outbox::add(conn, &person, Topic::Person, Detail::Exact, Subject::All, now)?;
    } else if own(before) != own(after) {
        outbox::add(conn, &person, Topic::Own, Detail::Logged, Subject::All, now)?;
    }
    // A person who lets a viewer watch finds them under their name.
    let found_as = |user: &User| (user.display_name.clone(), user.disabled);
    if after.role() == Role::Viewer && found_as(before) != found_as(after) {
        for share in shares_to(conn, &viewer)? {
            outbox::add(conn, &share.person_id, Topic::Viewer, Detail::Logged, Subject::Viewer(&viewer), now)?;
        }
    }
    Ok(())
}
