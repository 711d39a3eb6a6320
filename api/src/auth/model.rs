//! Session rows.

use diesel::prelude::*;

use crate::{
    clock::{DAY, MINUTE, Timestamp},
    db::{
        DbConnection,
        schema::{sessions, users},
    },
    users::model::User,
};

/// A session that nobody used for so long has ended (OWASP ASVS 7.3.1).
pub const IDLE: i64 = 7 * DAY;
/// How exactly the last use is known. Noting each would turn every read into a write.
const SEEN_EVERY: i64 = 10 * MINUTE;

/// What carries a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The page.
    Cookie,
    /// Another client.
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

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub id: String,
    user_id: String,
    kind: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub last_seen_at: i64,
}

impl Session {
    #[must_use]
    pub fn new(id: String, user_id: String, kind: Kind, now: Timestamp, expires: Timestamp) -> Self {
        Self {
            id,
            user_id,
            kind: kind.as_str().to_owned(),
            created_at: now.0,
            expires_at: expires.0,
            user_agent: None,
            address: None,
            last_seen_at: now.0,
        }
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        if self.kind == Kind::Cookie.as_str() { Kind::Cookie } else { Kind::Jwt }
    }

    /// Whether its use at `now` is worth noting.
    #[must_use]
    pub fn needs_noting(&self, now: Timestamp) -> bool {
        now.0 - self.last_seen_at >= SEEN_EVERY
    }
}

/// Begins a session and notes the sign-in; what the user left behind that has ended goes.
pub fn start_session(conn: &mut DbConnection, session: &Session) -> QueryResult<()> {
    let now = session.created_at;
    let ended = sessions::expires_at.le(now).or(sessions::last_seen_at.le(now - IDLE));
    diesel::delete(sessions::table.filter(sessions::user_id.eq(&session.user_id)).filter(ended)).execute(conn)?;
    diesel::insert_into(sessions::table).values(session).execute(conn)?;
    diesel::update(users::table.find(&session.user_id)).set(users::last_login_at.eq(now)).execute(conn)?;
    Ok(())
}

pub fn end_session(conn: &mut DbConnection, id: &str) -> QueryResult<()> {
    diesel::delete(sessions::table.find(id)).execute(conn).map(drop)
}

/// Ends one session of this user; whether there was one.
pub fn end_session_of(conn: &mut DbConnection, user_id: &str, id: &str) -> QueryResult<bool> {
    diesel::delete(sessions::table.find(id).filter(sessions::user_id.eq(user_id))).execute(conn).map(|count| count > 0)
}

pub fn end_other_sessions(conn: &mut DbConnection, user_id: &str, kept: &str) -> QueryResult<()> {
    let others = sessions::table.filter(sessions::user_id.eq(user_id)).filter(sessions::id.ne(kept));
    diesel::delete(others).execute(conn).map(drop)
}

pub fn note_use(conn: &mut DbConnection, id: &str, now: Timestamp) -> QueryResult<()> {
    diesel::update(sessions::table.find(id)).set(sessions::last_seen_at.eq(now.0)).execute(conn).map(drop)
}

/// The living sessions of a user, newest first.
pub fn list_sessions(conn: &mut DbConnection, user_id: &str, now: Timestamp) -> QueryResult<Vec<Session>> {
    let mut found: Vec<Session> = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::expires_at.gt(now.0))
        .filter(sessions::last_seen_at.gt(now.0 - IDLE))
        .select(Session::as_select())
        .load(conn)?;
    found.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(found)
}

/// A living session of this kind and the enabled user behind it: a credential works only in the slot it was made for.
pub fn find_session(
    conn: &mut DbConnection,
    id: &str,
    kind: Kind,
    now: Timestamp,
) -> QueryResult<Option<(Session, User)>> {
    sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(id))
        .filter(sessions::kind.eq(kind.as_str()))
        .filter(sessions::expires_at.gt(now.0))
        .filter(sessions::last_seen_at.gt(now.0 - IDLE))
        .filter(users::disabled.eq(0))
        .select((Session::as_select(), User::as_select()))
        .first(conn)
        .optional()
}
