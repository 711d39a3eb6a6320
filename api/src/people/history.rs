//! A person's history, page by page.

use actix_web::{get, web};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::{looks::Looks, sharing::Watched};
use crate::{
    account::username::Username,
    auth::guard::Reader,
    db::DbConnection,
    entries::{
        model::{self, EntryFilter},
        view::EntryView,
    },
    error::ApiResult,
    http::{
        extract::ValidQuery,
        paging::{Cursors, Page, PageQuery, default_limit},
        state::AppState,
    },
    id::EntryId,
    metric::Metric,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Oldest first.
    Asc,
    /// Newest first.
    #[default]
    Desc,
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListEntries {
    /// Only this metric.
    #[param(inline)]
    metric: Option<Metric>,
    /// The first logical day.
    #[param(value_type = Option<String>, format = Date, example = "2026-03-01")]
    from: Option<NaiveDate>,
    /// The last logical day.
    #[param(value_type = Option<String>, format = Date, example = "2026-03-31")]
    to: Option<NaiveDate>,
    /// Newest or oldest first.
    #[serde(default)]
    #[param(inline, required = false)]
    order: Order,
    /// The number of items on a page.
    #[serde(default = "default_limit")]
    #[validate(range(min = 1, max = 500))]
    #[param(minimum = 1, maximum = 500, default = 20, required = false)]
    limit: u32,
    /// `next_cursor` of the previous page, with the same filters.
    cursor: Option<String>,
}

/// Read a person's history.
///
/// You see as much of each entry as the person shares with you. Each page continues where the
/// previous one ended, even while entries come and go.
#[utoipa::path(
    tag = "entries",
    params(("username" = String, Path, description = "The person", example = "robin"), ListEntries),
    responses(
        (status = 200, description = "One page", body = Page<EntryView>),
        (status = 403, description = "They share their present status, and not their history"),
        (status = 404, description = "No such person, or you may not see them"),
    )
)]
#[get("/people/{username}/entries")]
pub async fn list_entries(
    state: web::Data<AppState>,
    looks: web::Data<Looks>,
    reader: Reader,
    username: web::Path<Username>,
    query: ValidQuery<ListEntries>,
) -> ApiResult<web::Json<Page<EntryView>>> {
    let now = state.clock.now();
    let (watched, page) = reader
        .0
        .read(&state.db, |conn, user| {
            let watched = Watched::find(conn, user, &username, now)?.with_history()?;
            let page = page_of_entries(conn, &state.cursors, &watched, query.0)?;
            Ok((watched, page))
        })
        .await?;
    looks.note(&state.db, &reader.0.context, &watched.person.username);
    Ok(web::Json(page))
}

/// The history of somebody who shares it, as far as they do.
fn page_of_entries(
    conn: &mut DbConnection,
    cursors: &Cursors,
    Watched { person, granted }: &Watched,
    ListEntries { metric, from, to, order, limit, cursor }: ListEntries,
) -> ApiResult<Page<EntryView>> {
    // Only shown metrics are searched: not even the work done may tell how much else there is.
    let Some(metric) = granted.visible(metric) else { return Ok(Page::empty()) };
    let filter = EntryFilter { metric, from, to, ascending: order == Order::Asc };
    let list = format!("entries|{}|{filter:?}", person.id);
    let page = cursors.page::<(i64, EntryId)>(list, PageQuery { limit, cursor })?;
    let after = page.after.as_ref().map(|(at, id)| (*at, id));
    let entries = model::list_entries(conn, &person.as_person(), filter, after, page.rows())?;
    Ok(page.of(entries, |last| (last.at.0, last.id.clone())).filter_map(|entry| {
        let detail = granted.of(entry.metric());
        entry.view_at(detail)
    }))
}

/// The first page of everything since `day`, as `from={day}` gives it.
///
/// # Errors
/// Errors of the database.
pub fn since(
    conn: &mut DbConnection,
    cursors: &Cursors,
    watched: &Watched,
    day: NaiveDate,
    limit: u32,
) -> ApiResult<Page<EntryView>> {
    let query = ListEntries { metric: None, from: Some(day), to: None, order: Order::Desc, limit, cursor: None };
    page_of_entries(conn, cursors, watched, query)
}
