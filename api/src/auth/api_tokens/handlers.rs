//! API tokens, as their owner manages them.

use std::borrow::Cow;

use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::{Scope, hash};
use crate::{
    account::names::validate_name,
    auth::{
        guard::CurrentUser,
        ids::{Named, SessionId},
        model::{self, Session, SessionKind},
        service::Auth,
    },
    clock::{DAY, Timestamp},
    error::{ApiError, ApiResult, FieldError},
    http::{extract::ValidJson, paging::Page, state::AppState},
    trail::{Action, AuditEvent},
};

/// A year, also when it is a leap year.
const LONGEST: i64 = 366 * DAY;

/// A key for a script, without the key.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiToken {
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
    #[schema(example = "kitchen button")]
    name: String,
    scopes: Vec<Scope>,
    created_at: Timestamp,
    expires_at: Timestamp,
    /// To the minute; `null` if it was never used.
    #[schema(required = true)]
    last_used_at: Option<Timestamp>,
}

impl Session {
    fn api_token(self) -> ApiToken {
        ApiToken {
            scopes: self.scopes().unwrap_or_default().to_vec(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            last_used_at: Some(self.last_seen_at).filter(|seen| *seen != model::NEVER),
            name: self.name.unwrap_or_default(),
            id: self.id,
        }
    }
}

/// List your API tokens.
///
/// All on one page, newest first.
#[utoipa::path(
    tag = "auth",
    responses(
        (status = 200, description = "Your current tokens", body = Page<ApiToken>),
    )
)]
#[get("/me/tokens")]
pub async fn list_api_tokens(state: web::Data<AppState>, current: CurrentUser) -> ApiResult<web::Json<Page<ApiToken>>> {
    let now = state.clock.now();
    let tokens = current.read(&state.db, |conn, user| Ok(model::list_sessions(conn, &user.id, true, now)?)).await?;
    Ok(web::Json(Page { items: tokens.into_iter().map(Session::api_token).collect(), next_cursor: None }))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiToken {
    /// A name to recognise it by.
    #[validate(length(min = 1, max = 64), custom(function = "validate_name"))]
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
        example = "kitchen button"
    )]
    name: String,
    /// Everything it may do.
    #[validate(custom(function = "validate_scopes"))]
    #[schema(min_items = 1, max_items = 4, example = json!(["log:water"]))]
    scopes: Vec<Scope>,
    /// The end of the token: in the future, at most a year ahead.
    expires_at: Timestamp,
    /// A UUIDv7 of your own. If the answer is lost, send the request again under the same id: a new
    /// token replaces the one that nobody saw.
    id: Option<Uuid>,
}

fn validate_scopes(scopes: &[Scope]) -> Result<(), ValidationError> {
    let repeated = scopes.iter().enumerate().any(|(place, scope)| scopes[..place].contains(scope));
    if scopes.is_empty() || repeated {
        return Err(
            ValidationError::new("scopes").with_message(Cow::Borrowed("has to name each scope once, and at least one"))
        );
    }
    Ok(())
}

#[derive(Debug, Serialize, ToSchema)]
pub struct IssuedApiToken {
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
    /// Shown this once. Send it as `Authorization: Bearer ...`.
    #[schema(example = "st_AZrB3kq0...")]
    token: String,
    #[schema(example = "kitchen button")]
    name: String,
    scopes: Vec<Scope>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// Create an API token.
///
/// A key for a script or a shortcut, which does only what its scopes allow and never manages your
/// account.
#[utoipa::path(
    tag = "auth",
    request_body = CreateApiToken,
    responses(
        (status = 201, description = "Created; the token is not shown again", body = IssuedApiToken),
        (status = 409, description = "You have twenty already, or the id belongs to a token that was used"),
    )
)]
#[post("/me/tokens")]
pub async fn create_api_token(
    state: web::Data<AppState>,
    auth: web::Data<Auth>,
    current: CurrentUser,
    body: ValidJson<CreateApiToken>,
) -> ApiResult<HttpResponse> {
    let CreateApiToken { name, scopes, expires_at, id } = body.0;
    let now = current.context.at;
    if expires_at <= now || expires_at.0 > now.0 + LONGEST {
        return Err(FieldError::new("expires_at", "range", "has to be in the future, at most a year ahead").into());
    }
    let id = id.unwrap_or_else(|| state.clock.new_id());
    let user = current.user.id.as_str().parse().map_err(ApiError::internal)?;
    let token = auth.api_tokens.issue(Named { user, session: id }, rand::random());
    let row = Session::new(SessionId::from(id), current.user.id.clone(), SessionKind::ApiToken, now, expires_at)
        .for_token(name.clone(), &scopes, hash(&token));
    let named = format!("{name}: {}", serde_json::json!(scopes));
    // Its last use may still be in memory alone.
    auth.last_seen.flush(&state.db).await?;
    current
        .write(&state.db, move |conn, context| {
            model::replace_unused_token(conn, &row)?;
            model::add_token(conn, &row, now)?;
            Ok(context.record(conn, &AuditEvent::new(Action::TokenCreate).on(row.id.as_str()).detail(named))?)
        })
        .await?;
    let id = SessionId::from(id);
    Ok(HttpResponse::Created().json(IssuedApiToken { id, token, name, scopes, created_at: now, expires_at }))
}

/// Revoke an API token.
#[utoipa::path(
    tag = "auth",
    params(("id" = Uuid, Path, description = "The token's id")),
    responses(
        (status = 204, description = "Revoked"),
        (status = 404, description = "Not a token of yours, or ended already"),
    )
)]
#[delete("/me/tokens/{id}")]
pub async fn delete_api_token(
    state: web::Data<AppState>,
    current: CurrentUser,
    id: web::Path<Uuid>,
) -> ApiResult<HttpResponse> {
    let owner = current.user.id.clone();
    current
        .write(&state.db, move |conn, context| {
            if !model::end_token_of(conn, &owner, &SessionId::from(*id))? {
                return Err(ApiError::not_found());
            }
            Ok(context.record(conn, &AuditEvent::new(Action::TokenDelete).on(id.to_string()))?)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
