//! Consent. [`decide`] alone says what a reader may see of a person, and every way out (status, list, history, events, and what comes
//! later) shows what the [`Granted`] it returns lets through.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    clock::Timestamp,
    db::{DbConnection, schema::shares},
    entries::model::Metric,
    error::{ApiError, ApiResult, Code},
    events::outbox::{self, Topic},
    users::model::{Role, Sharing, User, find_user},
};

/// How much of a metric is shown, from nothing to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Nothing.
    None,
    /// That something was logged, and when.
    Logged,
    /// Whether it was low, middle or high.
    Band,
    /// The value, with note and tags.
    Exact,
}

impl Detail {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Logged => "logged",
            Self::Band => "band",
            Self::Exact => "exact",
        }
    }

    /// Anything the database should not hold shows nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let known = [Self::Logged, Self::Band, Self::Exact];
        known.into_iter().find(|detail| detail.as_str() == text).unwrap_or(Self::None)
    }

    /// 0 for nothing, up to 3.
    #[must_use]
    pub fn as_number(self) -> i16 {
        self as i16
    }
}

/// What stands between a person and a viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShareState {
    /// The viewer asks; the person has not answered.
    Requested,
    /// The viewer may watch.
    Approved,
    /// The person said no, ended it, or its time is over.
    Ended,
}

impl ShareState {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Ended => "ended",
        }
    }
}

/// A person's permission for one viewer, as it is kept.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = shares, treat_none_as_null = true)]
pub struct Share {
    pub person_id: String,
    pub viewer_id: String,
    state: String,
    water: String,
    altitude: String,
    history: i16,
    export: i16,
    pub until: Option<i64>,
    pub requested_at: Option<i64>,
    since: i64,
    kept_out: i16,
}

impl Share {
    /// What a share is unless the person says otherwise: exact values with history, without export, without an end.
    #[must_use]
    pub fn new(person_id: &str, viewer_id: &str, state: ShareState, now: Timestamp) -> Self {
        let granted = Granted::USUAL;
        Self {
            person_id: person_id.to_owned(),
            viewer_id: viewer_id.to_owned(),
            state: state.as_str().to_owned(),
            water: granted.water.as_str().to_owned(),
            altitude: granted.altitude.as_str().to_owned(),
            history: i16::from(granted.history),
            export: i16::from(granted.export),
            until: None,
            requested_at: (state == ShareState::Requested).then_some(now.0),
            since: now.0,
            kept_out: 0,
        }
    }

    /// As of `now`: one whose time is over has ended, whatever it was.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> ShareState {
        let known = [ShareState::Requested, ShareState::Approved];
        let kept = known.into_iter().find(|state| state.as_str() == self.state).unwrap_or(ShareState::Ended);
        if self.ran_out(now).is_some() { ShareState::Ended } else { kept }
    }

    /// Since when that is its state.
    #[must_use]
    pub fn since(&self, now: Timestamp) -> i64 {
        self.ran_out(now).unwrap_or(self.since)
    }

    /// When its time was over, if it is and nobody ended it before.
    fn ran_out(&self, now: Timestamp) -> Option<i64> {
        self.until.filter(|until| *until <= now.0 && self.state != ShareState::Ended.as_str())
    }

    /// When the person said no, if that is the last that was said.
    #[must_use]
    pub fn refused_at(&self) -> Option<i64> {
        (self.state == ShareState::Ended.as_str()).then_some(self.since)
    }

    /// Whether it is no more than a wish, of somebody who was never kept out: that is no reason to keep them out of `everyone`.
    #[must_use]
    pub fn only_asks(&self, now: Timestamp) -> bool {
        self.state(now) == ShareState::Requested && self.kept_out == 0
    }

    /// Whether it lets its viewer see just what everyone sees whom a person lets in with `everyone`.
    #[must_use]
    pub fn is_usual(&self, now: Timestamp) -> bool {
        self.state(now) == ShareState::Approved && self.until.is_none() && self.terms() == Granted::USUAL
    }

    /// What it lets through while it is approved.
    #[must_use]
    pub fn terms(&self) -> Granted {
        Granted {
            water: Detail::parse(&self.water),
            altitude: Detail::parse(&self.altitude),
            history: self.history != 0,
            export: self.export != 0,
            own: false,
        }
    }

    pub fn set_terms(&mut self, terms: Granted) {
        terms.water.as_str().clone_into(&mut self.water);
        terms.altitude.as_str().clone_into(&mut self.altitude);
        self.history = i16::from(terms.history);
        self.export = i16::from(terms.export);
    }

    pub fn set_state(&mut self, state: ShareState, now: Timestamp) {
        if self.state(now) == ShareState::Ended {
            // Or somebody who was kept out of `everyone` could come in by asking.
            self.kept_out = i16::from(state == ShareState::Requested);
        }
        self.since = if self.state(now) == state { self.since(now) } else { now.0 };
        state.as_str().clone_into(&mut self.state);
    }
}

/// What a reader may see of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Granted {
    pub water: Detail,
    pub altitude: Detail,
    pub history: bool,
    pub export: bool,
    /// The reader is the person.
    pub own: bool,
}

impl Granted {
    /// What is one's own.
    pub const OWN: Self =
        Self { water: Detail::Exact, altitude: Detail::Exact, history: true, export: true, own: true };
    /// What a viewer sees whom nothing narrower was decided for.
    pub const USUAL: Self = Self { export: false, own: false, ..Self::OWN };

    #[must_use]
    pub fn of(&self, metric: Metric) -> Detail {
        match metric {
            Metric::Water => self.water,
            Metric::Altitude => self.altitude,
        }
    }

    /// Whether nothing that is logged is kept from the reader, so that it does no harm to tell when anything last changed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.history && self.water == Detail::Exact && self.altitude == Detail::Exact
    }

    /// Which metric to look for when `wanted` is asked for, or any: `None` if nothing of it is shown.
    #[must_use]
    pub fn visible(&self, wanted: Option<Metric>) -> Option<Option<Metric>> {
        let shown = |metric| self.of(metric) > Detail::None;
        match (wanted, shown(Metric::Water), shown(Metric::Altitude)) {
            (Some(metric), ..) => shown(metric).then_some(Some(metric)),
            (None, true, true) => Some(None),
            (None, true, false) => Some(Some(Metric::Water)),
            (None, false, true) => Some(Some(Metric::Altitude)),
            (None, false, false) => None,
        }
    }
}

/// What `reader` may see of `person` at `now`, given the share between them; `None` is nothing, not even that the person is there.
///
/// An admin sees themself and no other admin. `nobody` counts for more than any share; what a share says, or that it has ended, counts for
/// more than `everyone`. A wish by itself changes nothing.
#[must_use]
pub fn decide(reader: &User, person: &User, share: Option<&Share>, now: Timestamp) -> Option<Granted> {
    if person.role() != Role::Admin || person.disabled != 0 || reader.disabled != 0 {
        return None;
    }
    if reader.id == person.id {
        return Some(Granted::OWN);
    }
    if reader.role() != Role::Viewer {
        return None;
    }
    match (person.sharing(), share) {
        (Sharing::Nobody, _) | (Sharing::Approved, None) => None,
        (Sharing::Everyone, None) => Some(Granted::USUAL),
        (Sharing::Everyone, Some(share)) if share.only_asks(now) => Some(share.terms()),
        (_, Some(share)) => (share.state(now) == ShareState::Approved).then(|| share.terms()),
    }
}

/// A person, and what their reader may see of them.
#[derive(Clone, Debug)]
pub struct Watched {
    pub person: User,
    pub granted: Granted,
}

impl Watched {
    /// The person of this name.
    ///
    /// # Errors
    /// 404 alike for who is not there and who may not be watched, after the same work, so that nobody learns who exists.
    pub fn find(conn: &mut DbConnection, reader: &User, username: &str, now: Timestamp) -> ApiResult<Self> {
        let person = find_user(conn, username)?;
        // With nobody, too: the time of a refusal would tell who is there.
        let share = find_share(conn, person.as_ref().map_or("", |person| &person.id), &reader.id)?;
        let watched = person.and_then(|person| {
            let granted = decide(reader, &person, share.as_ref(), now)?;
            Some(Self { person, granted })
        });
        watched.ok_or_else(ApiError::not_found)
    }

    /// # Errors
    /// [`Code::HistoryNotShared`]
    pub fn with_history(self) -> ApiResult<Self> {
        if self.granted.history {
            return Ok(self);
        }
        Err(ApiError::new(Code::HistoryNotShared, "You see how they are now. Ask them if you should see more."))
    }
}

pub fn find_share(conn: &mut DbConnection, person_id: &str, viewer_id: &str) -> QueryResult<Option<Share>> {
    shares::table.find((person_id, viewer_id)).select(Share::as_select()).first(conn).optional()
}

/// What all persons share with a viewer.
pub fn shares_to(conn: &mut DbConnection, viewer_id: &str) -> QueryResult<Vec<Share>> {
    shares::table.filter(shares::viewer_id.eq(viewer_id)).select(Share::as_select()).load(conn)
}

/// The shares of a person with these viewers.
pub fn shares_with(conn: &mut DbConnection, person_id: &str, viewer_ids: &[&str]) -> QueryResult<Vec<Share>> {
    shares::table
        .filter(shares::person_id.eq(person_id))
        .filter(shares::viewer_id.eq_any(viewer_ids.to_vec()))
        .select(Share::as_select())
        .load(conn)
}

/// Keeps the share as it is now.
pub fn save_share(conn: &mut DbConnection, share: &Share) -> QueryResult<()> {
    let there = diesel::update(shares::table.find((&share.person_id, &share.viewer_id))).set(share).execute(conn)?;
    if there == 0 {
        diesel::insert_into(shares::table).values(share).execute(conn)?;
    }
    Ok(())
}

/// Lets a viewer watch whose account the person made, by hand or by invitation.
pub fn approve_newcomer(conn: &mut DbConnection, person_id: &str, viewer_id: &str, now: Timestamp) -> QueryResult<()> {
    save_share(conn, &Share::new(person_id, viewer_id, ShareState::Approved, now))?;
    outbox::add(conn, person_id, Topic::Share, Detail::Logged, Some(viewer_id), now)
}
