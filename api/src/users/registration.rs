//! How somebody becomes a user by themself.

use actix_web::{HttpResponse, post, web};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::invites::{self, model::Invite};
use crate::{
    account::{
        model::{NewUser, Role, get_user, insert_user},
        privacy_policy,
        username::validate_new_username,
        view::UserView,
    },
    auth::{Auth, api_tokens, password::check_strength},
    clock::Timestamp,
    config::{Config, Registration},
    db::DbConnection,
    error::{ApiError, ApiResult, Code},
    http::{extract::ValidJson, state::AppState},
    people::{shares, sharing::Ends},
    settings,
    trail::{Action, AuditContext, AuditEvent},
};

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterUser {
    /// 3 to 32 letters, digits, `.`, `_` or `-`. Stored in lower case.
    #[validate(custom(function = "validate_new_username"))]
    #[schema(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$", example = "robin")]
    username: String,
    /// 12 to 128 characters; lower-case and upper-case letters, digits and other characters, or at
    /// least 20 characters; not easily guessed.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128, example = "Quiet-Harbour-71-lanterns")]
    password: SecretString,
    /// The version from `GET /privacy-policy` that the person has read and accepts.
    #[schema(example = "2026-11-25.2")]
    privacy_policy_version: String,
    /// The code of an invitation, if there is one: it decides the role.
    #[schema(value_type = Option<String>, example = "pQ3xV8bTz0mYk5wJcR2nLg")]
    invite_code: Option<SecretString>,
}

/// Register.
///
/// The new user is a viewer, who can watch and not write, or has the role of the invitation. Sign
/// in afterwards.
#[utoipa::path(
    tag = "users",
    security(()),
    request_body = RegisterUser,
    responses(
        (status = 201, description = "Registered", body = UserView),
        (status = 403, description = "Registration is closed, or the invitation is not (or no longer) valid"),
        (status = 409, description = "The name is taken"),
    )
)]
#[post("/auth/register")]
pub async fn register_user(
    state: web::Data<AppState>,
    auth: web::Data<Auth>,
    context: AuditContext,
    body: ValidJson<RegisterUser>,
) -> ApiResult<HttpResponse> {
    let ValidJson(RegisterUser { username, password, privacy_policy_version, invite_code }) = body;
    let code_hash = invite_code.map(|code| api_tokens::hash(code.expose_secret()));
    let now = state.clock.now();
    // Before a second is spent on hashing; the decision is made again in the transaction.
    state.db.read(|conn| admission(conn, &state.config, code_hash.as_deref(), now)).await?;
    if privacy_policy_version != privacy_policy::VERSION {
        return Err(privacy_policy::not_current().into());
    }
    check_strength("password", &password, &username)?;
    let hash = auth.passwords.hash(&password).await?;
    let (id, shared) = (state.clock.new_id(), state.clone());
    let user = state
        .db
        .write(move |conn| {
            let (role, invite) = admission(conn, &shared.config, code_hash.as_deref(), now)?;
            let user = NewUser::new(id, &username, role, hash, now).accepting(privacy_policy::VERSION);
            let user = insert_user(conn, &user)?;
            let mut event = AuditEvent::new(Action::Register).on(&user.username);
            if let Some(invite) = &invite {
                invites::model::count_use(conn, &invite.id)?;
                event = event.detail(format!("role {}, invite {}", role.as_str(), invite.id));
            }
            let context = context.by(&user.username);
            context.record(conn, &event)?;
            if let Some(invite) = invite {
                let maker = get_user(conn, &invite.created_by)?;
                if let Some(offer) = invite.offer_of(&maker, now) {
                    shares::model::let_in(conn, &context, Ends { person: &maker, viewer: &user }, offer)?;
                }
            }
            Ok(user)
        })
        .await?;
    Ok(HttpResponse::Created().json(user.view()))
}

/// The role that somebody who registers at `now` gets, and the invite that says so.
fn admission(
    conn: &mut DbConnection,
    config: &Config,
    code_hash: Option<&str>,
    now: Timestamp,
) -> ApiResult<(Role, Option<Invite>)> {
    let closed = |detail: &'static str| Err(ApiError::new(Code::RegistrationClosed, detail));
    match (settings::effective(conn, config)?.registration, code_hash) {
        (Registration::Closed, _) => closed("Ask an admin of this server for an account."),
        (Registration::Invite, None) => closed("Ask an admin of this server for an invitation."),
        (Registration::Open, None) => Ok((Role::Viewer, None)),
        (Registration::Open | Registration::Invite, Some(code_hash)) => {
            let invite = invites::model::find_good(conn, code_hash, now)?.ok_or_else(|| {
                // One answer for whatever is wrong with it, so that guessing learns nothing.
                ApiError::new(
                    Code::InvalidInvite,
                    "Nothing was changed. Ask the person who invited you for another one.",
                )
            })?;
            Ok((invite.role(), Some(invite)))
        }
    }
}
