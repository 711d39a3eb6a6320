//! Consent. [`decide`] alone says what a reader may see of a person, and every way out (status, list, history, events) shows no more than
//! the [`Granted`] that it returns.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    account::{
        ids::{PersonId, UserId, ViewerId},
        model::{Role, Sharing, User, find_user_by_name},
        username::Username,
    },
    clock::Timestamp,
    db::{DbConnection, schema::shares},
    error::{ApiError, ApiResult, Code},
    metric::{Detail, Metric},
    outbox::{self, Subject, Topic},
    words::{Flag, words},
};

words! {
    /// The state of a share between a person and a viewer.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum ShareState, otherwise Ended {
        /// The viewer asks; the person has not answered.
        Requested "requested",
        /// The viewer may watch.
        Approved "approved",
        /// The person said no, ended it, or its time is over.
        Ended "ended",
    }
}

/// A person's permission for one viewer, as it is stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = shares, treat_none_as_null = true)]
pub struct Share {
    pub person_id: PersonId,
    pub viewer_id: ViewerId,
    state: ShareState,
    water: Detail,
    altitude: Detail,
    history: Flag,
    export: Flag,
    pub until: Option<Timestamp>,
    pub requested_at: Option<Timestamp>,
    since: Timestamp,
    kept_out: Flag,
}

impl Share {
    /// A share as it is unless the person says otherwise: exact values with history, without export, without an end.
    #[must_use]
    pub fn new(person_id: PersonId, viewer_id: ViewerId, state: ShareState, now: Timestamp) -> Self {
        let granted = Granted::USUAL;
        Self {
            person_id,
            viewer_id,
            state,
            water: granted.water,
            altitude: granted.altitude,
            history: Flag(granted.history),
            export: Flag(granted.export),
            until: None,
            requested_at: (state == ShareState::Requested).then_some(now),
            since: now,
            kept_out: Flag(false),
        }
    }

    /// The state at `now`: a share whose time is over has ended.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> ShareState {
        if self.ran_out(now).is_some() { ShareState::Ended } else { self.state }
    }

    /// The beginning of that state.
    #[must_use]
    pub fn since(&self, now: Timestamp) -> Timestamp {
        self.ran_out(now).unwrap_or(self.since)
    }

    /// The end of its time, if that has come and nobody ended it before.
    fn ran_out(&self, now: Timestamp) -> Option<Timestamp> {
        self.until.filter(|until| *until <= now && self.state != ShareState::Ended)
    }

    /// The time at which the person said no, if that was their last word.
    #[must_use]
    pub fn refused_at(&self) -> Option<Timestamp> {
        (self.state == ShareState::Ended).then_some(self.since)
    }

    /// Whether it is a mere request by a viewer who was never kept out, and so no reason to keep them out of `everyone`.
    #[must_use]
    pub fn only_asks(&self, now: Timestamp) -> bool {
        self.state(now) == ShareState::Requested && !self.kept_out.0
    }

    /// Whether its viewer sees just what they would see with `everyone`.
    #[must_use]
    pub fn is_usual(&self, now: Timestamp) -> bool {
        self.state(now) == ShareState::Approved && self.until.is_none() && self.terms() == Granted::USUAL
    }

    /// The terms that hold while it is approved.
    #[must_use]
    pub fn terms(&self) -> Granted {
        Granted {
            water: self.water,
            altitude: self.altitude,
            history: self.history.0,
            export: self.export.0,
            own: false,
        }
    }

    pub fn set_terms(&mut self, terms: Granted) {
        self.water = terms.water;
        self.altitude = terms.altitude;
        self.history = Flag(terms.history);
        self.export = Flag(terms.export);
    }

    pub fn set_state(&mut self, state: ShareState, now: Timestamp) {
        if self.state(now) == ShareState::Ended {
            // Otherwise somebody who was kept out of `everyone` could come in by asking.
            self.kept_out = Flag(state == ShareState::Requested);
        }
        self.since = if self.state(now) == state { self.since(now) } else { now };
        self.state = state;
    }
}

/// The part of a person that a reader may see.
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
    /// The access to one's own data.
    pub const OWN: Self =
        Self { water: Detail::Exact, altitude: Detail::Exact, history: true, export: true, own: true };
    /// The access of a viewer for whom nothing narrower was decided.
    pub const USUAL: Self = Self { export: false, own: false, ..Self::OWN };

    #[must_use]
    pub fn of(&self, metric: Metric) -> Detail {
        match metric {
            Metric::Water => self.water,
            Metric::Altitude => self.altitude,
        }
    }

    /// Whether the reader sees all that is logged, so that the time of the last change reveals nothing more.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.history && Metric::ALL.iter().all(|metric| self.of(*metric) == Detail::Exact)
    }

    /// The metric to look for when `wanted` is asked for, or any: `None` if nothing of it is shown.
    #[must_use]
    pub fn visible(&self, wanted: Option<Metric>) -> Option<Option<Metric>> {
        let shown = |metric: &Metric| self.of(*metric) > Detail::None;
        if let Some(metric) = wanted {
            return shown(&metric).then_some(Some(metric));
        }
        let mut found = Metric::ALL.into_iter().filter(shown);
        match (found.next(), found.next()) {
            (first, None) => first.map(Some),
            (_, Some(_)) => Some(None),
        }
    }
}

/// A person and the one who views them, or wants to: by name, because a swap would show somebody the wrong one's data.
#[derive(Clone, Copy, Debug)]
pub struct Ends<'a> {
    pub person: &'a User,
    pub viewer: &'a User,
}

/// The access of `viewer` to `person` at `now`, given the share between them; `None` is nothing, not even that the person is there.
///
/// An admin sees themself and no other admin. `nobody` counts for more than any share; what a share says, or that it has ended, counts for
/// more than `everyone`. A request by itself changes nothing.
#[must_use]
pub fn decide(Ends { person, viewer }: Ends<'_>, share: Option<&Share>, now: Timestamp) -> Option<Granted> {
    if person.role() != Role::Admin || person.disabled || viewer.disabled {
        return None;
    }
    if viewer.id == person.id {
        return Some(Granted::OWN);
    }
    if viewer.role() != Role::Viewer {
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
    /// 404 alike for people who do not exist and people who may not be watched, after the same work, so that nobody learns who exists.
    pub fn find(conn: &mut DbConnection, reader: &User, username: &Username, now: Timestamp) -> ApiResult<Self> {
        let person = find_user_by_name(conn, username)?;
        // Read also where nobody has the name: the time of a refusal would tell who exists.
        let person_id = person.as_ref().map_or_else(|| UserId::new("").as_person(), User::as_person);
        let share = find_share(conn, &person_id, &reader.as_viewer())?;
        let watched = person.and_then(|person| {
            let granted = decide(Ends { person: &person, viewer: reader }, share.as_ref(), now)?;
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
        Err(ApiError::new(Code::HistoryNotShared, "You see their present status. Ask them if you should see more."))
    }
}

pub fn find_share(conn: &mut DbConnection, person_id: &PersonId, viewer_id: &ViewerId) -> QueryResult<Option<Share>> {
    shares::table.find((person_id, viewer_id)).select(Share::as_select()).first(conn).optional()
}

/// The shares of all persons with a viewer.
pub fn shares_to(conn: &mut DbConnection, viewer_id: &ViewerId) -> QueryResult<Vec<Share>> {
    shares::table.filter(shares::viewer_id.eq(viewer_id)).select(Share::as_select()).load(conn)
}

/// The shares of a person with these viewers.
pub fn shares_with(conn: &mut DbConnection, person_id: &PersonId, viewer_ids: &[&ViewerId]) -> QueryResult<Vec<Share>> {
    shares::table
        .filter(shares::person_id.eq(person_id))
        .filter(shares::viewer_id.eq_any(viewer_ids.to_vec()))
        .select(Share::as_select())
        .load(conn)
}

/// Saves the share as it is now.
pub fn save_share(conn: &mut DbConnection, share: &Share) -> QueryResult<()> {
    let there = diesel::update(shares::table.find((&share.person_id, &share.viewer_id))).set(share).execute(conn)?;
    if there == 0 {
        diesel::insert_into(shares::table).values(share).execute(conn)?;
    }
    Ok(())
}

/// Lets a viewer watch whose account the person made, by hand or by invitation.
pub fn approve_newcomer(
    conn: &mut DbConnection,
    person: PersonId,
    viewer: ViewerId,
    now: Timestamp,
) -> QueryResult<()> {
    let share = Share::new(person, viewer, ShareState::Approved, now);
    save_share(conn, &share)?;
    outbox::add(conn, &share.person_id, Topic::Share, Detail::Logged, Subject::Viewer(&share.viewer_id), now)
}
