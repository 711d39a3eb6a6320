//! Continuations between the two steps of a sign-in: each stands for a password that was right a moment
//! ago, so that it need not be sent and hashed again. See `docs/decisions/0017-sign-in-in-two-steps.md`.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use super::api_tokens;
use crate::{
    account::{ids::UserId, model::User},
    clock::{MINUTE, Timestamp},
    db::{
        DbConnection,
        schema::{sign_in_continuations, users},
    },
};

pub(super) const LIFE: i64 = 2 * MINUTE;

/// Makes a continuation for `user` at `network`, valid until `until`. Expired ones are deleted.
pub(super) fn begin(
    conn: &mut DbConnection,
    user: &User,
    network: &str,
    now: Timestamp,
    until: Timestamp,
) -> QueryResult<SecretString> {
    diesel::delete(sign_in_continuations::table.filter(sign_in_continuations::expires_at.le(now.0))).execute(conn)?;
    let text = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    diesel::insert_into(sign_in_continuations::table)
        .values((
            sign_in_continuations::hash.eq(api_tokens::hash(&text)),
            sign_in_continuations::user_id.eq(&user.id),
            sign_in_continuations::network.eq(network),
            sign_in_continuations::password_digest.eq(api_tokens::hash(&user.password_hash)),
            sign_in_continuations::expires_at.eq(until),
        ))
        .execute(conn)?;
    Ok(text.into())
}

/// Uses a continuation up, valid or not. Returns the user it stands for at `network`, and until when it was valid.
pub(super) fn take(
    conn: &mut DbConnection,
    text: &SecretString,
    network: &str,
    now: Timestamp,
) -> QueryResult<Option<(User, Timestamp)>> {
    let hash = api_tokens::hash(text.expose_secret());
    let found = sign_in_continuations::table
        .inner_join(users::table)
        .filter(sign_in_continuations::hash.eq(&hash))
        .select((
            User::as_select(),
            sign_in_continuations::network,
            sign_in_continuations::password_digest,
            sign_in_continuations::expires_at,
        ))
        .first::<(User, String, String, Timestamp)>(conn)
        .optional()?;
    diesel::delete(sign_in_continuations::table.find(&hash)).execute(conn)?;
    let good = |(user, at, password, until): &(User, String, String, Timestamp)| {
        // One that was made while the clock was ahead lives no longer than any other.
        (now.0 + 1..=now.0 + LIFE).contains(&until.0)
            && at == network
            && *password == api_tokens::hash(&user.password_hash)
    };
    Ok(found.filter(good).map(|(user, _, _, until)| (user, until)))
}

/// Voids all continuations of this user.
pub(super) fn end_all_of(conn: &mut DbConnection, user_id: &UserId) -> QueryResult<()> {
    let theirs = sign_in_continuations::table.filter(sign_in_continuations::user_id.eq(user_id));
    diesel::delete(theirs).execute(conn).map(drop)
}
