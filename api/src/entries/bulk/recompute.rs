//! The days of all entries, reckoned again by the present time zone: a preview first, then the change that it showed.

use std::collections::BTreeMap;

use actix_web::{post, web};
use chrono::NaiveDate;
use diesel::QueryResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{BulkOutcome, BulkQuery, Plan, SHOWN, run};
use crate::{
    account::{ids::PersonId, model::User},
    auth::guard::AdminUser,
    clock::Timestamp,
    db::DbConnection,
    entries::{
        day::Day,
        model::{Entry, water_of_day},
        ounces::DayTotal,
    },
    error::ApiResult,
    http::{
        extract::{ValidJson, ValidQuery},
        state::AppState,
    },
    id::EntryId,
    metric::Metric,
    trail::Action,
};

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecomputeEntries {
    /// The digest of the preview, to apply exactly that.
    #[schema(example = "Zm9yIGV4YW1wbGU")]
    digest: Option<String>,
}

/// The entries that belong to another day by your present time zone and start of the day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recompute {
    /// The number of entries that move, including deleted ones.
    #[schema(example = 12)]
    moved: u64,
    /// The first 100 changes.
    items: Vec<RecomputeItem>,
    /// The first 100 days whose water changes.
    days: Vec<RecomputedDay>,
    /// Represents the whole change: send it back to apply exactly this.
    #[schema(example = "Zm9yIGV4YW1wbGU")]
    digest: String,
    /// Whether the change was made.
    applied: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RecomputeItem {
    #[schema(value_type = String, format = Uuid)]
    id: EntryId,
    metric: Metric,
    at: Timestamp,
    /// The day it counts for before the change.
    #[schema(value_type = String, format = Date, example = "2026-03-01")]
    from: Day,
    /// The day it counts for after the change.
    #[schema(value_type = String, format = Date, example = "2026-02-28")]
    to: Day,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RecomputedDay {
    #[schema(value_type = String, format = Date, example = "2026-03-01")]
    day: NaiveDate,
    #[schema(example = 1750)]
    water_ml_before: i64,
    #[schema(example = 1500)]
    water_ml_after: i64,
    /// The same in tenths of a fluid ounce (US), counted as in `today_fl_oz_tenths` of the status.
    #[schema(example = 592)]
    water_fl_oz_tenths_before: i64,
    #[schema(example = 507)]
    water_fl_oz_tenths_after: i64,
}

impl RecomputedDay {
    fn new(day: NaiveDate, before: DayTotal, after: DayTotal) -> Self {
        Self {
            day,
            water_ml_before: before.ml,
            water_ml_after: after.ml,
            water_fl_oz_tenths_before: before.all_tenths(),
            water_fl_oz_tenths_after: after.all_tenths(),
        }
    }
}

/// Move your entries to the days of your present time zone and start of the day.
///
/// Otherwise an entry keeps the day that was fixed when it was logged. `dry_run=true` shows what
/// would move; the `digest` of that preview does it, unless one of those entries changed meanwhile.
/// Each entry keeps its previous version.
#[utoipa::path(
    tag = "entries",
    params(BulkQuery),
    request_body = RecomputeEntries,
    responses(
        (status = 200, description = "The entries that would move, or moved", body = Recompute),
        (status = 409, description = "The preview is out of date; nothing was changed"),
    )
)]
#[post("/entries/recompute")]
pub async fn recompute_entries(
    state: web::Data<AppState>,
    admin: AdminUser,
    query: ValidQuery<BulkQuery>,
    body: ValidJson<RecomputeEntries>,
) -> ApiResult<web::Json<Recompute>> {
    let plan =
        Moving { owner: admin.0.user.clone(), moved: 0, items: Vec::new(), gains: BTreeMap::new(), days: Vec::new() };
    let BulkOutcome { plan, digest, applied } = run(&state, admin, plan, query.0, body.0.digest).await?;
    let Moving { moved, items, days, .. } = plan;
    Ok(web::Json(Recompute { moved, items, days, digest, applied }))
}

/// Moving entries to their days.
struct Moving {
    owner: User,
    moved: u64,
    items: Vec<RecomputeItem>,
    /// By how much each day gains or loses.
    gains: BTreeMap<NaiveDate, DayTotal>,
    days: Vec<RecomputedDay>,
}

impl Moving {
    fn gain(&mut self, day: &Day, water: DayTotal) {
        if let Some(day) = day.date() {
            let gain = self.gains.entry(day).or_default();
            *gain = gain.plus(water);
        }
    }
}

impl Plan for Moving {
    const ACTION: Action = Action::EntryRecompute;

    fn begin(&mut self, owner: User) {
        self.owner = owner;
    }

    fn since(&self) -> i64 {
        i64::MIN
    }

    fn after(&self, before: &Entry) -> Option<Entry> {
        let day = Day::from(self.owner.day_of(before.at));
        (day != before.day).then(|| Entry { day, ..before.clone() })
    }

    fn count(&mut self, before: Entry, after: Entry) {
        self.moved += 1;
        if after.metric() == Metric::Water && after.deleted_at.is_none() {
            let water = DayTotal::of(after.value, after.fl_oz_tenths);
            self.gain(&before.day, water.negative());
            self.gain(&after.day, water);
        }
        if self.items.len() < SHOWN {
            self.items.push(RecomputeItem {
                id: after.id.clone(),
                metric: after.metric(),
                at: after.at,
                from: before.day,
                to: after.day,
            });
        }
    }

    fn complete(&mut self, conn: &mut DbConnection, owner: &PersonId, applied: bool) -> QueryResult<()> {
        for (day, gain) in self.gains.iter().filter(|(_, gain)| gain.ml != 0).take(SHOWN) {
            let found = water_of_day(conn, owner, *day)?;
            let before = if applied { found.plus(gain.negative()) } else { found };
            self.days.push(RecomputedDay::new(*day, before, before.plus(*gain)));
        }
        Ok(())
    }

    fn summary(&self) -> String {
        format!("{} moved", self.moved)
    }
}
