//! All that a page needs to draw itself, in one answer of one moment. Each part follows the rules of its own route.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::{
    account::{model::Role, username::Username},
    auth::guard::{AdminUser, Reader, RestrictedUser, Visitor},
    clock::Timestamp,
    db::DbConnection,
    entries::{day::Day, view::EntryView},
    error::ApiResult,
    http::{
        extract::ValidQuery,
        paging::{Cursors, Page, PageQuery},
        state::AppState,
    },
    people::{
        handlers::{note_looks, page_of_people},
        history::since,
        looks::Looks,
        model::PersonView,
        shares::{ShareView, page_of_shares},
        sharing::Watched,
    },
    settings::{CurrentSettings, Instance},
    users::me::Me,
};

/// How many items of each list are included.
const FIRST: u32 = 100;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StartQuery {
    /// The person whose day to give. The default is an admin's own day, and for a viewer that of
    /// the one person who lets them watch, if there is nobody else.
    #[param(value_type = Option<String>, example = "robin")]
    person: Option<Username>,
}

/// Everything a page needs to draw itself. Each part except `instance` is `null` for a caller whom
/// its own route would refuse.
#[derive(Debug, Serialize, ToSchema)]
pub struct Start {
    instance: Instance,
    /// As in `GET /me`; `null` without a session, and for an API token.
    #[schema(required = true)]
    me: Option<Me>,
    /// As in `GET /people?limit=100`.
    #[schema(required = true)]
    people: Option<Page<PersonView>>,
    /// `null` also if nobody is chosen, or the person shares no history.
    #[schema(required = true)]
    today: Option<Today>,
    /// For an admin, as in `GET /me/shares?limit=100`.
    #[schema(required = true)]
    shares: Option<Page<ShareView>>,
}

/// A person's logical day, as in `GET /people/{username}/entries?from={day}&limit=100`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Today {
    #[schema(value_type = String, example = "robin")]
    username: Username,
    #[schema(value_type = String, format = Date, example = "2026-03-01")]
    day: Day,
    entries: Page<EntryView>,
}

/// Read what a page needs to draw itself.
///
/// Signed in or not, in one answer of one moment. A session that has ended counts as not signed in;
/// an invalid token is refused.
#[utoipa::path(
    tag = "people",
    security((), ("bearer" = []), ("cookie" = [])),
    params(StartQuery),
    responses(
        (status = 200, description = "As much as the caller may read", body = Start),
        (status = 401, description = "The token is not (or no longer) valid"),
    )
)]
#[get("/start")]
pub async fn get_start(
    state: web::Data<AppState>,
    settings: web::Data<CurrentSettings>,
    looks: web::Data<Looks>,
    visitor: Visitor,
    query: ValidQuery<StartQuery>,
) -> ApiResult<web::Json<Start>> {
    let (now, first) = (state.clock.now(), || PageQuery { limit: FIRST, cursor: None });
    let (start, reader) = state
        .db
        .read(|conn| {
            let known = visitor.0.map(|known| known.still(conn)).transpose()?.flatten();
            let account = known.clone().and_then(|known| RestrictedUser::of(known).ok());
            let reader = known.clone().and_then(|known| Reader::of(known).ok());
            let admin = known.and_then(|known| AdminUser::of(known).ok());
            let me = account.map(|RestrictedUser(current)| current.user.me(conn, now)).transpose()?;
            let of_reader =
                |Reader(current): &Reader| page_of_people(conn, &state.cursors, &current.user, first(), now);
            let people = reader.as_ref().map(of_reader).transpose()?;
            let today = match (&reader, &people) {
                (Some(reader), Some(people)) => {
                    let chosen = query.0.person.as_ref().or_else(|| chosen_for(reader, people));
                    chosen.map(|chosen| today(conn, &state.cursors, reader, chosen, now)).transpose()?.flatten()
                }
                _ => None,
            };
            let of_admin =
                |AdminUser(current): AdminUser| page_of_shares(conn, &state.cursors, &current.user, first(), now);
            let shares = admin.map(of_admin).transpose()?;
            Ok((Start { instance: Instance::of(&settings), me, people, today, shares }, reader))
        })
        .await?;
    if let (Some(reader), Some(people)) = (&reader, &start.people) {
        note_looks(&state, &looks, reader, people);
        // The chosen person may stand on a later page.
        let chosen = start.today.iter().map(|today| today.username.clone());
        looks.note_all(&state.db, &reader.0.context, chosen);
    }
    Ok(web::Json(start))
}

/// The person that a page shows where its address names nobody.
fn chosen_for<'a>(Reader(current): &'a Reader, people: &'a Page<PersonView>) -> Option<&'a Username> {
    match (current.user.role(), people.items.as_slice()) {
        (Role::Admin, _) => Some(&current.user.username),
        (Role::Viewer, [only]) if only.status.is_some() => Some(&only.person.username),
        (Role::Viewer, _) => None,
    }
}

fn today(
    conn: &mut DbConnection,
    cursors: &Cursors,
    Reader(current): &Reader,
    username: &Username,
    now: Timestamp,
) -> ApiResult<Option<Today>> {
    let found = Watched::find(conn, &current.user, username, now).and_then(Watched::with_history);
    let watched = match found {
        Ok(watched) => watched,
        Err(error) if error.code.status().is_client_error() => return Ok(None),
        Err(error) => return Err(error),
    };
    let day = watched.person.day_of(now);
    let entries = since(conn, cursors, &watched, day, FIRST)?;
    Ok(Some(Today { username: watched.person.username, day: day.into(), entries }))
}
