//! Shares as the person reads and changes them. Each change also notifies both sides and is recorded, in the same transaction.

use std::collections::BTreeSet;

use diesel::{prelude::*, sql_types::Bool};
use serde::Serialize;
use utoipa::ToSchema;

use super::terms::Offer;
use crate::{
    account::{
        ids::{PersonId, ViewerId},
        model::{Role, Sharing, User, find_user_by_name, get_user},
        names::{self, Lookalikes},
        username::Username,
    },
    audit::model::{AuditFilter, Position, list as list_records},
    clock::{DAY, SECOND, Timestamp},
    db::{
        DbConnection,
        schema::{looks, shares, users},
    },
    error::{ApiError, ApiResult, Code},
    metric::Detail,
    outbox::{self, Subject, Topic, presence},
    people::sharing::{Ends, Granted, Share, ShareState, decide, find_share, save_share, shares_to},
    trail::{Action, AuditContext, AuditEvent, AuditRow},
    words::{Flag, Stored},
};

/// How long a viewer who was refused has to wait before they ask again.
const ASK_AGAIN_AFTER: i64 = DAY;

/// A viewer's share of a person: the parts they see, its end, and their last look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShareView {
    #[schema(value_type = String, example = "alex")]
    username: Username,
    #[schema(example = "Alex")]
    display_name: String,
    /// With `sharing: everyone`, `approved` for every viewer whom the person did not keep out; with
    /// `nobody`, the state from before.
    state: ShareState,
    water: Detail,
    altitude: Detail,
    /// Whether they see the history, and not only the present status.
    history: bool,
    export: bool,
    /// The time at which it ends by itself.
    #[schema(required = true)]
    until: Option<Timestamp>,
    /// The time of their last request.
    #[schema(required = true)]
    requested_at: Option<Timestamp>,
    /// The time of the last change of the state; `null` if the state follows from `sharing` alone.
    #[schema(required = true)]
    since: Option<Timestamp>,
    /// To the minute.
    #[schema(required = true)]
    last_looked_at: Option<Timestamp>,
    /// Whether they are watching right now.
    watching: bool,
    /// Unless they may watch: the user names of others whose name looks like theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, required = false, example = json!(["a1ex"]))]
    looks_like: Vec<Username>,
}

/// A look at the person.
#[derive(Debug, Serialize, ToSchema)]
pub struct LookView {
    #[schema(value_type = String, example = "alex")]
    username: Username,
    /// `null` for a deleted account.
    #[schema(required = true, example = "Alex")]
    display_name: Option<String>,
    /// To the minute.
    at: Timestamp,
}

/// A viewer who is watching right now.
#[derive(Debug, Serialize, ToSchema)]
pub struct WatcherView {
    #[schema(value_type = String, example = "alex")]
    username: Username,
    #[schema(example = "Alex")]
    display_name: String,
    since: Timestamp,
}

/// Changes that a person makes to a share; `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShareChanges {
    pub state: Option<ShareState>,
    pub water: Option<Detail>,
    pub altitude: Option<Detail>,
    pub history: Option<bool>,
    pub export: Option<bool>,
    /// `Some(None)` takes the end away.
    pub until: Option<Option<Timestamp>>,
}

/// The viewer of this name.
///
/// # Errors
/// [`Code::NotFound`], also for an admin, and so for oneself.
pub fn viewer(conn: &mut DbConnection, username: &Username) -> ApiResult<User> {
    find_user_by_name(conn, username)?.filter(|user| user.role() == Role::Viewer).ok_or_else(ApiError::not_found)
}

/// Whether `sharing: everyone` lets this viewer in, unless something else was decided for them.
fn lets_in(Ends { person, viewer }: Ends<'_>) -> bool {
    person.sharing() == Sharing::Everyone && viewer.role() == Role::Viewer && !viewer.disabled
}

/// The state in effect: a viewer who is let in with everyone needs no share.
fn state_between(ends: Ends<'_>, kept: Option<&Share>, now: Timestamp) -> ShareState {
    match kept {
        None if lets_in(ends) => ShareState::Approved,
        Some(share) if share.only_asks(now) && lets_in(ends) => ShareState::Approved,
        Some(share) => share.state(now),
        None => ShareState::Ended,
    }
}

/// The share between a person and a viewer, shown as ended where there is none.
pub fn share_view(conn: &mut DbConnection, ends: Ends<'_>, now: Timestamp) -> QueryResult<ShareView> {
    share_view_among(conn, ends, &mut Lookalikes::default(), now)
}

/// [`share_view`] for several viewers, for whom the names of all users are read once.
pub fn share_view_among(
    conn: &mut DbConnection,
    ends: Ends<'_>,
    others: &mut Lookalikes,
    now: Timestamp,
) -> QueryResult<ShareView> {
    let Ends { person, viewer } = ends;
    let kept = find_share(conn, &person.as_person(), &viewer.as_viewer())?;
    let Granted { water, altitude, history, export, own: _ } = kept.as_ref().map_or(Granted::USUAL, Share::terms);
    let last_look: Option<Timestamp> =
        looks::table.find((&person.id, &viewer.id)).select(looks::last_at).first(conn).optional()?;
    // A viewer's departure is written a little later.
    let may_watch = decide(ends, kept.as_ref(), now).is_some();
    let state = state_between(ends, kept.as_ref(), now);
    let looks_like = if state == ShareState::Approved { Vec::new() } else { others.of(conn, viewer)? };
    Ok(ShareView {
        username: viewer.username.clone(),
        display_name: names::shown(viewer),
        state,
        water,
        altitude,
        history,
        export,
        until: kept.as_ref().and_then(|share| share.until),
        requested_at: kept.as_ref().and_then(|share| share.requested_at),
        since: kept.as_ref().map(|share| share.since(now)),
        last_looked_at: last_look,
        watching: may_watch && presence::is_watching(conn, &person.as_person(), &viewer.as_viewer(), now)?,
        looks_like,
    })
}

/// [`share_view`], for the person.
///
/// # Errors
/// [`Code::NotFound`] where there is nothing between the two.
pub fn get(conn: &mut DbConnection, person: &User, username: &Username, now: Timestamp) -> ApiResult<ShareView> {
    let viewer = viewer(conn, username)?;
    let ends = Ends { person, viewer: &viewer };
    let view = share_view(conn, ends, now)?;
    // The state has no beginning only where there is no share.
    if view.since.is_none() && !lets_in(ends) {
        return Err(ApiError::not_found());
    }
    Ok(view)
}

/// At most `limit` viewers of a person, by user name, beyond the name `after`: those with a share, and those who are let in with everyone.
pub fn list_viewers(conn: &mut DbConnection, person: &User, after: &str, limit: u32) -> QueryResult<Vec<User>> {
    let between = shares::viewer_id.eq(users::id).and(shares::person_id.eq(&person.id));
    let everyone = person.sharing() == Sharing::Everyone;
    // "Not an admin" is nothing that an index looks up, so that SQLite walks the users in their order.
    users::table
        .left_join(shares::table.on(between))
        .filter(users::username.gt(after))
        .filter(users::role.ne(Role::Admin))
        .filter(shares::viewer_id.is_not_null().or(users::disabled.eq(Flag(false)).and(everyone.into_sql::<Bool>())))
        .order(users::username)
        .limit(i64::from(limit))
        .select(User::as_select())
        .load(conn)
}

/// Asks `person` to let `viewer` watch. Returns whether that is new: asking again before there is an answer changes nothing.
///
/// # Errors
/// [`Code::NotFound`] if the person shares with nobody, [`Code::AskedRecently`] within a day after they said no.
pub fn ask(conn: &mut DbConnection, context: &AuditContext, ends: Ends<'_>) -> ApiResult<bool> {
    let (Ends { person, viewer }, now) = (ends, context.at);
    if person.role() != Role::Admin || person.disabled || person.sharing() == Sharing::Nobody {
        return Err(ApiError::not_found());
    }
    let kept = find_share(conn, &person.as_person(), &viewer.as_viewer())?;
    let waits = kept.as_ref().is_some_and(|share| share.state(now) == ShareState::Requested);
    if waits || decide(ends, kept.as_ref(), now).is_some() {
        return Ok(false);
    }
    if let Some(refused) = kept.as_ref().and_then(Share::refused_at).filter(|at| now.0 < at.0 + ASK_AGAIN_AFTER) {
        // The wait is never longer than that, even if the clock was put back since.
        let left = (refused.0 + ASK_AGAIN_AFTER - now.0).min(ASK_AGAIN_AFTER);
        return Err(ApiError::new(
            Code::AskedRecently,
            "They have answered. You can ask again a day after their answer.",
        )
        .retry_after((left + SECOND - 1) / SECOND));
    }
    let mut share =
        kept.unwrap_or_else(|| Share::new(person.as_person(), viewer.as_viewer(), ShareState::Requested, now));
    share.set_state(ShareState::Requested, now);
    share.requested_at = Some(now);
    share.until = None;
    record_share(conn, context, &share, &AuditEvent::new(Action::ShareRequest).on(&person.username))?;
    Ok(true)
}

/// Changes what a person shares with `viewer`, and returns the person as they are. A value that is set already is no change.
///
/// # Errors
/// [`Code::NotFound`] where there is nothing between them and the change does not begin anything.
pub fn change(
    conn: &mut DbConnection,
    context: &AuditContext,
    person_id: &PersonId,
    viewer: &User,
    changes: ShareChanges,
) -> ApiResult<User> {
    let (now, person) = (context.at, get_user(conn, person_id.user())?);
    let kept = find_share(conn, &person.as_person(), &viewer.as_viewer())?;
    let counts = state_between(Ends { person: &person, viewer }, kept.as_ref(), now);
    let state = changes.state.unwrap_or(counts);
    if kept.is_none() && counts == ShareState::Ended && state == ShareState::Ended {
        return Err(ApiError::not_found());
    }
    let is_new = kept.is_none();
    let mut share = kept.unwrap_or_else(|| Share::new(person.as_person(), viewer.as_viewer(), counts, now));
    let before = share.terms();
    let terms = Granted {
        water: changes.water.unwrap_or(before.water),
        altitude: changes.altitude.unwrap_or(before.altitude),
        history: changes.history.unwrap_or(before.history),
        export: changes.export.unwrap_or(before.export),
        ..before
    };
    let until = match changes.until {
        // A share that is over does not begin again by being given a later end.
        _ if state == ShareState::Ended => share.until,
        Some(until) => until,
        // A past end would end the renewed share at once.
        None => share.until.filter(|until| state != ShareState::Approved || *until > now),
    };
    let same_state = changes.state.is_none_or(|state| !is_new && share.state(now) == state);
    if same_state && (terms, until) == (before, share.until) {
        return Ok(person);
    }
    // A share that ran out is not one that the person said no to.
    if changes.state.is_some() || is_new {
        share.set_state(state, now);
    }
    share.set_terms(terms);
    share.until = until;
    let ends = state == ShareState::Ended && counts != ShareState::Ended;
    let event = AuditEvent::new(if ends { Action::ShareEnd } else { Action::ShareUpdate }).on(&viewer.username);
    record_share(conn, context, &share, &if ends { event } else { event.detail(in_words(&share, now)) })?;
    Ok(person)
}

/// Lets in a viewer who has just come, on the terms that the person offered with the account they made or with their invitation.
pub fn let_in(
    conn: &mut DbConnection,
    context: &AuditContext,
    Ends { person, viewer }: Ends<'_>,
    offer: Offer,
) -> QueryResult<()> {
    let mut share = Share::new(person.as_person(), viewer.as_viewer(), ShareState::Approved, context.at);
    share.set_terms(offer.terms);
    share.until = offer.until;
    // The record names the one of the two who did not act.
    let other = if context.actor.as_deref() == Some(viewer.username.as_str()) { person } else { viewer };
    record_share(
        conn,
        context,
        &share,
        &AuditEvent::new(Action::ShareUpdate).on(&other.username).detail(in_words(&share, context.at)),
    )
}

fn record_share(conn: &mut DbConnection, context: &AuditContext, share: &Share, event: &AuditEvent) -> QueryResult<()> {
    save_share(conn, share)?;
    outbox::add(conn, &share.person_id, Topic::Share, Detail::Logged, Subject::Viewer(&share.viewer_id), context.at)?;
    context.record(conn, event)
}

/// The terms of a share, for the record of who decided it.
fn in_words(share: &Share, now: Timestamp) -> String {
    let Granted { water, altitude, history, export, own: _ } = share.terms();
    let words = [
        Some(share.state(now).as_str().to_owned()),
        Some(format!("water {}", water.as_str())),
        Some(format!("altitude {}", altitude.as_str())),
        history.then(|| "history".to_owned()),
        export.then(|| "export".to_owned()),
        share.until.map(|until| format!("until {until}")),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Ends all shares of a user with others, as viewer and as person, when their role changes: they were agreed with
/// somebody in the other role. Ended shares stay, and narrowed ones end, or two changes of a role would let somebody in
/// again with `everyone`, or show them more; mere requests, and shares that allow just what everyone sees, are deleted.
pub fn end_all_of(conn: &mut DbConnection, context: &AuditContext, user: &User) -> QueryResult<()> {
    let mut found = shares_to(conn, &user.as_viewer())?;
    found.extend(shares::table.filter(shares::person_id.eq(&user.id)).select(Share::as_select()).load(conn)?);
    let ended: Vec<Share> = found.into_iter().filter(|share| share.state(context.at) != ShareState::Ended).collect();
    for share in &ended {
        if share.only_asks(context.at) || share.is_usual(context.at) {
            diesel::delete(shares::table.find((&share.person_id, &share.viewer_id))).execute(conn)?;
        } else {
            let mut share = share.clone();
            share.set_state(ShareState::Ended, context.at);
            save_share(conn, &share)?;
        }
        outbox::add(
            conn,
            &share.person_id,
            Topic::Share,
            Detail::Logged,
            Subject::Viewer(&share.viewer_id),
            context.at,
        )?;
    }
    if ended.is_empty() {
        return Ok(());
    }
    context.record(conn, &AuditEvent::new(Action::ShareEnd).on(&user.username).detail("all, as their role changed"))
}

/// Notifies everybody who has a share with a viewer, or was looked at by them, that the viewer changed.
pub fn tell_all_watched_by(conn: &mut DbConnection, viewer_id: &ViewerId, now: Timestamp) -> QueryResult<()> {
    let shared = shares::table.filter(shares::viewer_id.eq(viewer_id)).select(shares::person_id);
    let looked_at = looks::table.filter(looks::viewer_id.eq(viewer_id)).select(looks::person_id);
    let mut persons: BTreeSet<PersonId> = shared.load(conn)?.into_iter().collect();
    persons.extend(looked_at.load::<PersonId>(conn)?);
    let mut persons = persons.iter();
    persons
        .try_for_each(|person| outbox::add(conn, person, Topic::Share, Detail::Logged, Subject::Viewer(viewer_id), now))
}

/// The viewers who watch a person right now, by user name.
pub fn watching(conn: &mut DbConnection, person: &User, now: Timestamp) -> QueryResult<Vec<WatcherView>> {
    let mut found: Vec<WatcherView> = Vec::new();
    for (viewer_id, since) in presence::watchers_of(conn, &person.as_person(), now)? {
        let viewer = get_user(conn, viewer_id.user())?;
        let share = find_share(conn, &person.as_person(), &viewer_id)?;
        if decide(Ends { person, viewer: &viewer }, share.as_ref(), now).is_some() {
            let display_name = names::shown(&viewer);
            let username = viewer.username;
            found.push(WatcherView { username, display_name, since });
        }
    }
    // Through two processes at once somebody still watches once.
    found.sort_by(|a, b| (&a.username, a.since).cmp(&(&b.username, b.since)));
    found.dedup_by(|later, first| later.username == first.username);
    Ok(found)
}

/// At most `limit` looks at a person before `position`, newest first. Looks at an earlier owner of the name are not theirs.
pub fn looks_at(
    conn: &mut DbConnection,
    person: &User,
    position: Option<Position>,
    limit: u32,
) -> QueryResult<Vec<AuditRow>> {
    let filter = AuditFilter {
        action: Some(Stored::Known(Action::PersonLook)),
        target: Some((&person.username).into()),
        from: Some(person.created_at),
        ..AuditFilter::default()
    };
    list_records(conn, &filter, position, limit)
}

/// A look, with the present display name of the one who looked.
pub fn look_view(conn: &mut DbConnection, look: AuditRow) -> QueryResult<LookView> {
    let username = Username::typed(&look.actor.unwrap_or_default());
    let who = find_user_by_name(conn, &username)?.filter(|user| user.created_at <= look.at);
    Ok(LookView { username, display_name: who.as_ref().map(names::shown), at: look.at })
}
