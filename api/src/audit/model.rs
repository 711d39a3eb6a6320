//! Reading the chain, checking it, and pruning old records.

use diesel::prelude::*;

use super::private::{PRIVATE, Reader};
use crate::{
    clock::Timestamp,
    db::{
        DbConnection,
        schema::{audit, audit_anchors, audit_head},
    },
    trail::{Action, AuditContext, AuditEvent, AuditRow, Outcome},
    words::Stored,
};

/// Which records are wanted. `from` is included, `to` is not.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub actor: Option<String>,
    pub action: Option<Stored<Action>>,
    pub target: Option<String>,
    pub outcome: Option<Stored<Outcome>>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// The reader from whom private records are hidden; `None` hides nothing.
    pub reader: Option<Reader>,
}

/// A place in the log: instant and id.
pub type Position = (i64, i64);

/// At most `limit` records before `position`, newest first.
///
/// Like a person's history, it walks one index by time from the position on, with one bound on each side.
pub fn list(
    conn: &mut DbConnection,
    filter: &AuditFilter,
    position: Option<Position>,
    limit: u32,
) -> QueryResult<Vec<AuditRow>> {
    let last = filter.to.map_or(i64::MAX, |to| to.0 - 1);
    let mut query = audit::table
        .filter(audit::at.le(position.map_or(last, |(at, _)| at.min(last))))
        .select(AuditRow::as_select())
        .into_boxed();
    if let Some((at, id)) = position {
        query = query.filter(audit::at.lt(at).or(audit::id.lt(id)));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit::at.ge(from.0));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(audit::actor.eq(actor.clone()));
    }
    if let Some(action) = &filter.action {
        query = query.filter(audit::action.eq(action.clone()));
    }
    if let Some(target) = &filter.target {
        query = query.filter(audit::target.eq(target.clone()));
    }
    if let Some(outcome) = &filter.outcome {
        query = query.filter(audit::outcome.eq(outcome.clone()));
    }
    if let Some(Reader { username, since }) = &filter.reader {
        let named = audit::actor.eq(username.clone()).or(audit::target.eq(username.clone()));
        query = query.filter(audit::action.ne_all(PRIVATE).or(audit::at.ge(since.0).and(named)));
    }
    query.order((audit::at.desc(), audit::id.desc())).limit(i64::from(limit)).load(conn)
}

/// At most `limit` records of a span of time after `position`, oldest first.
pub fn page_for_export(
    conn: &mut DbConnection,
    AuditFilter { from, to, reader, .. }: &AuditFilter,
    position: Position,
    limit: i64,
) -> QueryResult<Vec<AuditRow>> {
    let (at, id) = position;
    let mut query = audit::table
        .filter(audit::at.ge(from.map_or(at, |from| at.max(from.0))))
        .filter(audit::at.gt(at).or(audit::id.gt(id)))
        .select(AuditRow::as_select())
        .into_boxed();
    if let Some(to) = to {
        query = query.filter(audit::at.lt(to.0));
    }
    if let Some(Reader { username, since }) = reader {
        let named = audit::actor.eq(username.clone()).or(audit::target.eq(username.clone()));
        query = query.filter(audit::action.ne_all(PRIVATE).or(audit::at.ge(since.0).and(named)));
    }
    query.order((audit::at, audit::id)).limit(limit).load(conn)
}

/// At most `limit` records above the id `after`, oldest first.
fn following(conn: &mut DbConnection, after: i64, limit: i64) -> QueryResult<Vec<AuditRow>> {
    audit::table.filter(audit::id.gt(after)).order(audit::id).limit(limit).select(AuditRow::as_select()).load(conn)
}

fn newest_anchor(conn: &mut DbConnection) -> QueryResult<(i64, String)> {
    let anchor = audit_anchors::table
        .filter(audit_anchors::id.gt(0))
        .order(audit_anchors::id.desc())
        .select((audit_anchors::id, audit_anchors::hash))
        .first(conn)
        .optional()?;
    Ok(anchor.unwrap_or_default())
}

/// The id and hash of the newest record: keep it elsewhere, and nobody can rewrite what is older unnoticed.
pub fn head(conn: &mut DbConnection) -> QueryResult<(i64, String)> {
    audit_head::table.find(1).select((audit_head::last, audit_head::hash)).first(conn)
}

/// The result of checking the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The number of records, the first and the last of them, and the hash of the last.
    Sound { count: i64, first: i64, last: i64, hash: String },
    /// The fault, and where it is.
    Broken(String),
}

/// Walks the whole chain and finds every record that was edited, removed or moved, the newest included. `known` is a head that was stored
/// elsewhere: it exposes a chain that was rewritten from there on.
pub fn verify(conn: &mut DbConnection, known: Option<(i64, &str)>) -> QueryResult<Verdict> {
    // One snapshot, so that records written or pruned meanwhile are not taken for damage.
    conn.transaction(|conn| walk(conn, known))
}

fn walk(conn: &mut DbConnection, known: Option<(i64, &str)>) -> QueryResult<Verdict> {
    const AT_ONCE: i64 = 1000;
    let (anchor, mut previous) = newest_anchor(conn)?;
    let (mut last, mut count) = (anchor, 0);
    // Only a record in the chain itself vouches for pruned records: a row beside it could be anybody's.
    let vouched = pruned_up_to(anchor, &previous);
    let mut anchored = anchor == 0;
    let mut known_found = known.is_none_or(|(id, hash)| id == anchor && hash == previous);
    loop {
        let rows = following(conn, last, AT_ONCE)?;
        for row in &rows {
            if row.id != last + 1 {
                return Ok(Verdict::Broken(format!("record {} is missing", last + 1)));
            }
            if row.hash != row.chained_to(&previous) {
                return Ok(Verdict::Broken(format!("record {} is not what was written", row.id)));
            }
            known_found |= known == Some((row.id, &row.hash));
            let tells = |detail: &String| detail.ends_with(&vouched);
            anchored |= row.action.known() == Some(Action::AuditPrune) && row.detail.as_ref().is_some_and(tells);
            last = row.id;
            previous.clone_from(&row.hash);
            count += 1;
        }
        if rows.is_empty() {
            break;
        }
    }
    let (head, head_hash) = head(conn)?;
    if head != last || (head_hash != previous && head != 0) {
        return Ok(Verdict::Broken(format!("the chain ends at record {last}, and {head} were written")));
    }
    if !anchored {
        return Ok(Verdict::Broken(format!(
            "the records up to {anchor} are missing, and no record says that they were pruned"
        )));
    }
    if !known_found {
        return Ok(Verdict::Broken("the head that was kept elsewhere is not in the chain".to_owned()));
    }
    Ok(Verdict::Sound { count, first: anchor + 1, last, hash: previous })
}

/// How many records go in one transaction, so that no write waits long for it.
const PRUNED_AT_ONCE: i64 = 1000;

/// The detail of the record that says which records were pruned.
fn pruned_up_to(id: i64, hash: &str) -> String {
    format!("records up to {id}, hash {hash}")
}

/// Prunes the oldest records from before `before`, a thousand at most, and leaves the hash of the last of them as an
/// anchor, from which the rest can still be verified. The newest record always stays. Returns how many were pruned.
pub fn prune(conn: &mut DbConnection, context: &AuditContext, before: Timestamp) -> QueryResult<usize> {
    let (anchor, _) = newest_anchor(conn)?;
    let (head, _) = head(conn)?;
    // By id and not by time: the clock may have gone back, and the chain has no holes.
    let old = following(conn, anchor, PRUNED_AT_ONCE)?;
    let Some(last) = old.iter().take_while(|row| row.at < before && row.id < head).last() else { return Ok(0) };
    diesel::insert_into(audit_anchors::table)
        .values((audit_anchors::id.eq(last.id), audit_anchors::hash.eq(&last.hash), audit_anchors::at.eq(context.at.0)))
        .execute(conn)?;
    let gone = diesel::delete(audit::table.filter(audit::id.le(last.id))).execute(conn)?;
    let event = AuditEvent::new(Action::AuditPrune).detail(format!("{gone} {}", pruned_up_to(last.id, &last.hash)));
    context.record(conn, &event)?;
    Ok(gone)
}
