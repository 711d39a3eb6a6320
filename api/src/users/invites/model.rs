//! Invite rows. The code itself is not stored: a reader of the database cannot register with it.

use diesel::prelude::*;

use crate::{
    account::{
        ids::UserId,
        model::{Role, Sharing, User},
        username::Username,
    },
    clock::Timestamp,
    db::{
        DbConnection,
        schema::{invites, users},
    },
    error::{ApiError, ApiResult, Code},
    id::id,
    metric::Detail,
    people::{shares::terms::Offer, sharing::Granted},
    words::Flag,
};

id! {
    #[derive(serde::Deserialize)]
    /// The id of an invite.
    InviteId
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = invites)]
pub struct Invite {
    pub id: InviteId,
    code_hash: String,
    role: Role,
    pub expires_at: Timestamp,
    pub max_uses: i32,
    pub uses: i32,
    /// The id of the admin who made it.
    pub created_by: UserId,
    pub created_at: Timestamp,
    /// The access to its maker's data for people who register with it; none where there is no water.
    water: Option<Detail>,
    altitude: Option<Detail>,
    history: Flag,
    export: Flag,
    until: Option<Timestamp>,
}

/// The choices for a new invite.
#[derive(Clone, Copy, Debug)]
pub struct Chosen {
    pub role: Role,
    pub expires_at: Timestamp,
    pub max_uses: i32,
    pub offer: Option<Offer>,
}

impl Invite {
    #[must_use]
    pub fn new(id: InviteId, code_hash: String, chosen: Chosen, created_by: UserId, now: Timestamp) -> Self {
        let Chosen { role, expires_at, max_uses, offer } = chosen;
        let terms = offer.map(|offer| offer.terms);
        Self {
            id,
            code_hash,
            role,
            expires_at,
            max_uses,
            uses: 0,
            created_by,
            created_at: now,
            water: terms.map(|terms| terms.water),
            altitude: terms.map(|terms| terms.altitude),
            history: Flag(terms.is_some_and(|terms| terms.history)),
            export: Flag(terms.is_some_and(|terms| terms.export)),
            until: offer.and_then(|offer| offer.until),
        }
    }

    /// The maker's offer to people who register with it.
    #[must_use]
    pub fn offer(&self) -> Option<Offer> {
        let (water, altitude) = (self.water?, self.altitude?);
        let terms = Granted { water, altitude, history: self.history.0, export: self.export.0, own: false };
        Some(Offer { terms, until: self.until })
    }

    /// The offer at `now`: none once it is over, or while the maker shares with nobody.
    #[must_use]
    pub fn offer_of(&self, maker: &User, now: Timestamp) -> Option<Offer> {
        let open = self.role() == Role::Viewer && maker.sharing() != Sharing::Nobody;
        self.offer().filter(|offer| open && offer.until.is_none_or(|until| until > now))
    }

    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }
}

/// The invite of this code, if it can be used at `now`.
pub fn find_good(conn: &mut DbConnection, code_hash: &str, now: Timestamp) -> QueryResult<Option<Invite>> {
    invites::table
        .filter(invites::code_hash.eq(code_hash))
        .filter(invites::expires_at.gt(now.0))
        .filter(invites::uses.lt(invites::max_uses))
        .select(Invite::as_select())
        .first(conn)
        .optional()
}

/// Call it in the transaction that found the invite good: nobody else counts in between.
pub fn count_use(conn: &mut DbConnection, id: &InviteId) -> QueryResult<()> {
    diesel::update(invites::table.find(id)).set(invites::uses.eq(invites::uses + 1)).execute(conn).map(drop)
}

/// Adds `invite` and deletes those that have expired.
pub fn insert(conn: &mut DbConnection, invite: &Invite) -> QueryResult<()> {
    diesel::delete(invites::table.filter(invites::expires_at.le(invite.created_at))).execute(conn)?;
    diesel::insert_into(invites::table).values(invite).execute(conn).map(drop)
}

/// Deletes an invite that its maker made under the same id and nobody used: the answer was lost, and the code with it.
///
/// # Errors
/// [`Code::IdConflict`] if the id stands for anything else.
pub fn replace_unused(conn: &mut DbConnection, invite: &Invite) -> ApiResult<()> {
    let own =
        invites::table.find(&invite.id).filter(invites::created_by.eq(&invite.created_by)).filter(invites::uses.eq(0));
    diesel::delete(own).execute(conn)?;
    match invites::table.find(&invite.id).count().get_result::<i64>(conn)? {
        0 => Ok(()),
        _ => Err(ApiError::new(Code::IdConflict, "Nothing was changed. Take a new id for a new invitation.")),
    }
}

/// Deletes an invite. Returns whether there was one.
pub fn delete(conn: &mut DbConnection, id: &InviteId) -> QueryResult<bool> {
    diesel::delete(invites::table.find(id)).execute(conn).map(|count| count > 0)
}

/// Deletes the invites of an admin who is no longer trusted with them.
pub fn delete_of(conn: &mut DbConnection, user_id: &UserId) -> QueryResult<()> {
    diesel::delete(invites::table.filter(invites::created_by.eq(user_id))).execute(conn).map(drop)
}

/// At most `limit` invites that have not expired, each with its maker's name, newest first, below the id `before`.
pub fn list(
    conn: &mut DbConnection,
    before: &InviteId,
    now: Timestamp,
    limit: u32,
) -> QueryResult<Vec<(Invite, Option<Username>)>> {
    // An invite always has a maker; a left join, and an end that no index can look up, make SQLite walk the invites in their order.
    invites::table
        .left_join(users::table)
        .filter(invites::id.lt(before))
        .filter((invites::expires_at + 0_i64).gt(now.0))
        .order(invites::id.desc())
        .limit(i64::from(limit))
        .select((Invite::as_select(), users::username.nullable()))
        .load(conn)
}
