//! Endpoints of invitations, which let people register where registration is not open to all.

use actix_web::{HttpResponse, delete, get, post, web};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::{Rng, rngs::OsRng};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::model::{self, Chosen, InviteId};
use crate::{
    account::model::Role,
    auth::{api_tokens, guard::AdminUser},
    clock::{DAY, Timestamp},
    error::{ApiError, ApiResult, FieldError},
    http::{
        extract::{ValidJson, ValidQuery, present},
        paging::{Page, PageQuery},
        state::AppState,
    },
    people::{
        shares::terms::{Offer, ShareTerms},
        status::GrantedView,
    },
    trail::{Action, AuditEvent},
};

/// The longest life of an invite.
const LIFE: i64 = 90 * DAY;

#[derive(Debug, Serialize, ToSchema)]
pub struct Invite {
    #[schema(value_type = String, format = Uuid)]
    id: InviteId,
    /// The role of users who register with it.
    role: Role,
    expires_at: Timestamp,
    #[schema(example = 3)]
    max_uses: i32,
    #[schema(example = 1)]
    uses: i32,
    /// The admin who created it.
    #[schema(example = "robin")]
    created_by: String,
    created_at: Timestamp,
    /// Everything that a user who registers with it will see of you; absent from the invitations of
    /// others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<GrantedView>)]
    #[expect(clippy::option_option, reason = "not told and nothing are two things")]
    share: Option<Option<GrantedView>>,
}

/// List the invitations that have not expired.
///
/// Newest first, including those of other admins.
#[utoipa::path(tag = "users", params(PageQuery), responses((status = 200, description = "One page", body = Page<Invite>)))]
#[get("/admin/invites")]
pub async fn list_invites(
    state: web::Data<AppState>,
    admin: AdminUser,
    query: ValidQuery<PageQuery>,
) -> ApiResult<web::Json<Page<Invite>>> {
    let page = state.cursors.page("invites", query.0)?;
    let before = page.after.clone().unwrap_or_else(|| Uuid::max().into());
    let now = state.clock.now();
    let found = admin.0.read(&state.db, |conn, _| Ok(model::list(conn, &before, now, page.rows())?)).await?;
    let invites = page.of(found, |(last, _)| last.id.clone());
    Ok(web::Json(invites.map(|(invite, created_by)| Invite {
        role: invite.role(),
        share: (invite.created_by == admin.0.user.id).then(|| invite.offer().map(Offer::view)),
        id: invite.id,
        expires_at: invite.expires_at,
        max_uses: invite.max_uses,
        uses: invite.uses,
        created_by: created_by.as_ref().map(String::from).unwrap_or_default(),
        created_at: invite.created_at,
    })))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInvite {
    role: Role,
    /// In the future, at most 90 days.
    expires_at: Timestamp,
    /// The number of people who may register with it.
    #[validate(range(min = 1, max = 100))]
    #[schema(minimum = 1, maximum = 100, example = 3)]
    max_uses: i32,
    /// Everything a viewer who registers with it will see of you; `null` means nothing until they
    /// ask and you answer. The default is exact values with history if it is for one person, and
    /// `null` if it is for more.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ShareTerms>)]
    #[expect(clippy::option_option, reason = "left out, null and terms are three things")]
    share: Option<Option<ShareTerms>>,
    /// A UUIDv7 of your own. If the answer is lost, send the request again under the same id: a new
    /// invitation replaces the one that nobody saw.
    id: Option<Uuid>,
}

/// An invitation with its code, which is shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssuedInvite {
    #[schema(value_type = String, format = Uuid)]
    id: InviteId,
    /// The value for `invite_code` in the registration.
    #[schema(example = "pQ3xV8bTz0mYk5wJcR2nLg")]
    code: String,
    /// The page where it is used.
    #[schema(example = "https://status.example.org/register?invite=pQ3xV8bTz0mYk5wJcR2nLg")]
    url: String,
    role: Role,
    expires_at: Timestamp,
    #[schema(example = 3)]
    max_uses: i32,
    /// Everything that a user who registers with it will see of you.
    #[schema(required = true)]
    share: Option<GrantedView>,
}

/// Invite somebody.
///
/// The code is shown only once. It works while registration is open or by invitation, and as long
/// as its maker is an enabled admin.
#[utoipa::path(
    tag = "users",
    request_body = CreateInvite,
    responses(
        (status = 201, description = "Created; pass it on", body = IssuedInvite),
        (status = 409, description = "The id belongs to an invitation that was used"),
    )
)]
#[post("/admin/invites")]
pub async fn create_invite(
    state: web::Data<AppState>,
    admin: AdminUser,
    body: ValidJson<CreateInvite>,
) -> ApiResult<HttpResponse> {
    let ValidJson(CreateInvite { role, expires_at, max_uses, share, id }) = body;
    let now = state.clock.now();
    if !(now.0 + 1..=now.0 + LIFE).contains(&expires_at.0) {
        return Err(FieldError::new("expires_at", "range", "has to be in the future, at most 90 days").into());
    }
    let offer = match share {
        Some(terms) => terms.map(|terms| terms.offer(role, now)).transpose()?,
        None => (role == Role::Viewer && max_uses == 1).then(Offer::default),
    };
    // 128 bits.
    let code = BASE64_URL_SAFE_NO_PAD.encode(OsRng.r#gen::<[u8; 16]>());
    let id: InviteId = id.unwrap_or_else(|| state.clock.new_id()).into();
    let chosen = Chosen { role, expires_at, max_uses, offer };
    let invite = model::Invite::new(id.clone(), api_tokens::hash(&code), chosen, admin.0.user.id.clone(), now);
    let event =
        AuditEvent::new(Action::InviteCreate).on(&id).detail(format!("role {}, {max_uses} uses", role.as_str()));
    admin
        .write(&state.db, move |conn, context| {
            model::replace_unused(conn, &invite)?;
            model::insert(conn, &invite)?;
            Ok(context.record(conn, &event)?)
        })
        .await?;
    let url = format!("{}/register?invite={code}", state.config.public_url);
    Ok(HttpResponse::Created().json(IssuedInvite {
        id,
        code,
        url,
        role,
        expires_at,
        max_uses,
        share: offer.map(Offer::view),
    }))
}

/// Withdraw an invitation.
///
/// Users who registered with it stay.
#[utoipa::path(
    tag = "users",
    params(("id" = Uuid, Path, description = "The invitation's id")),
    responses(
        (status = 204, description = "Withdrawn"),
        (status = 404, description = "No such invitation"),
    )
)]
#[delete("/admin/invites/{id}")]
pub async fn delete_invite(
    state: web::Data<AppState>,
    admin: AdminUser,
    id: web::Path<Uuid>,
) -> ApiResult<HttpResponse> {
    let id = InviteId::from(*id);
    admin
        .write(&state.db, move |conn, context| {
            if !model::delete(conn, &id)? {
                return Err(ApiError::not_found());
            }
            Ok(context.record(conn, &AuditEvent::new(Action::InviteDelete).on(&id))?)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
