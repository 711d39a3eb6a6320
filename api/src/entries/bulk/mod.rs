//! Changes to many of one's own entries at once: previewed first, then made, and only if the preview still holds.
//!
//! Preview and change walk the entries a page at a time and decide each by itself, so that memory stays small however long the history is.
//! A digest sums up the change: the preview gives it out, and the request to apply it sends it back.
//!
//! `POST /entries/rewind`, `POST /entries/recompute`

pub mod recompute;
pub mod rewind;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use diesel::QueryResult;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use validator::Validate;

use super::{
    change::{change_entries, least_detail},
    model::{Entry, entries_by_change, last_change},
};
use crate::{
    account::{
        ids::PersonId,
        model::{User, get_user},
        username::Username,
    },
    auth::guard::AdminUser,
    clock::Timestamp,
    db::DbConnection,
    error::{ApiError, ApiResult, Code, FieldError},
    http::state::AppState,
    id::EntryId,
    metric::{Detail, Metric},
    outbox::{self, Subject, Topic},
    trail::{Action, AuditEvent},
};

/// Entries that are looked at in one read.
const AT_ONCE: u32 = 500;
/// Changes that are shown one by one.
const SHOWN: usize = 100;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BulkQuery {
    /// Only preview the change.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
}

/// The change that entries go through, and how it is reported.
trait Plan: Send + 'static {
    /// The action that is recorded once it is done.
    const ACTION: Action;

    /// Takes the owner as they are when the change is made: their zone may have changed since the request came.
    fn begin(&mut self, _owner: User) {}

    /// Entries that were last changed before this are left alone.
    fn since(&self) -> i64;

    /// Reads all that [`Self::after`] needs to know of a page of entries.
    fn prepare(&mut self, _conn: &mut DbConnection, _owner: &PersonId, _page: &[Entry]) -> QueryResult<()> {
        Ok(())
    }

    /// The entry after the change; `None` where it stays as it is.
    fn after(&self, before: &Entry) -> Option<Entry>;

    /// Adds a change to the answer.
    fn count(&mut self, before: Entry, after: Entry);

    /// Completes the answer once all entries are counted, and changed if `applied`.
    fn complete(&mut self, _conn: &mut DbConnection, _owner: &PersonId, _applied: bool) -> QueryResult<()> {
        Ok(())
    }

    /// The detail of the record, which reveals nothing of any entry.
    fn summary(&self) -> String;
}

/// A plan after it was previewed or applied.
struct BulkOutcome<P> {
    plan: P,
    digest: String,
    applied: bool,
}

/// Previews `plan`, or applies it if `digest` stands for just that change.
///
/// # Errors
/// 422 without a digest, and [`Code::ChangedSincePreview`] where it does not fit; nothing is done then.
async fn run<P: Plan>(
    state: &AppState,
    admin: AdminUser,
    plan: P,
    BulkQuery { dry_run }: BulkQuery,
    digest: Option<String>,
) -> ApiResult<BulkOutcome<P>> {
    let owner = admin.0.user.clone();
    let (list, signer) = (format!("{}|{}", P::ACTION.as_str(), owner.id), state.cursors.signer().clone());
    let mut walk = Walk::new(plan, owner.as_person(), state.clock.now());
    if dry_run {
        let looked = admin.0.read_apart(&state.db, move |conn, owner| {
            walk.begin(conn, owner.clone())?;
            while walk.step(conn, None)? {}
            walk.plan.complete(conn, &owner.as_person(), false)?;
            Ok(walk)
        });
        let walk = looked.await?;
        return Ok(BulkOutcome { digest: signer.sign(&list, &walk.digest()), plan: walk.plan, applied: false });
    }
    let digest = digest
        .ok_or_else(|| FieldError::new("digest", "required", "has to be the digest of a preview (`?dry_run=true`)"))?;
    admin
        .write(&state.db, move |conn, context| {
            let owner = get_user(conn, &owner.id)?;
            walk.begin(conn, owner.clone())?;
            while walk.step(conn, Some(&owner.username))? {}
            // The error also undoes the changes made so far.
            if !signer.verify(&list, &walk.digest(), &digest) {
                return Err(ApiError::new(
                    Code::ChangedSincePreview,
                    "Nothing was changed. Make a new preview, and apply that.",
                ));
            }
            walk.tell(conn)?;
            if walk.changed > 0 {
                context.record(conn, &AuditEvent::new(P::ACTION).on(&owner.username).detail(walk.plan.summary()))?;
            }
            walk.plan.complete(conn, &owner.as_person(), true)?;
            Ok(BulkOutcome { plan: walk.plan, digest, applied: true })
        })
        .await
}

/// The way through somebody's entries.
struct Walk<P> {
    plan: P,
    owner: PersonId,
    /// The time that every change counts as.
    now: Timestamp,
    /// The time and the id of the last change that was looked at.
    position: (i64, EntryId),
    digest: Sha256,
    changed: u64,
    /// The least detail of each metric with which somebody notices the change.
    levels: [(Metric, Option<Detail>); Metric::ALL.len()],
}

impl<P: Plan> Walk<P> {
    fn new(plan: P, owner: PersonId, now: Timestamp) -> Self {
        Self {
            position: (plan.since(), EntryId::new("")),
            plan,
            owner,
            now,
            digest: Sha256::new(),
            changed: 0,
            levels: Metric::ALL.map(|metric| (metric, None)),
        }
    }

    /// The change counts as later than each one before it, whatever the clock says, and as one: going back to just before it undoes all of
    /// it, and nothing else.
    fn begin(&mut self, conn: &mut DbConnection, owner: User) -> QueryResult<()> {
        if let Some(last) = last_change(conn, &self.owner)? {
            self.now = self.now.max(Timestamp(last.0 + 1));
        }
        self.plan.begin(owner);
        Ok(())
    }

    /// Walks one page and returns whether there is more. Changes the entries that differ if `by` is given.
    ///
    /// A changed entry comes by again at the end, and differs no more.
    fn step(&mut self, conn: &mut DbConnection, by: Option<&Username>) -> QueryResult<bool> {
        let (at, id) = &self.position;
        let page = entries_by_change(conn, &self.owner, (*at, id), AT_ONCE)?;
        let more = page.len() == AT_ONCE as usize;
        if let Some(last) = page.last() {
            self.position = (last.updated_at.0, last.id.clone());
        }
        self.plan.prepare(conn, &self.owner, &page)?;
        let changes = page.into_iter().filter_map(|before| {
            let after = self.plan.after(&before)?;
            Some((before, Entry { updated_at: self.now, ..after }))
        });
        let changes: Vec<_> = changes.collect();
        if let Some(by) = by {
            change_entries(conn, &self.owner, &changes, by, self.now)?;
        }
        for (before, after) in changes {
            self.note(&before, &after);
            self.plan.count(before, after);
        }
        Ok(more)
    }

    fn note(&mut self, before: &Entry, after: &Entry) {
        let state = |entry: &Entry| {
            serde_json::json!([entry.value, entry.at.0, entry.day, entry.note, entry.tags, entry.deleted_at.is_some()])
        };
        let change = serde_json::json!([before.id, before.updated_at.0, state(before), state(after)]);
        self.digest.update(change.to_string());
        self.changed += 1;
        if let Some(level) = least_detail(before, after) {
            let of_metric = self.levels.iter_mut().filter(|(metric, _)| *metric == after.metric());
            of_metric.for_each(|(_, least)| *least = Some(least.map_or(level, |least| least.min(level))));
        }
    }

    fn digest(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.digest.clone().finalize())
    }

    /// Notifies those who watch once for each metric, since a page that hears of thousands of entries would load them all again anyway.
    fn tell(&self, conn: &mut DbConnection) -> QueryResult<()> {
        for (metric, level) in self.levels {
            if let Some(level) = level {
                outbox::add(conn, &self.owner, Topic::Metric(metric), level, Subject::All, self.now)?;
            }
        }
        Ok(())
    }
}
