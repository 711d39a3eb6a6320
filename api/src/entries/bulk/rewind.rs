//! All entries as they were at a moment: a preview first, then the change that it showed.

use std::collections::HashMap;

use actix_web::{post, web};
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
        change::least_detail,
        model::{Entry, last_change},
        versions::{EntryVersion, versions_at},
        view::EntryView,
    },
    error::{ApiResult, FieldError},
    http::{
        extract::{ValidJson, ValidQuery},
        state::AppState,
    },
    id::EntryId,
    metric::Metric,
    trail::Action,
};

/// The moment to go back to.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RewindEntries {
    /// The moment, in the past.
    to: Timestamp,
    /// The digest of the preview, to apply exactly that.
    #[schema(example = "Zm9yIGV4YW1wbGU")]
    digest: Option<String>,
}

/// The changes of a rewind.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rewind {
    to: Timestamp,
    /// The number of entries that were logged or restored since, and are removed.
    #[schema(example = 3)]
    removed: u64,
    /// The number of entries that were changed since, and are put back.
    #[schema(example = 1)]
    changed: u64,
    /// The number of entries that were deleted since, and are restored.
    #[schema(example = 0)]
    brought_back: u64,
    /// The first 100 changes.
    items: Vec<RewindItem>,
    /// Represents the whole change: send it back to apply exactly this.
    #[schema(example = "Zm9yIGV4YW1wbGU")]
    digest: String,
    /// Whether the change was made.
    applied: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RewindItem {
    #[schema(value_type = String, format = Uuid)]
    id: EntryId,
    metric: Metric,
    change: RewindChange,
    /// The entry before the rewind; `null` if it is deleted.
    #[schema(required = true)]
    before: Option<EntryView>,
    /// The entry after the rewind.
    #[schema(required = true)]
    after: Option<EntryView>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RewindChange {
    Remove,
    Change,
    BringBack,
}

/// Put all your entries back to a moment.
///
/// `dry_run=true` shows the changes; the `digest` of that preview makes them, unless your entries
/// changed meanwhile. Replaced values are kept as versions, so that a rewind can itself be undone
/// by a rewind to the moment before it. Entries that were changed before versions were kept stay as
/// they are.
#[utoipa::path(
    tag = "entries",
    params(BulkQuery),
    request_body = RewindEntries,
    responses(
        (status = 200, description = "The changes that it would make, or made", body = Rewind),
        (status = 409, description = "The preview is out of date; nothing was changed"),
    )
)]
#[post("/entries/rewind")]
pub async fn rewind_entries(
    state: web::Data<AppState>,
    admin: AdminUser,
    query: ValidQuery<BulkQuery>,
    body: ValidJson<RewindEntries>,
) -> ApiResult<web::Json<Rewind>> {
    let RewindEntries { to, digest } = body.0;
    let now = state.clock.now();
    if to > now && !admin.0.read(&state.db, move |conn, owner| Ok(lies_behind(conn, owner, to)?)).await? {
        return Err(FieldError::new("to", "future", "lies ahead; you can only go back").into());
    }
    let then = HashMap::new();
    let plan = Going { to, now, then, removed: 0, changed: 0, brought_back: 0, items: Vec::new() };
    let BulkOutcome { plan, digest, applied } = run(&state, admin, plan, query.0, digest).await?;
    let Going { removed, changed, brought_back, items, .. } = plan;
    Ok(web::Json(Rewind { to, removed, changed, brought_back, items, digest, applied }))
}

/// Whether entries were changed at `to` or later: while the clock was ahead, which is no reason not to go back to before that.
fn lies_behind(conn: &mut DbConnection, owner: &User, to: Timestamp) -> QueryResult<bool> {
    Ok(last_change(conn, &owner.as_person())?.is_some_and(|last| to <= last))
}

/// Going back to `to`.
struct Going {
    to: Timestamp,
    now: Timestamp,
    /// How the entries of the page were then.
    then: HashMap<EntryId, EntryVersion>,
    removed: u64,
    changed: u64,
    brought_back: u64,
    items: Vec<RewindItem>,
}

impl Plan for Going {
    const ACTION: Action = Action::EntryRewind;

    fn since(&self) -> i64 {
        self.to.0 + 1
    }

    fn prepare(&mut self, conn: &mut DbConnection, owner: &PersonId, page: &[Entry]) -> QueryResult<()> {
        self.then = versions_at(conn, owner, page.iter().map(|entry| &entry.id).collect(), self.to)?;
        Ok(())
    }

    fn after(&self, before: &Entry) -> Option<Entry> {
        let after = match self.then.get(&before.id) {
            Some(version) => version.put_back(before, self.now),
            None if before.created_at > self.to => Entry { deleted_at: Some(self.now), ..before.clone() },
            // It was there, and how it was then was not kept.
            None => return None,
        };
        least_detail(before, &after).is_some().then_some(after)
    }

    fn count(&mut self, before: Entry, after: Entry) {
        let (change, count) = match (before.deleted_at, after.deleted_at) {
            (None, Some(_)) => (RewindChange::Remove, &mut self.removed),
            (Some(_), None) => (RewindChange::BringBack, &mut self.brought_back),
            _ => (RewindChange::Change, &mut self.changed),
        };
        *count += 1;
        if self.items.len() < SHOWN {
            self.items.push(RewindItem {
                id: before.id.clone(),
                metric: before.metric(),
                change,
                before: before.living_view(),
                after: after.living_view(),
            });
        }
    }

    fn summary(&self) -> String {
        let Self { to, removed, changed, brought_back, .. } = self;
        format!("to {to}: {removed} removed, {changed} changed, {brought_back} brought back")
    }
}
