//! Endpoints of consent: a viewer asks, the person answers, sees who watched, and ends it.

use actix_web::{HttpResponse, delete, get, http::StatusCode, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::model::{self, LookView, ShareChanges, ShareView, WatcherView, share_view, share_view_among};
use crate::{
    account::{
        model::{Role, User, find_user_by_name},
        names::Lookalikes,
        username::Username,
    },
    auth::guard::{AdminUser, CurrentUser},
    clock::Timestamp,
    db::DbConnection,
    error::{ApiError, ApiResult, Code, FieldError},
    http::{
        extract::{ValidJson, ValidQuery, present},
        paging::{Cursors, Page, PageQuery},
        state::AppState,
    },
    metric::Detail,
    people::{
        looks::Looks,
        model::{PersonView, person_view},
        sharing::{Ends, ShareState},
    },
};

/// Ask a person to let you watch.
///
/// Asking again before they answer changes nothing.
#[utoipa::path(
    tag = "people",
    params(("username" = String, Path, description = "The person", example = "robin")),
    responses(
        (status = 201, description = "Asked", body = PersonView),
        (status = 200, description = "Asked before, or you may watch already", body = PersonView),
        (status = 403, description = "An admin watches nobody but themself, or the request came from another site"),
        (status = 404, description = "No such person, or they share with nobody"),
        (status = 409, description = "They declined less than a day ago; `Retry-After` says when you can ask again"),
    )
)]
#[post("/people/{username}/share-requests")]
pub async fn create_share_request(
    state: web::Data<AppState>,
    looks: web::Data<Looks>,
    current: CurrentUser,
    username: web::Path<Username>,
) -> ApiResult<HttpResponse> {
    if current.user.role() != Role::Viewer {
        return Err(ApiError::new(Code::ViewersOnly, "Nothing was changed. Ask with an account that watches."));
    }
    let (viewer, context) = (current.user.clone(), current.context.clone());
    let (asked, view) = current
        .write(&state.db, move |conn, context| {
            let person = find_user_by_name(conn, &username)?.ok_or_else(ApiError::not_found)?;
            let asked = model::ask(conn, context, Ends { person: &person, viewer: &viewer })?;
            Ok((asked, person_view(conn, &viewer, person, context.at)?))
        })
        .await?;
    if view.status.is_some() {
        looks.note(&state.db, &context, &view.person.username);
    }
    Ok(HttpResponse::build(if asked { StatusCode::CREATED } else { StatusCode::OK }).json(view))
}

/// List your viewers and their shares.
///
/// Viewers who may watch, who asked, or whose share ended; with `sharing: everyone` every enabled
/// viewer.
#[utoipa::path(
    tag = "people",
    params(PageQuery),
    responses(
        (status = 200, description = "One page, by user name", body = Page<ShareView>),
    )
)]
#[get("/me/shares")]
pub async fn list_shares(
    state: web::Data<AppState>,
    admin: AdminUser,
    query: ValidQuery<PageQuery>,
) -> ApiResult<web::Json<Page<ShareView>>> {
    let now = state.clock.now();
    let page = admin.0.read(&state.db, |conn, person| page_of_shares(conn, &state.cursors, person, query.0, now));
    Ok(web::Json(page.await?))
}

pub fn page_of_shares(
    conn: &mut DbConnection,
    cursors: &Cursors,
    person: &User,
    query: PageQuery,
    now: Timestamp,
) -> ApiResult<Page<ShareView>> {
    let page = cursors.page::<Username>(format!("shares|{}", person.id), query)?;
    let viewers = model::list_viewers(conn, person, page.after.as_ref().map_or("", Username::as_str), page.rows())?;
    let viewers = page.of(viewers, |last| last.username.clone());
    let mut names = Lookalikes::default();
    Ok(viewers.try_map(|viewer| share_view_among(conn, Ends { person, viewer: &viewer }, &mut names, now))?)
}

/// Read one viewer's share.
#[utoipa::path(
    tag = "people",
    params(("username" = String, Path, description = "The viewer", example = "alex")),
    responses(
        (status = 200, description = "Their share", body = ShareView),
        (status = 404, description = "No such viewer, or no share with them"),
    )
)]
#[get("/me/shares/{username}")]
pub async fn get_share(
    state: web::Data<AppState>,
    admin: AdminUser,
    username: web::Path<Username>,
) -> ApiResult<web::Json<ShareView>> {
    let now = state.clock.now();
    Ok(web::Json(admin.0.read(&state.db, |conn, person| model::get(conn, person, &username, now)).await?))
}

/// A person's decision.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// They may watch.
    Approved,
    /// They may not, or no longer.
    Ended,
}

/// The fields to change; a field that is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateShare {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    state: Option<Decision>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    water: Option<Detail>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    altitude: Option<Detail>,
    /// Whether they see your history, and not only your present status.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    history: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    export: Option<bool>,
    /// The time at which it ends by itself; `null` for never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Timestamp>)]
    #[expect(clippy::option_option, reason = "left out, null and an instant are three things in a PATCH")]
    until: Option<Option<Timestamp>>,
}

/// Approve, narrow or end a viewer's share.
///
/// It takes effect at once, for open streams too. Approving a share whose time is over removes the
/// old end unless you give a new one. A viewer who has not asked can be approved as well.
#[utoipa::path(
    tag = "people",
    params(("username" = String, Path, description = "The viewer", example = "alex")),
    request_body = UpdateShare,
    responses(
        (status = 200, description = "Their share after the change", body = ShareView),
        (status = 404, description = "No such viewer, or no share with them"),
    )
)]
#[patch("/me/shares/{username}")]
pub async fn update_share(
    state: web::Data<AppState>,
    admin: AdminUser,
    username: web::Path<Username>,
    body: ValidJson<UpdateShare>,
) -> ApiResult<web::Json<ShareView>> {
    let UpdateShare { state: decision, water, altitude, history, export, until } = body.0;
    if until.flatten().is_some_and(|until| until <= state.clock.now()) {
        return Err(
            FieldError::new("until", "past", "has to be in the future; to end it now, set `state` to `ended`").into()
        );
    }
    let decided = decision.map(|decision| match decision {
        Decision::Approved => ShareState::Approved,
        Decision::Ended => ShareState::Ended,
    });
    let changes = ShareChanges { state: decided, water, altitude, history, export, until };
    let person_id = admin.0.user.as_person();
    let view = admin.write(&state.db, move |conn, context| {
        let viewer = model::viewer(conn, &username)?;
        let person = model::change(conn, context, &person_id, &viewer, changes)?;
        Ok(share_view(conn, Ends { person: &person, viewer: &viewer }, context.at)?)
    });
    Ok(web::Json(view.await?))
}

/// End a viewer's share, or decline their request.
///
/// With `sharing: everyone` it keeps that viewer out.
#[utoipa::path(
    tag = "people",
    params(("username" = String, Path, description = "The viewer", example = "alex")),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, description = "No such viewer, or no share with them"),
    )
)]
#[delete("/me/shares/{username}")]
pub async fn delete_share(
    state: web::Data<AppState>,
    admin: AdminUser,
    username: web::Path<Username>,
) -> ApiResult<HttpResponse> {
    let changes = ShareChanges { state: Some(ShareState::Ended), ..ShareChanges::default() };
    let person_id = admin.0.user.as_person();
    let end = admin.write(&state.db, move |conn, context| {
        let viewer = model::viewer(conn, &username)?;
        model::change(conn, context, &person_id, &viewer, changes)
    });
    end.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The viewers who are watching you, and one page of looks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Audience {
    /// The viewers who are watching right now.
    watching: Vec<WatcherView>,
    /// Looks, newest first.
    items: Vec<LookView>,
    /// Send it back as `cursor` for the next page; `null` on the last one.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// List the viewers who are watching you, and who looked.
///
/// Looks are listed once a minute for each viewer. Admins who looked at your account are included.
#[utoipa::path(
    tag = "people",
    params(PageQuery),
    responses(
        (status = 200, description = "The viewers who are watching, and one page of looks, newest first", body = Audience),
    )
)]
#[get("/me/audience")]
pub async fn list_audience(
    state: web::Data<AppState>,
    admin: AdminUser,
    query: ValidQuery<PageQuery>,
) -> ApiResult<web::Json<Audience>> {
    let now = state.clock.now();
    let page = state.cursors.page(format!("audience|{}", admin.0.user.id), query.0)?;
    let audience = admin.0.read(&state.db, |conn, person| {
        let looks = model::looks_at(conn, person, page.after, page.rows())?;
        let looks = page.of(looks, |last| (last.at.0, last.id));
        let Page { items, next_cursor } = looks.try_map(|look| model::look_view(conn, look))?;
        Ok(Audience { watching: model::watching(conn, person, now)?, items, next_cursor })
    });
    Ok(web::Json(audience.await?))
}
