//! How a person is now, as far as it is shared.

use diesel::QueryResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::sharing::{Granted, Watched};
use crate::{
    account::{
        model::{TimeZone, User},
        names,
        username::Username,
    },
    clock::{HOUR, Timestamp},
    db::DbConnection,
    entries::{
        day::Day,
        model::{last_change, latest, water_of_day},
    },
    metric::{Band, Detail, Metric},
};

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Person {
    #[schema(value_type = String, example = "robin")]
    pub username: Username,
    #[schema(example = "Robin")]
    display_name: String,
    /// `null` if you may not watch them.
    #[schema(required = true, value_type = Option<String>, example = "Europe/Berlin")]
    time_zone: Option<TimeZone>,
}

impl Person {
    /// The person as somebody sees them who may `watch` them, or who may not.
    #[must_use]
    pub fn new(person: &User, watch: bool) -> Self {
        Self {
            username: person.username.clone(),
            display_name: names::shown(person),
            time_zone: watch.then(|| person.time_zone.clone()),
        }
    }
}

/// A person's present status. Anything that was never logged, or is not shared, is `null`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatusView {
    pub person: Person,
    /// The person's logical day.
    #[schema(value_type = String, format = Date, example = "2026-03-01")]
    day: Day,
    water: WaterStatus,
    altitude: AltitudeStatus,
    freshness: Freshness,
    /// The time at which the person last logged, changed or deleted anything; if not everything is
    /// shown, the time of the newest thing that is.
    #[schema(required = true)]
    updated_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct WaterStatus {
    #[schema(required = true)]
    last_at: Option<Timestamp>,
    #[schema(required = true, example = 250)]
    last_ml: Option<i32>,
    /// If it was typed in fluid ounces (US), the typed amount in tenths.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 85)]
    last_fl_oz_tenths: Option<i32>,
    #[schema(required = true, example = 1250)]
    today_ml: Option<i64>,
    /// If any of it was typed in fluid ounces (US), the whole in tenths of an ounce: amounts typed
    /// in ounces are added as typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 425)]
    today_fl_oz_tenths: Option<i64>,
    #[schema(required = true, example = 2000)]
    goal_ml: Option<i32>,
    /// The band of today's total, in place of the numbers: `low` below half of the goal, `high`
    /// from the goal on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    band: Option<Band>,
}

#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct AltitudeStatus {
    #[schema(required = true, example = 7)]
    value: Option<i32>,
    #[schema(required = true)]
    at: Option<Timestamp>,
    /// In place of the value: `low` up to 3, `high` from 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    band: Option<Band>,
}

/// The age of the newest entry, by the hours that the person chose: `fresh`, then `ageing`, then
/// `stale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    Fresh,
    Ageing,
    Stale,
    Never,
}

impl Freshness {
    fn of(newest: Option<Timestamp>, person: &User, now: Timestamp) -> Self {
        match newest.map(|at| now.0 - at.0) {
            None => Self::Never,
            Some(age) if age < i64::from(person.ageing_after_hours) * HOUR => Self::Fresh,
            Some(age) if age < i64::from(person.stale_after_hours) * HOUR => Self::Ageing,
            Some(_) => Self::Stale,
        }
    }
}

/// The status of a person at `now`, as far as a reader may know it.
pub fn status(conn: &mut DbConnection, watched: &Watched, now: Timestamp) -> QueryResult<StatusView> {
    let Watched { person, granted } = watched;
    let (id, day) = (person.as_person(), person.day_of(now));
    let mut water = WaterStatus::default();
    if granted.water > Detail::None {
        let last = latest(conn, &id, Metric::Water)?;
        let today = water_of_day(conn, &id, day)?;
        let exact = granted.water == Detail::Exact;
        water = WaterStatus {
            last_at: last.map(|(_, at, _)| at),
            last_ml: last.map(|(ml, ..)| ml).filter(|_| exact),
            last_fl_oz_tenths: last.and_then(|(.., tenths)| tenths).filter(|_| exact),
            today_ml: exact.then_some(today.ml),
            today_fl_oz_tenths: today.fl_oz_tenths().filter(|_| exact),
            goal_ml: exact.then_some(person.daily_goal_ml),
            band: (granted.water == Detail::Band).then(|| Band::of_day(today.exact_ml(), person.daily_goal_ml)),
        };
    }
    let mut altitude = AltitudeStatus::default();
    if granted.altitude > Detail::None
        && let Some((value, at, _)) = latest(conn, &id, Metric::Altitude)?
    {
        altitude = AltitudeStatus {
            value: Some(value).filter(|_| granted.altitude == Detail::Exact),
            at: Some(at),
            band: (granted.altitude == Detail::Band).then(|| Metric::Altitude.band(value)),
        };
    }
    let newest = water.last_at.max(altitude.at);
    Ok(StatusView {
        person: Person::new(person, true),
        day: day.into(),
        freshness: Freshness::of(newest, person, now),
        updated_at: if granted.is_whole() { last_change(conn, &id)? } else { newest },
        water,
        altitude,
    })
}

/// The view of a person that somebody is granted, in words that clients read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GrantedView {
    pub water: Detail,
    pub altitude: Detail,
    /// Whether it includes the history, and not only the present status.
    pub history: bool,
    pub export: bool,
    /// The end of the share.
    #[schema(required = true)]
    pub until: Option<Timestamp>,
}

impl GrantedView {
    #[must_use]
    pub fn new(granted: Granted, until: Option<Timestamp>) -> Self {
        let Granted { water, altitude, history, export, own: _ } = granted;
        Self { water, altitude, history, export, until }
    }
}
