//! Endpoints with which admins manage the accounts of others.

use actix_web::{HttpResponse, delete, get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::model::{self, AccountChanges, TEMPORARY};
use crate::{
    account::{
        model::{NewUser, Role, get_user as get_row, insert_user, list_users as list},
        names::validate_name,
        username::{Username, validate_new_username},
        view::UserView,
    },
    auth::{Auth, SessionView, guard::AdminUser, lockout, model::sessions_for_others},
    clock::Timestamp,
    error::{ApiError, ApiResult, Code},
    http::{
        extract::{ValidJson, ValidQuery, present},
        paging::{Page, PageQuery},
        state::AppState,
    },
    people::{
        looks::Looks,
        shares::{
            self,
            terms::{Offer, ShareTerms},
        },
        sharing::Ends,
        status::GrantedView,
    },
    trail::{Action, AuditEvent},
};

/// List all users.
#[utoipa::path(
    tag = "users",
    params(PageQuery),
    responses(
        (status = 200, description = "One page, by user name", body = Page<UserView>),
    )
)]
#[get("/admin/users")]
pub async fn list_users(
    state: web::Data<AppState>,
    admin: AdminUser,
    query: ValidQuery<PageQuery>,
) -> ApiResult<web::Json<Page<UserView>>> {
    let page = state.cursors.page::<Username>("users", query.0)?;
    let now = state.clock.now();
    let users = admin.0.read(&state.db, |conn, _| {
        let found = list(conn, page.after.as_ref().map_or("", Username::as_str), page.rows())?;
        Ok(page.of(found, |last| last.username.clone()).try_map(|user| user.view_at(conn, now))?)
    });
    Ok(web::Json(users.await?))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    /// 3 to 32 letters, digits, `.`, `_` or `-`. Stored in lower case.
    #[validate(custom(function = "validate_new_username"))]
    #[schema(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$", example = "robin")]
    username: String,
    role: Role,
    /// The user name by default.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 64), custom(function = "validate_name"))]
    #[schema(
        nullable = false,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        example = "Robin"
    )]
    display_name: Option<String>,
    /// Everything a viewer will see of you; `null` means nothing until they ask and you answer. The
    /// default is exact values with history.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ShareTerms>)]
    #[expect(clippy::option_option, reason = "left out, null and terms are three things")]
    share: Option<Option<ShareTerms>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedUser {
    user: UserView,
    /// Everything they will see of you.
    #[schema(required = true)]
    share: Option<GrantedView>,
    /// Lets them in to choose their own password, and to do nothing else.
    #[schema(example = "hV7kXw3RzTq9mPcB2nLyGd5s")]
    temporary_password: String,
    /// The time at which the temporary password stops working.
    expires_at: Timestamp,
}

/// Create a user.
///
/// The temporary password is shown only once: pass it on. Nobody can choose it, and its owner has
/// to replace it within 24 hours.
#[utoipa::path(
    tag = "users",
    request_body = CreateUser,
    responses(
        (status = 201, description = "Created", body = CreatedUser),
        (status = 409, description = "The name is taken"),
    )
)]
#[post("/admin/users")]
pub async fn create_user(
    state: web::Data<AppState>,
    auth: web::Data<Auth>,
    admin: AdminUser,
    body: ValidJson<CreateUser>,
) -> ApiResult<HttpResponse> {
    let ValidJson(CreateUser { username, role, display_name, share }) = body;
    let now = state.clock.now();
    let offer = match share {
        Some(terms) => terms.map(|terms| terms.offer(role, now)).transpose()?,
        None => (role == Role::Viewer).then(Offer::default),
    };
    let (temporary_password, hash) = auth.passwords.temporary().await?;
    let expires_at = Timestamp(now.0 + TEMPORARY);
    let shown_as = display_name.unwrap_or_else(|| username.clone());
    let user = NewUser::new(state.clock.new_id(), &username, role, hash, now)
        .shown_as(shown_as)
        .with_temporary_password(expires_at);
    let maker = admin.0.user.id.clone();
    let user = admin
        .write(&state.db, move |conn, context| {
            let user = insert_user(conn, &user)?;
            let event =
                AuditEvent::new(Action::UserCreate).on(&user.username).detail(format!("role {}", role.as_str()));
            context.record(conn, &event)?;
            if let Some(offer) = offer {
                let maker = get_row(conn, &maker)?;
                shares::model::let_in(conn, context, Ends { person: &maker, viewer: &user }, offer)?;
            }
            Ok(user.view_at(conn, context.at)?)
        })
        .await?;
    Ok(HttpResponse::Created().json(CreatedUser {
        user,
        share: offer.map(Offer::view),
        temporary_password,
        expires_at,
    }))
}

/// Read a user's account.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "The user", example = "robin")),
    responses(
        (status = 200, description = "The account", body = UserView),
        (status = 404, description = "No such user"),
    )
)]
#[get("/admin/users/{username}")]
pub async fn get_user(
    state: web::Data<AppState>,
    looks: web::Data<Looks>,
    admin: AdminUser,
    username: web::Path<Username>,
) -> ApiResult<web::Json<UserView>> {
    let now = state.clock.now();
    let found = admin.0.read(&state.db, |conn, _| {
        let user = model::named(conn, &username)?;
        Ok((user.view_at(conn, now)?, user.username))
    });
    let (view, username) = found.await?;
    looks.note(&state.db, &admin.0.context, &username);
    Ok(web::Json(view))
}

/// The fields to change; a field that is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateUser {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    role: Option<Role>,
    /// A disabled user cannot sign in.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    disabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 64), custom(function = "validate_name"))]
    #[schema(
        nullable = false,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        example = "Robin"
    )]
    display_name: Option<String>,
}

/// Change a user's account.
///
/// A new role, or being disabled, ends all their sessions and API tokens at once, and their
/// invitations when they are no longer an enabled admin.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "The user", example = "robin")),
    request_body = UpdateUser,
    responses(
        (status = 200, description = "The account as it is now", body = UserView),
        (status = 404, description = "No such user"),
        (status = 409, description = "They are the last admin"),
    )
)]
#[patch("/admin/users/{username}")]
pub async fn update_user(
    state: web::Data<AppState>,
    admin: AdminUser,
    username: web::Path<Username>,
    body: ValidJson<UpdateUser>,
) -> ApiResult<web::Json<UserView>> {
    let ValidJson(UpdateUser { role, disabled, display_name }) = body;
    let changes = AccountChanges { role, disabled, display_name };
    let view = admin.write(&state.db, move |conn, context| {
        let user = model::change(conn, context, &username, changes)?;
        Ok(user.view_at(conn, context.at)?)
    });
    Ok(web::Json(view.await?))
}

/// Erase a user's account.
///
/// The account, its sessions, its invitations and all its entries are erased at once, for good.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "The user", example = "robin")),
    responses(
        (status = 204, description = "Erased"),
        (status = 404, description = "No such user"),
        (status = 409, description = "They are the last admin"),
    )
)]
#[delete("/admin/users/{username}")]
pub async fn delete_user(
    state: web::Data<AppState>,
    admin: AdminUser,
    username: web::Path<Username>,
) -> ApiResult<HttpResponse> {
    admin.write(&state.db, move |conn, context| model::delete(conn, context, &username)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Lift the lock from a user's name.
///
/// It works without a lock, too: afterwards they can sign in.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "The user", example = "robin")),
    responses(
        (status = 204, description = "Not locked"),
        (status = 404, description = "No such user"),
    )
)]
#[post("/admin/users/{username}/unlock")]
pub async fn unlock_user(
    state: web::Data<AppState>,
    admin: AdminUser,
    username: web::Path<Username>,
) -> ApiResult<HttpResponse> {
    let unlock = admin.write(&state.db, move |conn, context| {
        let user = model::named(conn, &username)?;
        lockout::unlock(conn, context, &user.username)
    });
    unlock.await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TemporaryPassword {
    /// Lets them in to choose their own password, and to do nothing else.
    #[schema(example = "hV7kXw3RzTq9mPcB2nLyGd5s")]
    temporary_password: String,
    /// The time at which the temporary password stops working.
    expires_at: Timestamp,
}

/// Replace a user's password by a temporary one.
///
/// It is shown only once: pass it on. Nobody can choose it, and its owner has to replace it within
/// 24 hours. All their sessions and API tokens end; a second factor stays.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "The user", example = "robin")),
    responses(
        (status = 200, description = "Replaced", body = TemporaryPassword),
        (status = 404, description = "No such user"),
        (status = 409, description = "It is your own account: use your settings, with your password"),
    )
)]
#[post("/admin/users/{username}/reset-password")]
pub async fn reset_user_password(
    state: web::Data<AppState>,
    auth: web::Data<Auth>,
    admin: AdminUser,
    username: web::Path<Username>,
) -> ApiResult<web::Json<TemporaryPassword>> {
    refuse_oneself(&admin, &username)?;
    // Before a second is spent on hashing.
    admin.0.read(&state.db, |conn, _| model::named(conn, &username)).await?;
    let (temporary_password, hash) = auth.passwords.temporary().await?;
    let reset = admin.write(&state.db, move |conn, context| model::reset_password(conn, context, &username, &hash));
    let expires_at = reset.await?;
    Ok(web::Json(TemporaryPassword { temporary_password, expires_at }))
}

/// List where a user is signed in.
///
/// API tokens included. All on one page, newest first, the tokens last. The last use of another's
/// session is not told: `last_seen_at` is when it began, and a device that has not been used for a
/// week is listed until its session would end in any case.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "The user", example = "robin")),
    responses(
        (status = 200, description = "Their current sessions", body = Page<SessionView>),
        (status = 404, description = "No such user"),
    )
)]
#[get("/admin/users/{username}/sessions")]
pub async fn list_user_sessions(
    state: web::Data<AppState>,
    looks: web::Data<Looks>,
    admin: AdminUser,
    username: web::Path<Username>,
) -> ApiResult<web::Json<Page<SessionView>>> {
    let now = state.clock.now();
    let read = admin.0.read(&state.db, |conn, asks| {
        let user = model::named(conn, &username)?;
        let list = if user.id == asks.id { model::sessions } else { sessions_for_others };
        Ok((list(conn, &user, now)?, user))
    });
    let (sessions, user) = read.await?;
    looks.note(&state.db, &admin.0.context, &user.username);
    let items = sessions.into_iter().map(|session| session.view(Some(&admin.0.session_id))).collect();
    Ok(web::Json(Page { items, next_cursor: None }))
}

/// Sign a user out everywhere.
///
/// API tokens end as well.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "The user", example = "robin")),
    responses(
        (status = 204, description = "Signed out everywhere"),
        (status = 404, description = "No such user"),
    )
)]
#[delete("/admin/users/{username}/sessions")]
pub async fn delete_user_sessions(
    state: web::Data<AppState>,
    admin: AdminUser,
    username: web::Path<Username>,
) -> ApiResult<HttpResponse> {
    admin.write(&state.db, move |conn, context| model::end_sessions(conn, context, &username)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Remove a user's second factor.
///
/// For a user who lost the device that makes their codes. Make sure by other means that the request
/// comes from them.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "The user", example = "robin")),
    responses(
        (status = 204, description = "Removed; the password alone lets them in"),
        (status = 404, description = "No such user"),
        (status = 409, description = "It is your own account: use your settings, with your password"),
    )
)]
#[delete("/admin/users/{username}/totp")]
pub async fn delete_user_totp(
    state: web::Data<AppState>,
    admin: AdminUser,
    username: web::Path<Username>,
) -> ApiResult<HttpResponse> {
    refuse_oneself(&admin, &username)?;
    admin.write(&state.db, move |conn, context| model::remove_second_factor(conn, context, &username)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Refuses an admin's own account: its protections ask for the password, which these routes do not, so that a device left open would hand
/// the account over (OWASP ASVS 7.5.1).
fn refuse_oneself(admin: &AdminUser, username: &Username) -> ApiResult<()> {
    if admin.0.user.username == *username {
        return Err(ApiError::new(
            Code::OwnAccount,
            "Nothing was changed. Do this under your own settings, with your password.",
        ));
    }
    Ok(())
}
