//! Changes to somebody else's account, by an admin or by the operator. Each is recorded, and one that takes something from an account ends
//! every way in that was opened before, in the same transaction.

use diesel::prelude::*;

use crate::{
    account::{
        model::{Role, Sharing, User, find_user_by_name, require_other_admin},
        username::Username,
    },
    auth::{
        model::{Session, end_all_sessions, list_sessions},
        second_factor,
    },
    clock::{DAY, Timestamp},
    db::{DbConnection, schema::users},
    error::{ApiError, ApiResult},
    people::shares,
    trail::{Action, AuditContext, AuditEvent},
    users::{
        changed::{ChangedUser, person_changed},
        erase::delete_user,
        invites,
    },
    words::Flag,
};

/// How long a temporary password lets its owner in to choose another (OWASP ASVS 6.4.1).
pub const TEMPORARY: i64 = DAY;

/// Changes to an account; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AccountChanges {
    pub role: Option<Role>,
    pub disabled: Option<bool>,
    pub display_name: Option<String>,
}

#[derive(AsChangeset)]
#[diesel(table_name = users)]
struct Columns {
    role: Option<Role>,
    disabled: Option<Flag>,
    display_name: Option<String>,
    sharing: Option<Sharing>,
}

/// # Errors
/// [`crate::error::Code::NotFound`]. Only admins and the operator come here, and they may know who exists.
pub fn named(conn: &mut DbConnection, username: &Username) -> ApiResult<User> {
    find_user_by_name(conn, username)?.ok_or_else(ApiError::not_found)
}

/// # Errors
/// [`crate::error::Code::LastAdmin`] if that would demote or disable them.
pub fn change(
    conn: &mut DbConnection,
    context: &AuditContext,
    username: &Username,
    changes: AccountChanges,
) -> ApiResult<User> {
    let user = named(conn, username)?;
    // A value that is set already is no change: it ends no session and leaves no record.
    let role = changes.role.filter(|role| *role != user.role());
    let disabled = changes.disabled.filter(|disabled| *disabled != user.disabled);
    let display_name = changes.display_name.filter(|name| *name != user.display_name);
    let said = [
        role.map(|role| format!("role {}", role.as_str())),
        disabled.map(|disabled| if disabled { "disabled" } else { "enabled" }.to_owned()),
        display_name.as_ref().map(|_| "display name".to_owned()),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    if said.is_empty() {
        return Ok(user);
    }
    let loses = role == Some(Role::Viewer) || disabled == Some(true);
    if loses {
        require_other_admin(conn, &user.id)?;
        invites::model::delete_of(conn, &user.id)?;
    }
    if role.is_some() {
        shares::model::end_all_of(conn, context, &user)?;
    }
    if loses || role.is_some() {
        end_all_sessions(conn, &user.id)?;
    }
    let columns = Columns {
        role,
        disabled: disabled.map(Flag),
        display_name,
        // A person who becomes an admin again decides again whom they let watch.
        sharing: role.map(|_| Sharing::Approved),
    };
    diesel::update(users::table.find(&user.id)).set(&columns).execute(conn)?;
    context.record(conn, &AuditEvent::new(Action::UserUpdate).on(&user.username).detail(said.join(", ")))?;
    let after = named(conn, username)?;
    person_changed(conn, ChangedUser { before: &user, after: &after }, context.at)?;
    Ok(after)
}

/// # Errors
/// [`crate::error::Code::LastAdmin`].
pub fn delete(conn: &mut DbConnection, context: &AuditContext, username: &Username) -> ApiResult<()> {
    let user = named(conn, username)?;
    delete_user(conn, &user.id, context.at)?;
    Ok(context.record(conn, &AuditEvent::new(Action::UserDelete).on(&user.username))?)
}

/// Makes the password behind `hash` the user's, for as long as a temporary one lasts. Returns until when.
pub fn reset_password(
    conn: &mut DbConnection,
    context: &AuditContext,
    username: &Username,
    hash: &str,
) -> ApiResult<Timestamp> {
    let user = named(conn, username)?;
    let until = Timestamp(context.at.0 + TEMPORARY);
    diesel::update(users::table.find(&user.id))
        .set((users::password_hash.eq(hash), users::temporary_password_until.eq(until)))
        .execute(conn)?;
    end_all_sessions(conn, &user.id)?;
    context.record(conn, &AuditEvent::new(Action::PasswordReset).on(&user.username))?;
    Ok(until)
}

/// Where the user is signed in, API tokens too, the tokens last.
pub fn sessions(conn: &mut DbConnection, user: &User, now: Timestamp) -> QueryResult<Vec<Session>> {
    let mut found = list_sessions(conn, &user.id, false, now)?;
    found.extend(list_sessions(conn, &user.id, true, now)?);
    Ok(found)
}

pub fn end_sessions(conn: &mut DbConnection, context: &AuditContext, username: &Username) -> ApiResult<()> {
    let user = named(conn, username)?;
    end_all_sessions(conn, &user.id)?;
    Ok(context.record(conn, &AuditEvent::new(Action::SessionEnd).on(&user.username).detail("all"))?)
}

/// Removes the second factor of somebody who lost the device for their codes.
pub fn remove_second_factor(conn: &mut DbConnection, context: &AuditContext, username: &Username) -> ApiResult<()> {
    let user = named(conn, username)?;
    if second_factor::remove(conn, &user.id)? {
        context.record(conn, &AuditEvent::new(Action::TotpDisable).on(&user.username))?;
    }
    Ok(())
}
