//! Session rows.

use std::time::Duration;

use diesel::prelude::*;
use uuid::Uuid;

use super::{
    api_tokens::{self, Scope, Scopes},
    continuation,
    ids::SessionId,
    sign_in::COOKIE_LIFE,
};
use crate::{
    account::{
        ids::UserId,
        model::{Role, User},
        username::Username,
    },
    clock::{DAY, MINUTE, Timestamp},
    db::{
        DbConnection,
        schema::{second_factors, sessions, users},
    },
    error::{ApiError, ApiResult, Code},
    words::{Flag, words},
};

/// A session that nobody used for this long has ended (OWASP ASVS 7.3.1).
pub const IDLE: i64 = 7 * DAY;
/// How precisely the last use is known: noting every use would turn every read into a write.
const SEEN_EVERY: i64 = 10 * MINUTE;
/// The last use of a credential that was never used.
pub const NEVER: Timestamp = Timestamp(0);
/// How many API tokens one user may have.
const TOKENS: usize = 20;

words! {
    /// The form of a credential.
    #[derive(serde::Serialize, utoipa::ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[schema(as = Kind)]
    pub enum SessionKind, otherwise ApiToken {
        /// The page.
        Cookie "cookie",
        /// Another client.
        Jwt "jwt",
        /// A script, with less than all rights.
        ApiToken "api_token",
    }
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub id: SessionId,
    user_id: UserId,
    kind: SessionKind,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub last_seen_at: Timestamp,
    /// The name that its owner gave to an API token.
    pub name: Option<String>,
    scopes: Option<Scopes>,
    secret_hash: Option<String>,
}

impl Session {
    #[must_use]
    pub fn new(id: SessionId, user_id: UserId, kind: SessionKind, now: Timestamp, expires: Timestamp) -> Self {
        Self {
            id,
            user_id,
            kind,
            created_at: now,
            expires_at: expires,
            user_agent: None,
            address: None,
            last_seen_at: now,
            name: None,
            scopes: None,
            secret_hash: None,
        }
    }

    /// Makes this the row behind an unused API token, whose hash is `secret_hash`.
    #[must_use]
    pub fn for_token(self, name: String, scopes: &[Scope], secret_hash: String) -> Self {
        Self {
            name: Some(name),
            scopes: Some(scopes.into()),
            secret_hash: Some(secret_hash),
            last_seen_at: NEVER,
            ..self
        }
    }

    /// The scopes it is limited to; `None` is no limit.
    #[must_use]
    pub fn scopes(&self) -> Option<&[Scope]> {
        self.scopes.as_ref().map(Scopes::granted)
    }

    /// Whether it is the row behind this very API token.
    #[must_use]
    pub fn is_of_token(&self, token: Option<&str>) -> bool {
        self.secret_hash.is_some() && token.map(api_tokens::hash) == self.secret_hash
    }

    #[must_use]
    pub fn kind(&self) -> SessionKind {
        self.kind
    }

    /// Whether its use at `now` is worth noting.
    #[must_use]
    pub fn needs_noting(&self, now: Timestamp) -> bool {
        // A last use in the future, from before the clock was put back, is replaced too.
        !(0..SEEN_EVERY).contains(&(now.0 - self.last_seen_at.0))
    }
}

/// Begins a session and notes the sign-in; sessions of the user that have ended are deleted.
pub fn start_session(conn: &mut DbConnection, session: &Session) -> QueryResult<()> {
    let now = session.created_at;
    let unused = sessions::last_seen_at.le(now.0 - IDLE).and(sessions::kind.ne(SessionKind::ApiToken));
    let ended = sessions::expires_at.le(now).or(unused);
    diesel::delete(sessions::table.filter(sessions::user_id.eq(&session.user_id)).filter(ended)).execute(conn)?;
    diesel::insert_into(sessions::table).values(session).execute(conn)?;
    diesel::update(users::table.find(&session.user_id)).set(users::last_login_at.eq(now)).execute(conn)?;
    Ok(())
}

pub fn end_session(conn: &mut DbConnection, id: &SessionId) -> QueryResult<()> {
    diesel::delete(sessions::table.find(id)).execute(conn).map(drop)
}

/// Signs one device of this user out. Returns whether there was one.
pub fn end_device_of(conn: &mut DbConnection, user_id: &UserId, id: &SessionId) -> QueryResult<bool> {
    let theirs = sessions::table.find(id).filter(sessions::user_id.eq(user_id));
    diesel::delete(theirs.filter(sessions::kind.ne(SessionKind::ApiToken))).execute(conn).map(|count| count > 0)
}

/// Revokes one API token of this user. Returns whether there was one.
pub fn end_token_of(conn: &mut DbConnection, user_id: &UserId, id: &SessionId) -> QueryResult<bool> {
    let theirs = sessions::table.find(id).filter(sessions::user_id.eq(user_id));
    diesel::delete(theirs.filter(sessions::kind.eq(SessionKind::ApiToken))).execute(conn).map(|count| count > 0)
}

/// Stores an API token.
///
/// # Errors
/// [`Code::TooManyTokens`]
pub fn add_token(conn: &mut DbConnection, token: &Session, now: Timestamp) -> ApiResult<()> {
    if list_sessions(conn, &token.user_id, true, now)?.len() >= TOKENS {
        return Err(ApiError::new(
            Code::TooManyTokens,
            "Nothing was changed. Revoke one that you no longer need first.",
        ));
    }
    diesel::insert_into(sessions::table).values(token).execute(conn)?;
    Ok(())
}

/// Deletes a token that its owner made under the same id and nobody used: the answer was lost, and the token with it.
///
/// # Errors
/// [`Code::IdConflict`] if the id stands for anything else.
pub fn replace_unused_token(conn: &mut DbConnection, token: &Session) -> ApiResult<()> {
    let own = sessions::table
        .find(&token.id)
        .filter(sessions::user_id.eq(&token.user_id))
        .filter(sessions::kind.eq(SessionKind::ApiToken))
        .filter(sessions::last_seen_at.eq(NEVER));
    diesel::delete(own).execute(conn)?;
    if session_exists(conn, &token.id)? {
        return Err(ApiError::new(Code::IdConflict, "Nothing was changed. Take a new id for a new token."));
    }
    Ok(())
}

/// Gives a cookie's session another id and returns it; `None` if `id` is not a cookie's: a token names its session, whose id stays.
pub fn renew_cookie(conn: &mut DbConnection, id: &SessionId, new_id: Uuid) -> QueryResult<Option<SessionId>> {
    let new_id = SessionId::from(new_id);
    let renewed = diesel::update(sessions::table.find(id).filter(sessions::kind.eq(SessionKind::Cookie)))
        .set(sessions::id.eq(&new_id))
        .execute(conn)?;
    Ok((renewed > 0).then_some(new_id))
}

fn session_exists(conn: &mut DbConnection, id: &SessionId) -> QueryResult<bool> {
    sessions::table.find(id).select(sessions::id).first::<SessionId>(conn).optional().map(|found| found.is_some())
}

/// The user of a session that was looked up before and may be over by now.
pub fn user_of_session(conn: &mut DbConnection, id: &SessionId) -> QueryResult<Option<User>> {
    let owned =
        sessions::table.inner_join(users::table).filter(sessions::id.eq(id)).filter(users::disabled.eq(Flag(false)));
    owned.select(User::as_select()).first(conn).optional()
}

/// Ends one session of this user, of whichever kind. Returns whether there was one.
pub fn end_session_of(conn: &mut DbConnection, user_id: &UserId, id: &SessionId) -> QueryResult<bool> {
    diesel::delete(sessions::table.find(id).filter(sessions::user_id.eq(user_id))).execute(conn).map(|count| count > 0)
}

/// Ends every session of this user, API tokens and half-finished sign-ins included.
pub fn end_all_sessions(conn: &mut DbConnection, user_id: &UserId) -> QueryResult<()> {
    continuation::end_all_of(conn, user_id)?;
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id))).execute(conn).map(drop)
}

/// Signs every other device out. API tokens stay: each is listed and ended by itself.
pub fn end_other_devices(conn: &mut DbConnection, user_id: &UserId, kept: &SessionId) -> QueryResult<()> {
    let others = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::id.ne(kept))
        .filter(sessions::kind.ne(SessionKind::ApiToken));
    diesel::delete(others).execute(conn).map(drop)
}

/// Ends every session of this user but one, API tokens and half-finished sign-ins included.
pub fn end_other_sessions(conn: &mut DbConnection, user_id: &UserId, kept: &SessionId) -> QueryResult<()> {
    continuation::end_all_of(conn, user_id)?;
    let others = sessions::table.filter(sessions::user_id.eq(user_id)).filter(sessions::id.ne(kept));
    diesel::delete(others).execute(conn).map(drop)
}

/// The names of enabled admins who sign in with their password alone.
pub fn admins_without_second_factor(conn: &mut DbConnection) -> QueryResult<Vec<Username>> {
    users::table
        .left_join(second_factors::table)
        .filter(users::role.eq(Role::Admin))
        .filter(users::disabled.eq(Flag(false)))
        .filter(second_factors::confirmed_at.is_null())
        .order(users::username)
        .select(users::username)
        .load(conn)
}

pub fn note_use(conn: &mut DbConnection, id: &SessionId, now: Timestamp) -> QueryResult<()> {
    diesel::update(sessions::table.find(id)).set(sessions::last_seen_at.eq(now)).execute(conn).map(drop)
}

/// Lets no session that was begun in the future last longer than one that begins at `now`, nor a JWT, which is worth nothing without its
/// session. The end of an API token was its owner's choice.
pub fn bound_lives(conn: &mut DbConnection, now: Timestamp, jwt_life: Duration) -> QueryResult<()> {
    let jwt_life = i64::try_from(jwt_life.as_millis()).unwrap_or(i64::MAX);
    for (kind, life) in [(SessionKind::Cookie, COOKIE_LIFE), (SessionKind::Jwt, jwt_life)] {
        let latest = now.0.saturating_add(life);
        let ahead = sessions::created_at.gt(now.0).and(sessions::expires_at.gt(latest));
        diesel::update(sessions::table.filter(sessions::kind.eq(kind)).filter(ahead))
            .set(sessions::expires_at.eq(latest))
            .execute(conn)?;
    }
    Ok(())
}

/// The living sessions of a user, newest first: the devices, or the API tokens.
pub fn list_sessions(
    conn: &mut DbConnection,
    user_id: &UserId,
    tokens: bool,
    now: Timestamp,
) -> QueryResult<Vec<Session>> {
    let query = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::expires_at.gt(now.0))
        .select(Session::as_select())
        .into_boxed();
    let mut found: Vec<Session> = if tokens {
        query.filter(sessions::kind.eq(SessionKind::ApiToken)).load(conn)?
    } else {
        query
            .filter(sessions::kind.ne(SessionKind::ApiToken))
            .filter(sessions::last_seen_at.gt(now.0 - IDLE))
            .load(conn)?
    };
    found.sort_by(|a, b| b.id.cmp(&a.id));
    // Nobody was here later than now, whatever the clock said then.
    for session in &mut found {
        session.last_seen_at = session.last_seen_at.min(now);
    }
    Ok(found)
}

/// The sessions and API tokens of a user as other admins see them, newest first, the tokens last. Nothing depends on their last use, since a
/// person or a script that logs uses them each time: a device is there until its session would end in any case.
pub fn sessions_for_others(conn: &mut DbConnection, user: &User, now: Timestamp) -> QueryResult<Vec<Session>> {
    let mut found: Vec<Session> = sessions::table
        .filter(sessions::user_id.eq(&user.id))
        .filter(sessions::expires_at.gt(now.0))
        .select(Session::as_select())
        .load(conn)?;
    found.sort_by(|a, b| (a.kind == SessionKind::ApiToken, &b.id).cmp(&(b.kind == SessionKind::ApiToken, &a.id)));
    for session in &mut found {
        session.last_seen_at = session.created_at;
    }
    Ok(found)
}

/// Which of these sessions live at `now`, each with its user's id.
pub fn living_sessions(
    conn: &mut DbConnection,
    ids: &[&SessionId],
    now: Timestamp,
) -> QueryResult<Vec<(SessionId, UserId)>> {
    let used = sessions::last_seen_at.gt(now.0 - IDLE).or(sessions::kind.eq(SessionKind::ApiToken));
    sessions::table
        .filter(sessions::id.eq_any(ids.to_vec()))
        .filter(sessions::expires_at.gt(now.0))
        .filter(used)
        .select((sessions::id, sessions::user_id))
        .load(conn)
}

/// A living session of this kind and the enabled user behind it: a credential works only in the slot it was made for.
pub fn find_session(
    conn: &mut DbConnection,
    id: &SessionId,
    kind: SessionKind,
    now: Timestamp,
) -> QueryResult<Option<(Session, User)>> {
    // A script may rest for longer than a week; its token ends at the time it was given.
    let used_since = if kind == SessionKind::ApiToken { i64::MIN } else { now.0 - IDLE };
    sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(id))
        .filter(sessions::kind.eq(kind))
        .filter(sessions::expires_at.gt(now.0))
        .filter(sessions::last_seen_at.gt(used_since))
        .filter(users::disabled.eq(Flag(false)))
        .select((Session::as_select(), User::as_select()))
        .first(conn)
        .optional()
}
