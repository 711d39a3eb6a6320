//! Persons, as a reader finds them.

use diesel::prelude::*;

use super::{
    sharing::{Ends, Share, ShareState, Watched, decide, find_share},
    status::{GrantedView, Person, StatusView, status},
};
use crate::{
    account::model::{Role, Sharing, User},
    clock::Timestamp,
    db::{DbConnection, schema::users},
    words::Flag,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The relation of a reader to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It is they themself.
    Own,
    /// They may watch.
    Watching,
    /// They asked, and wait for an answer.
    Requested,
    /// The person said no or ended it.
    Ended,
    /// They may ask.
    MayAsk,
}

/// A person you may watch, or may ask.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonView {
    pub person: Person,
    pub access: Access,
    /// The parts of them that you see; `null` if you may not watch.
    #[schema(required = true)]
    pub granted: Option<GrantedView>,
    /// Their status; `null` if you may not watch.
    #[schema(required = true)]
    pub status: Option<StatusView>,
}

/// At most `limit` persons whom `reader` may watch or ask, by user name, beyond the name `after`.
pub fn list_people(conn: &mut DbConnection, reader: &User, after: &str, limit: u32) -> QueryResult<Vec<User>> {
    let mut query = users::table
        .filter(users::role.eq(Role::Admin))
        .filter(users::disabled.eq(Flag(false)))
        .filter(users::username.gt(after.to_owned()))
        .order(users::username)
        .limit(i64::from(limit))
        .select(User::as_select())
        .into_boxed();
    if reader.role() == Role::Admin {
        query = query.filter(users::id.eq(reader.id.clone()));
    } else {
        query = query.filter(users::sharing.ne(Sharing::Nobody));
    }
    query.load(conn)
}

/// A person of that list, as `reader` sees them.
pub fn person_view(conn: &mut DbConnection, reader: &User, person: User, now: Timestamp) -> QueryResult<PersonView> {
    let share = find_share(conn, &person.as_person(), &reader.as_viewer())?;
    view_with(reader, person, share, now, |watched| status(conn, watched, now))
}

/// [`person_view`] with a share, and perhaps a status, that was read already.
pub fn view_with(
    reader: &User,
    person: User,
    share: Option<Share>,
    now: Timestamp,
    status: impl FnOnce(&Watched) -> QueryResult<StatusView>,
) -> QueryResult<PersonView> {
    let Some(granted) = decide(Ends { person: &person, viewer: reader }, share.as_ref(), now) else {
        let access = match share.map(|share| share.state(now)) {
            None | Some(ShareState::Approved) => Access::MayAsk,
            Some(ShareState::Requested) => Access::Requested,
            Some(ShareState::Ended) => Access::Ended,
        };
        return Ok(PersonView { person: Person::new(&person, false), access, granted: None, status: None });
    };
    let until = share.filter(|share| share.state(now) == ShareState::Approved).and_then(|share: Share| share.until);
    let watched = Watched { person, granted };
    let status = status(&watched)?;
    Ok(PersonView {
        person: status.person.clone(),
        access: if granted.own { Access::Own } else { Access::Watching },
        granted: Some(GrantedView::new(granted, until)),
        status: Some(status),
    })
}
