//! The audit trail: one record of each action, chained to the one before it, and written in the transaction of the action.

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use diesel::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
    account::username::Username,
    clock::{Clock, Timestamp},
    db::{
        DbConnection,
        schema::{audit, audit_head},
    },
    error::{ApiError, ApiResult},
    http::{
        request::client_address,
        state::{AppState, service},
    },
    words::{Stored, words},
};

macro_rules! actions {
    ($($name:ident $text:literal;)*) => {
        words! {
            /// An action that is recorded. The dotted names are part of the contract: filters and
            /// alerts depend on them.
            #[derive(utoipa::ToSchema)]
            pub enum Action { $(#[schema(rename = $text)] $name $text,)* }
        }

        impl Action {
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

actions! {
    Register "auth.register";
    Login "auth.login";
    Logout "auth.logout";
    Lock "auth.lock";
    Unlock "auth.unlock";
    SessionEnd "session.end";
    PasswordChange "password.change";
    PasswordReset "password.reset";
    TotpEnable "totp.enable";
    TotpDisable "totp.disable";
    RecoveryCodeUse "totp.recovery_code";
    TokenCreate "token.create";
    TokenDelete "token.delete";
    UserCreate "user.create";
    UserUpdate "user.update";
    UserDelete "user.delete";
    PrivacyAccept "privacy.accept";
    InviteCreate "invite.create";
    InviteDelete "invite.delete";
    SettingUpdate "setting.update";
    DatabaseCheck "database.check";
    DatabaseOptimize "database.optimize";
    EntryCreate "entry.create";
    EntryUpdate "entry.update";
    EntryDelete "entry.delete";
    EntryRestore "entry.restore";
    EntryRewind "entry.rewind";
    EntryRecompute "entry.recompute";
    ShareRequest "share.request";
    ShareUpdate "share.update";
    ShareEnd "share.end";
    PersonLook "person.look";
    PenaltyImpose "penalty.impose";
    PenaltyLift "penalty.lift";
    AuditExport "audit.export";
    AuditPrune "audit.prune";
}

words! {
    #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum Outcome {
        Success "success",
        /// It was tried and failed: a wrong password.
        Failure "failure",
        /// It was not allowed to be tried: a locked name.
        Denied "denied",
    }
}

/// One thing that happened.
#[derive(Debug)]
pub struct AuditEvent {
    action: Action,
    outcome: Outcome,
    target: Option<String>,
    detail: Option<String>,
}

impl AuditEvent {
    #[must_use]
    pub fn new(action: Action) -> Self {
        Self { action, outcome: Outcome::Success, target: None, detail: None }
    }

    /// The target of the action: a user name, an id.
    #[must_use]
    pub fn on(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// The detail that a reader needs beyond that, never a secret and never what an entry says.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }
}

/// The context of every record, besides the event itself: actor, time, address and request.
#[derive(Clone, Debug)]
pub struct AuditContext {
    pub at: Timestamp,
    /// The user name, once somebody has been recognised.
    pub actor: Option<String>,
    pub address: Option<String>,
    pub request_id: Option<String>,
}

/// The actor of what was done at the command line. No user name looks like this.
pub const OPERATOR: &str = "(operator)";

/// The actor of what the server does by itself.
pub const RETENTION: &str = "(retention)";

/// The id that `journal_request` gave to a request.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl AuditContext {
    /// The context of an operator, who has a shell on the server.
    #[must_use]
    pub fn operator(clock: &Clock) -> Self {
        Self { at: clock.now(), actor: Some(OPERATOR.to_owned()), address: None, request_id: None }
    }

    #[must_use]
    pub fn of(req: &HttpRequest, state: &AppState) -> Self {
        Self {
            at: state.clock.now(),
            actor: None,
            address: client_address(req, &state.config.trusted_proxies).map(|address| address.to_string()),
            request_id: req.extensions().get::<RequestId>().map(|id| id.0.clone()),
        }
    }

    #[must_use]
    pub fn by(self, actor: &Username) -> Self {
        Self { actor: Some(actor.into()), ..self }
    }

    /// Adds `event` to the chain. Call it in the transaction of what it records.
    ///
    /// # Errors
    /// Errors of the database, which undo the transaction: nothing happens unrecorded.
    pub fn record(&self, conn: &mut DbConnection, event: &AuditEvent) -> QueryResult<()> {
        let (last, previous): (i64, String) =
            audit_head::table.find(1).select((audit_head::last, audit_head::hash)).first(conn)?;
        let mut row = AuditRow {
            id: last + 1,
            at: self.at,
            actor: self.actor.clone(),
            action: Stored::Known(event.action),
            target: event.target.clone(),
            outcome: Stored::Known(event.outcome),
            address: self.address.clone(),
            request_id: self.request_id.clone(),
            detail: event.detail.clone(),
            hash: String::new(),
        };
        row.hash = row.chained_to(&previous);
        diesel::insert_into(audit::table).values(&row).execute(conn)?;
        diesel::update(audit_head::table.find(1))
            .set((audit_head::last.eq(row.id), audit_head::hash.eq(&row.hash)))
            .execute(conn)
            .map(drop)
    }
}

impl FromRequest for AuditContext {
    type Error = ApiError;
    type Future = std::future::Ready<ApiResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(service::<AppState>(req).map(|state| Self::of(req, state)))
    }
}

/// A record as it is stored. The chain holds its words as they were written, also of actions that were renamed since.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit)]
pub struct AuditRow {
    pub id: i64,
    pub at: Timestamp,
    pub actor: Option<String>,
    pub action: Stored<Action>,
    pub target: Option<String>,
    pub outcome: Stored<Outcome>,
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub detail: Option<String>,
    pub hash: String,
}

impl AuditRow {
    /// SHA-256 over the hash before it and every column, in hexadecimal. JSON separates the columns whatever they contain.
    #[must_use]
    pub fn chained_to(&self, previous: &str) -> String {
        let columns = serde_json::json!([
            previous,
            self.id,
            self.at.0,
            self.actor,
            self.action,
            self.target,
            self.outcome,
            self.address,
            self.request_id,
            self.detail
        ]);
        hex(&Sha256::digest(columns.to_string()))
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hashes are those of another program: `printf '["",1,...]' | sha256sum`.
    #[test]
    fn the_chain_is_over_the_words_as_they_are_stored() {
        let text = |text: &str| Some(text.to_owned());
        let known = AuditRow {
            id: 1,
            at: Timestamp(1_772_323_200_000),
            actor: text("robin"),
            action: Stored::Known(Action::Login),
            target: text("robin"),
            outcome: Stored::Known(Outcome::Failure),
            address: text("192.0.2.7"),
            request_id: None,
            detail: text("wrong password"),
            hash: String::new(),
        };
        let first = "7ed710d7f0350e54e812398ff7815ff3af6d6a09b4fbd2d86e9eaf3b5e38db43";
        assert_eq!(known.chained_to(""), first);
        let unknown = AuditRow {
            id: 2,
            at: Timestamp(1_772_323_200_001),
            actor: None,
            action: "auth.renamed".to_owned().into(),
            target: None,
            outcome: "success".to_owned().into(),
            address: None,
            request_id: text("r-1"),
            detail: None,
            hash: String::new(),
        };
        assert_eq!(unknown.chained_to(first), "dac9470e8208a6cc18e378a3137636bfe860875100181b50ee98b59a8783e69f");
    }
}
