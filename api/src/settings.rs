//! Settings that an admin changes while the server runs. Every request needs them: they stay in memory, renewed by each change.

use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicU64, Ordering},
};

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    account::{model::Role, privacy_policy},
    clock::{MINUTE, SECOND},
    config::{Config, Registration},
    db::{DbConnection, schema::settings::dsl},
    error::{ApiError, ApiResult, Code},
    trail::{Action, AuditContext, AuditEvent},
};

const MAINTENANCE_MODE: &str = "maintenance_mode";
const REGISTRATION: &str = "registration";

/// The settings in effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Settings {
    /// Nothing is written, and only admins can sign in. Users who are signed in can continue to
    /// read.
    pub maintenance_mode: bool,
    /// The condition for registering.
    pub registration: Registration,
}

/// Settings to change; `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct SettingChanges {
    pub maintenance_mode: Option<bool>,
    pub registration: Option<Registration>,
}

/// The settings in effect: the decision of an admin, or the configuration where there is none. Either of the two is enough for maintenance.
pub fn effective(conn: &mut DbConnection, config: &Config) -> QueryResult<Settings> {
    let maintenance = find(conn, MAINTENANCE_MODE)?;
    let registration = find(conn, REGISTRATION)?;
    let chosen = Registration::ALL.into_iter().find(|(name, _)| Some(*name) == registration.as_deref());
    Ok(Settings {
        maintenance_mode: config.maintenance_mode || maintenance.as_deref() == Some("true"),
        registration: chosen.map_or(config.registration, |(_, registration)| registration),
    })
}

fn find(conn: &mut DbConnection, name: &str) -> QueryResult<Option<String>> {
    dsl::settings.find(name).select(dsl::value).first(conn).optional()
}

/// Returns the settings that are in effect with the changes.
///
/// # Errors
/// [`Code::SetByConfiguration`] if the configuration began the maintenance that is to end.
pub fn change(
    conn: &mut DbConnection,
    config: &Config,
    context: &AuditContext,
    changes: SettingChanges,
) -> ApiResult<Settings> {
    if config.maintenance_mode && changes.maintenance_mode == Some(false) {
        return Err(ApiError::new(
            Code::SetByConfiguration,
            "Nothing was changed. Start the server without `MAINTENANCE_MODE=true`.",
        ));
    }
    let wanted = [
        (MAINTENANCE_MODE, changes.maintenance_mode.map(|on| if on { "true" } else { "false" })),
        (REGISTRATION, changes.registration.map(Registration::as_str)),
    ];
    for (name, value) in wanted.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))) {
        if diesel::update(dsl::settings.find(name)).set(dsl::value.eq(value)).execute(conn)? == 0 {
            diesel::insert_into(dsl::settings).values((dsl::name.eq(name), dsl::value.eq(value))).execute(conn)?;
        }
        context.record(conn, &AuditEvent::new(Action::SettingUpdate).on(name).detail(value))?;
    }
    Ok(effective(conn, config)?)
}

/// The settings in force.
#[derive(Debug)]
pub struct CurrentSettings {
    /// With the turn of the change that made them.
    held: RwLock<(u64, Settings)>,
    turns: AtomicU64,
}

impl CurrentSettings {
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { held: RwLock::new((0, settings)), turns: AtomicU64::new(0) }
    }

    #[must_use]
    pub fn get(&self) -> Settings {
        self.held.read().unwrap_or_else(PoisonError::into_inner).1
    }

    /// The turn of a change. Take it in the transaction of the change: those run one after the other.
    pub fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Notes what a committed change made of them. Of two changes at once the older one may come last, and is passed over.
    pub fn note(&self, turn: u64, settings: Settings) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if turn > held.0 {
            *held = (turn, settings);
        }
    }

    /// Whether somebody who has proved who they are may sign in now.
    ///
    /// # Errors
    /// [`Code::Maintenance`] for everybody who could not end it.
    pub fn admit(&self, role: Role) -> ApiResult<()> {
        if self.get().maintenance_mode && role != Role::Admin { Err(under_maintenance()) } else { Ok(()) }
    }
}

/// The answer to requests that have to wait until the maintenance is over.
#[must_use]
pub fn under_maintenance() -> ApiError {
    ApiError::new(
        Code::Maintenance,
        "Nothing was changed. Reading goes on for those who are signed in; try again later.",
    )
    .retry_after(MINUTE / SECOND)
}

/// Facts that a user needs before they sign in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Instance {
    #[serde(flatten)]
    settings: Settings,
    #[schema(example = "2026-11-25.2")]
    privacy_policy_version: &'static str,
}

impl Instance {
    #[must_use]
    pub fn of(settings: &CurrentSettings) -> Self {
        Self { settings: settings.get(), privacy_policy_version: privacy_policy::VERSION }
    }
}
