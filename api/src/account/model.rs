//! User rows.

use chrono_tz::Tz;
use diesel::prelude::*;
use uuid::Uuid;

use super::{ids::UserId, privacy_policy, username::Username};
use crate::{
    clock::Timestamp,
    db::{DbConnection, schema::users},
    error::{ApiError, ApiResult, Code},
    words::{Flag, Stored, Word, words},
};

words! {
    #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema, clap::ValueEnum)]
    #[serde(rename_all = "snake_case")]
    pub enum Role, otherwise Viewer {
        Admin "admin",
        Viewer "viewer",
    }
}

words! {
    #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum Unit, otherwise Ml {
        Ml "ml",
        FlOz "fl_oz",
    }
}

words! {
    /// The viewers a person lets watch.
    #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum Sharing, otherwise Nobody {
        /// The viewers they approved.
        Approved "approved",
        /// Every viewer who is signed in, except those they ended it for.
        Everyone "everyone",
        /// Nobody, whatever they approved before.
        Nobody "nobody",
    }
}

impl Word for Tz {
    fn word(self) -> &'static str {
        self.name()
    }

    fn find(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

/// A time zone of the tz database. One that has left it since is shown as it is stored, and counts as UTC.
pub type TimeZone = Stored<Tz>;

#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = users)]
pub struct User {
    pub id: UserId,
    pub username: Username,
    pub display_name: String,
    role: Role,
    #[diesel(deserialize_as = Flag)]
    pub disabled: bool,
    pub password_hash: String,
    pub time_zone: TimeZone,
    pub day_starts_at: i16,
    unit: Unit,
    pub daily_goal_ml: i32,
    water_presets_ml: String,
    pub last_login_at: Option<Timestamp>,
    pub created_at: Timestamp,
    privacy_policy_version: Option<String>,
    /// The end of a temporary password, which an admin had generated; `None` once its owner chose another.
    pub temporary_password_until: Option<Timestamp>,
    sharing: Sharing,
    pub ageing_after_hours: i16,
    pub stale_after_hours: i16,
    /// Whether anybody ever chose the zone.
    #[diesel(deserialize_as = Flag)]
    pub time_zone_set: bool,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

impl User {
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    #[must_use]
    pub fn sharing(&self) -> Sharing {
        self.sharing
    }

    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    #[must_use]
    pub fn water_presets_ml(&self) -> Vec<i32> {
        serde_json::from_str(&self.water_presets_ml).unwrap_or_default()
    }

    /// Whether the right password lets them in at `now`: a temporary one expires.
    #[must_use]
    pub fn may_sign_in(&self, now: Timestamp) -> bool {
        !self.disabled && self.temporary_password_until.is_none_or(|until| now < until)
    }

    /// Whether they accepted the privacy policy that is in force.
    #[must_use]
    pub fn has_accepted_privacy_policy(&self) -> bool {
        self.privacy_policy_version.as_deref() == Some(privacy_policy::VERSION)
    }

    /// The person's logical day at `at`.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> chrono::NaiveDate {
        at.logical_day(self.time_zone.known().unwrap_or(Tz::UTC), self.day_starts_at)
    }
}

#[derive(Clone, Insertable)]
#[expect(missing_debug_implementations, reason = "holds the password hash, which no log may show")]
#[diesel(table_name = users)]
pub struct NewUser {
    id: UserId,
    username: Username,
    display_name: String,
    role: Role,
    password_hash: String,
    privacy_policy_version: Option<&'static str>,
    privacy_policy_accepted_at: Option<Timestamp>,
    time_zone: TimeZone,
    day_starts_at: i16,
    unit: Unit,
    daily_goal_ml: i32,
    water_presets_ml: String,
    created_at: Timestamp,
    temporary_password_until: Option<Timestamp>,
}

impl NewUser {
    /// A user with the preferences everybody starts with, shown under the name as it was typed.
    #[must_use]
    pub fn new(id: Uuid, username: &str, role: Role, password_hash: String, now: Timestamp) -> Self {
        Self {
            id: id.into(),
            username: Username::typed(username),
            display_name: username.to_owned(),
            role,
            password_hash,
            privacy_policy_version: None,
            privacy_policy_accepted_at: None,
            time_zone: Stored::Known(Tz::UTC),
            day_starts_at: 0,
            unit: Unit::Ml,
            daily_goal_ml: 2000,
            water_presets_ml: as_text(&[150, 250, 500]),
            created_at: now,
            temporary_password_until: None,
        }
    }

    /// Gives the user a password that lets them in until `until`, to choose their own.
    #[must_use]
    pub fn with_temporary_password(self, until: Timestamp) -> Self {
        Self { temporary_password_until: Some(until), ..self }
    }

    #[must_use]
    pub fn shown_as(self, display_name: String) -> Self {
        Self { display_name, ..self }
    }

    #[must_use]
    pub fn accepting(self, privacy_policy_version: &'static str) -> Self {
        Self {
            privacy_policy_version: Some(privacy_policy_version),
            privacy_policy_accepted_at: Some(self.created_at),
            ..self
        }
    }
}

/// How a list of numbers is stored in a text column.
#[must_use]
pub fn as_text(numbers: &[i32]) -> String {
    serde_json::json!(numbers).to_string()
}

/// Changes that a person makes to their own account; a field that is `None` stays as it is.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = users)]
pub struct UserChanges {
    pub display_name: Option<String>,
    pub time_zone: Option<TimeZone>,
    pub time_zone_set: Option<Flag>,
    pub day_starts_at: Option<i16>,
    pub unit: Option<Unit>,
    pub daily_goal_ml: Option<i32>,
    pub water_presets_ml: Option<String>,
    pub sharing: Option<Sharing>,
    pub ageing_after_hours: Option<i16>,
    pub stale_after_hours: Option<i16>,
}

impl UserChanges {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            display_name,
            time_zone,
            time_zone_set,
            day_starts_at,
            unit,
            daily_goal_ml,
            water_presets_ml,
            sharing,
            ageing_after_hours,
            stale_after_hours,
        } = self;
        display_name.is_none()
            && time_zone.is_none()
            && time_zone_set.is_none()
            && day_starts_at.is_none()
            && unit.is_none()
            && daily_goal_ml.is_none()
            && water_presets_ml.is_none()
            && sharing.is_none()
            && ageing_after_hours.is_none()
            && stale_after_hours.is_none()
    }
}

/// The user of this name, ignoring case.
pub fn find_user_by_name(conn: &mut DbConnection, username: &Username) -> QueryResult<Option<User>> {
    users::table.filter(users::username.eq(username)).select(User::as_select()).first(conn).optional()
}

/// The users with these ids, as far as they exist.
pub fn get_users(conn: &mut DbConnection, ids: &[&UserId]) -> QueryResult<Vec<User>> {
    users::table.filter(users::id.eq_any(ids.to_vec())).select(User::as_select()).load(conn)
}

/// At most `limit` users, by user name, beyond the name `after`.
pub fn list_users(conn: &mut DbConnection, after: &str, limit: u32) -> QueryResult<Vec<User>> {
    users::table
        .filter(users::username.gt(after))
        .order(users::username)
        .limit(i64::from(limit))
        .select(User::as_select())
        .load(conn)
}

/// # Errors
/// [`Code::UsernameTaken`]; the check and the insert see the same state, because writes run one after the other.
pub fn insert_user(conn: &mut DbConnection, user: &NewUser) -> ApiResult<User> {
    if find_user_by_name(conn, &user.username)?.is_some() {
        return Err(ApiError::new(Code::UsernameTaken, "Choose another name. Upper and lower case count as the same."));
    }
    diesel::insert_into(users::table).values(user).execute(conn)?;
    Ok(users::table.find(&user.id).select(User::as_select()).first(conn)?)
}

pub fn update_user(conn: &mut DbConnection, id: &UserId, changes: &UserChanges) -> QueryResult<User> {
    if !changes.is_empty() {
        diesel::update(users::table.find(id)).set(changes).execute(conn)?;
    }
    get_user(conn, id)
}

/// The user of this id, who has to exist.
pub fn get_user(conn: &mut DbConnection, id: &UserId) -> QueryResult<User> {
    users::table.find(id).select(User::as_select()).first(conn)
}

/// Notes that the privacy policy in force was accepted.
pub fn accept_privacy_policy(conn: &mut DbConnection, id: &UserId, now: Timestamp) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((users::privacy_policy_version.eq(privacy_policy::VERSION), users::privacy_policy_accepted_at.eq(now)))
        .execute(conn)
        .map(drop)
}

/// Replaces the password, unless it changed since `user` was read. Returns whether it was replaced.
pub fn set_password(conn: &mut DbConnection, user: &User, hash: &str) -> QueryResult<bool> {
    diesel::update(users::table.find(&user.id).filter(users::password_hash.eq(&user.password_hash)))
        .set((users::password_hash.eq(hash), users::temporary_password_until.eq(None::<Timestamp>)))
        .execute(conn)
        .map(|count| count > 0)
}

/// How many users can manage the instance: enabled admins with a password of their own, since a temporary one expires after a day.
pub fn count_able_admins(conn: &mut DbConnection) -> QueryResult<i64> {
    able_admins().count().get_result(conn)
}

#[diesel::dsl::auto_type]
fn able_admins() -> _ {
    let (admin, disabled): (Role, Flag) = (Role::Admin, Flag(false));
    users::table
        .filter(users::role.eq(admin))
        .filter(users::disabled.eq(disabled))
        .filter(users::temporary_password_until.is_null())
}

/// Protects the last enabled admin. Call it in the transaction that deletes, demotes or disables the user, before the change: writes run
/// one after the other, so of two admins who remove each other at the same moment the second is refused.
///
/// # Errors
/// [`Code::LastAdmin`] if nobody else would be left to run the instance.
pub fn require_other_admin(conn: &mut DbConnection, user_id: &UserId) -> ApiResult<()> {
    let admins: Vec<UserId> = able_admins().select(users::id).order(users::username).limit(2).load(conn)?;
    if admins.iter().eq([user_id]) {
        return Err(ApiError::new(Code::LastAdmin, "Nothing was changed. Make another user an admin first."));
    }
    Ok(())
}

/// The name of the user of this id; `None` once the account is gone.
pub fn username_of(conn: &mut DbConnection, id: &UserId) -> QueryResult<Option<Username>> {
    users::table.find(id).select(users::username).first(conn).optional()
}
