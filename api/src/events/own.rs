//! What a person is told about their viewers.

use diesel::{QueryResult, prelude::*};
use serde_json::{Value, json};

use super::presence::watchers_of;
use crate::{
    clock::Timestamp,
    db::{DbConnection, schema::looks},
    people::sharing::{Granted, Share, ShareState, find_share},
    users::model::{User, users_of},
};

/// How things stand between a person and a viewer; `None` once the viewer's account is gone.
pub(super) fn share(
    conn: &mut DbConnection,
    person: &User,
    viewer_id: &str,
    now: Timestamp,
) -> QueryResult<Option<Value>> {
    let Some(viewer) = users_of(conn, &[viewer_id])?.pop() else { return Ok(None) };
    let share = find_share(conn, &person.id, viewer_id)?;
    let looked: Option<i64> =
        looks::table.find((&person.id, viewer_id)).select(looks::last_at).first(conn).optional()?;
    let watching = watchers_of(conn, &person.id, now)?.iter().any(|(watcher, _)| watcher == viewer_id);
    let terms = share.as_ref().map_or(Granted::USUAL, Share::terms);
    Ok(Some(json!({
        "username": viewer.username,
        "display_name": viewer.display_name,
        "state": share.as_ref().map_or(ShareState::Ended, |share| share.state(now)),
        "water": terms.water,
        "altitude": terms.altitude,
        "history": terms.history,
        "export": terms.export,
        "until": share.as_ref().and_then(|share| share.until).map(Timestamp),
        "requested_at": share.as_ref().and_then(|share| share.requested_at).map(Timestamp),
        "since": share.as_ref().map(|share| Timestamp(share.since)),
        "last_looked_at": looked.map(Timestamp),
        "watching": watching,
    })))
}
