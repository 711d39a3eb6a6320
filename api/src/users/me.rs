//! An account as its owner sees it, with the lock that is on its name.

use diesel::QueryResult;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    account::{
        model::{Sharing, TimeZone, Unit, User},
        view::UserView,
    },
    auth::lockout,
    clock::Timestamp,
    db::DbConnection,
};

/// An account with its preferences, for its owner.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    #[serde(flatten)]
    user: UserView,
    /// An IANA time zone; it decides which day an entry belongs to.
    #[schema(value_type = String, example = "Europe/Berlin")]
    time_zone: TimeZone,
    /// Whether the zone was chosen. An account begins with UTC, which the zone of your first device
    /// replaces.
    time_zone_set: bool,
    /// The hour at which the day starts, 0 to 6.
    #[schema(minimum = 0, maximum = 6, example = 4)]
    day_starts_at: i16,
    unit: Unit,
    #[schema(example = 2000)]
    daily_goal_ml: i32,
    /// The password is a temporary one: nothing else works until you choose your own.
    password_change_required: bool,
    /// There is a privacy policy that you have not accepted yet.
    privacy_policy_due: bool,
    /// The amounts of the three cups.
    #[schema(min_items = 3, max_items = 3, example = json!([150, 250, 500]))]
    water_presets_ml: Vec<i32>,
    /// The viewers you let watch.
    sharing: Sharing,
    /// The age in hours from which your status counts as ageing.
    #[schema(minimum = 1, maximum = 168, example = 6)]
    ageing_after_hours: i16,
    /// The age in hours from which your status counts as stale.
    #[schema(minimum = 2, maximum = 336, example = 24)]
    stale_after_hours: i16,
}

impl User {
    /// The view with the lock that is on the name at `now`.
    pub fn view_at(&self, conn: &mut DbConnection, now: Timestamp) -> QueryResult<UserView> {
        Ok(self.view().locked(lockout::locked_until(conn, &self.username, now)?))
    }

    pub fn me(&self, conn: &mut DbConnection, now: Timestamp) -> QueryResult<Me> {
        Ok(Me {
            user: self.view_at(conn, now)?,
            time_zone: self.time_zone.clone(),
            time_zone_set: self.time_zone_set,
            day_starts_at: self.day_starts_at,
            unit: self.unit(),
            daily_goal_ml: self.daily_goal_ml,
            password_change_required: self.temporary_password_until.is_some(),
            privacy_policy_due: !self.has_accepted_privacy_policy(),
            water_presets_ml: self.water_presets_ml(),
            sharing: self.sharing(),
            ageing_after_hours: self.ageing_after_hours,
            stale_after_hours: self.stale_after_hours,
        })
    }
}
