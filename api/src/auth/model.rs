//! Session rows.

use diesel::prelude::*;

use crate::{
    clock::Timestamp,
    db::{
        DbConnection,
        schema::{sessions, users},
    },
    users::model::User,
};

/// What carries a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cookie,
    Jwt,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Jwt => "jwt",
        }
    }
}

/// Begins a session and notes the sign-in; what the user left behind expired goes.
pub fn start_session(
    conn: &mut DbConnection,
    user_id: &str,
    id: &str,
    kind: Kind,
    now: Timestamp,
    expires: Timestamp,
) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id)).filter(sessions::expires_at.le(now.0)))
        .execute(conn)?;
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(id),
            sessions::user_id.eq(user_id),
            sessions::kind.eq(kind.as_str()),
            sessions::created_at.eq(now.0),
            sessions::expires_at.eq(expires.0),
        ))
        .execute(conn)?;
    diesel::update(users::table.find(user_id)).set(users::last_login_at.eq(now.0)).execute(conn)?;
    Ok(())
}

pub fn end_session(conn: &mut DbConnection, id: &str) -> QueryResult<()> {
    diesel::delete(sessions::table.find(id)).execute(conn).map(drop)
}

/// The enabled user behind a living session of this kind: a credential works only in the slot it was made for.
pub fn user_of_session(conn: &mut DbConnection, id: &str, kind: Kind, now: Timestamp) -> QueryResult<Option<User>> {
    sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(id))
        .filter(sessions::kind.eq(kind.as_str()))
        .filter(sessions::expires_at.gt(now.0))
        .filter(users::disabled.eq(0))
        .select(User::as_select())
        .first(conn)
        .optional()
}
