//! Endpoints of the people that one may watch: who they are, and how they are.

use actix_web::{get, web};

use super::{
    looks::Looks,
    model::{self, PersonView},
    sharing::Watched,
    status::{self, StatusView},
};
use crate::{
    account::{model::User, username::Username},
    auth::guard::Reader,
    clock::Timestamp,
    db::DbConnection,
    error::ApiResult,
    http::{
        extract::ValidQuery,
        paging::{Cursors, Page, PageQuery},
        state::AppState,
    },
};

/// List the people you may watch, each with their status, and those you may ask.
///
/// An admin finds themself here and nobody else.
#[utoipa::path(
    tag = "people",
    params(PageQuery),
    responses(
        (status = 200, description = "One page, by user name", body = Page<PersonView>),
    )
)]
#[get("/people")]
pub async fn list_people(
    state: web::Data<AppState>,
    looks: web::Data<Looks>,
    reader: Reader,
    query: ValidQuery<PageQuery>,
) -> ApiResult<web::Json<Page<PersonView>>> {
    let now = state.clock.now();
    let page = reader.0.read(&state.db, |conn, user| page_of_people(conn, &state.cursors, user, query.0, now)).await?;
    note_looks(&state, &looks, &reader, &page);
    Ok(web::Json(page))
}

pub fn page_of_people(
    conn: &mut DbConnection,
    cursors: &Cursors,
    reader: &User,
    query: PageQuery,
    now: Timestamp,
) -> ApiResult<Page<PersonView>> {
    let page = cursors.page::<Username>(format!("people|{}", reader.id), query)?;
    let people = model::list_people(conn, reader, page.after.as_ref().map_or("", Username::as_str), page.rows())?;
    page.of(people, |last| last.username.clone()).try_map(|person| Ok(model::person_view(conn, reader, person, now)?))
}

/// Records a look at everybody whose status is on the page.
pub fn note_looks(state: &AppState, looks: &Looks, reader: &Reader, page: &Page<PersonView>) {
    let shown = page.items.iter().filter(|person| person.status.is_some());
    looks.note_all(&state.db, &reader.0.context, shown.map(|person| person.person.username.clone()));
}

/// Read a person's status, as far as they share it with you.
#[utoipa::path(
    tag = "people",
    params(("username" = String, Path, description = "The person", example = "robin")),
    responses(
        (status = 200, description = "Their status", body = StatusView),
        (status = 404, description = "No such person, or you may not see them"),
    )
)]
#[get("/people/{username}/status")]
pub async fn get_status(
    state: web::Data<AppState>,
    looks: web::Data<Looks>,
    reader: Reader,
    username: web::Path<Username>,
) -> ApiResult<web::Json<StatusView>> {
    let now = state.clock.now();
    let status = reader
        .0
        .read(&state.db, |conn, user| {
            let watched = Watched::find(conn, user, &username, now)?;
            Ok(status::status(conn, &watched, now)?)
        })
        .await?;
    looks.note(&state.db, &reader.0.context, &status.person.username);
    Ok(web::Json(status))
}
