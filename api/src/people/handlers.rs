use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::model;
use crate::{
    auth::guard::Reader,
    clock::{HOUR, Timestamp},
    error::{ApiResult, Problem},
    extract::{Page, PageQuery, ValidQuery},
    server::AppState,
    users::model::User,
};

#[derive(Debug, Serialize, ToSchema)]
pub struct Person {
    #[schema(example = "robin")]
    username: String,
    #[schema(example = "Robin")]
    display_name: String,
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
}

/// How a person is now. What was never logged is `null`.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusView {
    person: Person,
    /// The person's logical day.
    #[schema(format = Date, example = "2026-03-01")]
    day: String,
    water: WaterStatus,
    altitude: AltitudeStatus,
    freshness: Freshness,
    /// When the person last logged, changed or deleted anything.
    #[schema(required = true)]
    updated_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WaterStatus {
    #[schema(required = true)]
    last_at: Option<Timestamp>,
    #[schema(required = true, example = 250)]
    last_ml: Option<i32>,
    #[schema(example = 1250)]
    today_ml: i64,
    #[schema(example = 2000)]
    goal_ml: i32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AltitudeStatus {
    #[schema(required = true, example = 7)]
    value: Option<i32>,
    #[schema(required = true)]
    at: Option<Timestamp>,
}

/// How old the newest entry is: below 6 hours `fresh`, below 24 `ageing`, then `stale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    Fresh,
    Ageing,
    Stale,
    Never,
}

impl Freshness {
    fn of(newest: Option<i64>, now: Timestamp) -> Self {
        match newest.map(|at| now.0 - at) {
            None => Self::Never,
            Some(age) if age < 6 * HOUR => Self::Fresh,
            Some(age) if age < 24 * HOUR => Self::Ageing,
            Some(_) => Self::Stale,
        }
    }
}

impl StatusView {
    fn new(person: User, status: &model::Status, now: Timestamp) -> Self {
        let (water, altitude) = (status.last_water, status.last_altitude);
        Self {
            day: status.day.to_string(),
            water: WaterStatus {
                last_at: water.map(|(_, at)| Timestamp(at)),
                last_ml: water.map(|(ml, _)| ml),
                today_ml: status.water_today,
                goal_ml: person.daily_goal_ml,
            },
            altitude: AltitudeStatus {
                value: altitude.map(|(value, _)| value),
                at: altitude.map(|(_, at)| Timestamp(at)),
            },
            freshness: Freshness::of([water, altitude].into_iter().flatten().map(|(_, at)| at).max(), now),
            updated_at: status.last_change.map(Timestamp),
            person: Person {
                username: person.username,
                display_name: person.display_name,
                time_zone: person.time_zone,
            },
        }
    }
}

/// List the people you may watch, each with their status.
///
/// A viewer sees every person. An admin sees themself.
#[utoipa::path(
    tag = "people",
    params(PageQuery),
    responses(
        (status = 200, description = "One page, by user name", body = Page<StatusView>),
    )
)]
#[get("/people")]
pub async fn list_people(
    state: web::Data<AppState>,
    reader: Reader,
    query: ValidQuery<PageQuery>,
) -> ApiResult<web::Json<Page<StatusView>>> {
    let PageQuery { limit, cursor } = query.0;
    let list = format!("people|{}", reader.0.user.id);
    let after = cursor.map(|cursor| state.cursors.open(&list, &cursor)).transpose()?.unwrap_or_default();
    let now = state.clock.now();
    let page = state
        .db
        .read(|conn| {
            let people = model::list_people(conn, &reader.0.user, &after, limit + 1)?;
            let page = Page::new(people, limit, |last| state.cursors.seal(&list, &last.username));
            page.try_map(|person| {
                let status = model::status(conn, &person, now)?;
                Ok(StatusView::new(person, &status, now))
            })
        })
        .await?;
    for person in &page.items {
        state.looks.note(&state.db, &reader.0.trace, &person.person.username);
    }
    Ok(web::Json(page))
}

/// Read how a person is.
#[utoipa::path(
    tag = "people",
    params(("username" = String, Path, description = "The person", example = "robin")),
    responses(
        (status = 200, description = "How they are", body = StatusView),
        (status = 404, description = "No such person, or not yours to see", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/people/{username}/status")]
pub async fn get_status(
    state: web::Data<AppState>,
    reader: Reader,
    username: web::Path<String>,
) -> ApiResult<web::Json<StatusView>> {
    let now = state.clock.now();
    let (person, status) = state
        .db
        .read(|conn| {
            let person = model::watched_person(conn, &reader.0.user, &username)?;
            let status = model::status(conn, &person, now)?;
            Ok((person, status))
        })
        .await?;
    state.looks.note(&state.db, &reader.0.trace, &person.username);
    Ok(web::Json(StatusView::new(person, &status, now)))
}
