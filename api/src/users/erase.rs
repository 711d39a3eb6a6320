//! Erasing an account, unless it is the last admin's, and notifying the people whom it watched.

use diesel::prelude::*;

use crate::{
    account::{ids::UserId, model::require_other_admin},
    clock::Timestamp,
    db::{DbConnection, schema::users},
    error::{ApiError, ApiResult},
    people::shares::model::tell_all_watched_by,
};

/// Erases the user with all that belongs to them.
///
/// # Errors
/// [`crate::error::Code::LastAdmin`], see [`require_other_admin`]; [`crate::error::Code::NotFound`] if somebody else was faster.
pub fn delete_user(conn: &mut DbConnection, id: &UserId, now: Timestamp) -> ApiResult<()> {
    require_other_admin(conn, id)?;
    tell_all_watched_by(conn, &id.as_viewer(), now)?;
    match diesel::delete(users::table.find(id)).execute(conn)? {
        0 => Err(ApiError::not_found()),
        _ => Ok(()),
    }
}
