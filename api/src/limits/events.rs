//! Security events: what looked like an attack, and what browsers report that our policy refused.

use std::sync::{Mutex, PoisonError};

use diesel::prelude::*;

use super::suspicion::{Finding, SecurityEventKind, private_place};
use crate::{
    account::{ids::UserId, model::username_of},
    clock::{Clock, DAY, MINUTE},
    db::{Db, schema::security_events},
    http::caller::Caller,
    trail::AuditContext,
};

/// How long events are stored.
const KEPT_FOR: i64 = 30 * DAY;
/// More events of one sort add nothing. Together with [`KEPT_FOR`] this bounds the table.
const PER_MINUTE: u32 = 30;
const PER_DAY: u32 = 2_000;
/// In characters: enough to see what it was.
const DETAIL: usize = 240;

#[derive(Clone, Debug)]
pub struct SecurityEvent {
    pub kind: SecurityEventKind,
    /// The occurrence in words, never with a value that could be a credential.
    pub detail: String,
    pub caller: Option<Caller>,
}

impl SecurityEvent {
    /// A refused request is there for every admin: to a private address it names neither the caller nor the person.
    #[must_use]
    pub fn of(Finding { kind, refused, detail }: Finding, caller: Option<Caller>) -> Self {
        match private_place(&detail).filter(|_| refused) {
            Some(detail) => Self { kind, detail, caller: None },
            None => Self { kind, detail, caller },
        }
    }
}

/// How many were written in this minute and on this day: of suspicious requests, and of reports.
#[derive(Debug, Default)]
pub struct SecurityLog(Mutex<[Budget; 2]>);

#[derive(Debug, Default)]
struct Budget {
    minute: (i64, u32),
    day: (i64, u32),
}

impl Budget {
    fn allows(&mut self, now: i64) -> bool {
        for (seen, length) in [(&mut self.minute, MINUTE), (&mut self.day, DAY)] {
            if seen.0 != now / length {
                *seen = (now / length, 0);
            }
        }
        let allowed = self.minute.1 < PER_MINUTE && self.day.1 < PER_DAY;
        if allowed {
            self.minute.1 += 1;
            self.day.1 += 1;
        }
        allowed
    }
}

impl SecurityLog {
    /// Writes an event to the log now and to the database soon, without waiting. Beyond their number reports are dropped altogether, since no
    /// rate limit holds them.
    pub fn record(&self, db: &Db, clock: &Clock, context: AuditContext, event: SecurityEvent) {
        let SecurityEvent { kind, detail, caller } = event;
        let report = kind == SecurityEventKind::CspReport;
        let allowed = self.0.lock().unwrap_or_else(PoisonError::into_inner)[usize::from(report)].allows(context.at.0);
        if report && !allowed {
            return;
        }
        let detail: String = detail.chars().filter(|letter| !letter.is_control()).take(DETAIL).collect();
        log::warn!(
            kind = kind.as_str(),
            detail = detail.as_str(),
            address = context.address.as_deref(),
            request_id = context.request_id.as_deref();
            "security event"
        );
        if !allowed {
            return;
        }
        let id = clock.new_id().to_string();
        db.write_later("a security event", move |conn| {
            let old = security_events::table.filter(security_events::at.lt(context.at.0 - KEPT_FOR));
            diesel::delete(old).execute(conn)?;
            let username = match caller {
                Some(Caller::User(id)) => username_of(conn, &UserId::from(id))?,
                _ => None,
            };
            diesel::insert_into(security_events::table)
                .values((
                    security_events::id.eq(id),
                    security_events::at.eq(context.at.0),
                    security_events::kind.eq(kind),
                    security_events::address.eq(context.address),
                    security_events::username.eq(username),
                    security_events::detail.eq(detail),
                    security_events::request_id.eq(context.request_id),
                ))
                .execute(conn)?;
            Ok(())
        });
    }
}
