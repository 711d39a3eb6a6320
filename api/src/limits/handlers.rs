//! Endpoints of what the limits found: who is kept out and why, and reports of blocked content.

use std::fmt::{self, Display, Formatter};

use actix_web::{HttpRequest, HttpResponse, delete, get, http::header, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    SecurityEvent, SecurityLog, model,
    penalties::{self, Penalties, PenaltyId, PenaltyRow},
    suspicion::SecurityEventKind,
};
use crate::{
    account::{model::User, username::Username},
    auth::{guard::AdminUser, lockout},
    clock::{DAY, HOUR, Timestamp},
    db::DbConnection,
    error::{ApiError, ApiResult, Code, FieldError},
    http::{
        caller::Caller,
        extract::{malformed, read_body},
        state::AppState,
    },
    trail::AuditContext,
    words::Stored,
};

/// How many of the newest are shown of each sort.
const SHOWN: u8 = 50;

/// The events of the last 24 hours, and the callers who are kept out now.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecurityReport {
    since: Timestamp,
    /// The last 24 hours one by one, oldest first.
    hours: Vec<SecurityHour>,
    /// The newest 50.
    failed_sign_ins: Vec<FailedSignIn>,
    /// Names that are locked now.
    lockouts: Vec<Lockout>,
    /// Callers that are kept out now.
    penalties: Vec<Penalty>,
    /// The newest 50.
    suspicious: Vec<SuspiciousRequest>,
}

/// The events of one hour.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecurityHour {
    /// The beginning of the hour.
    at: Timestamp,
    #[schema(example = 2)]
    failed_sign_ins: i64,
    #[schema(example = 0)]
    penalties: i64,
    #[schema(example = 1)]
    suspicious: i64,
    #[schema(example = 0)]
    csp_reports: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FailedSignIn {
    at: Timestamp,
    /// The name that was tried, whether or not it exists.
    #[schema(required = true, example = "robin")]
    username: Option<String>,
    #[schema(required = true, example = "192.0.2.7")]
    address: Option<String>,
    #[schema(required = true, example = "019a5f0e-7c11-7d5e-9a51-0f6d1c2b3a4d")]
    request_id: Option<String>,
}

/// A name with too many failed sign-ins.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lockout {
    #[schema(value_type = String, example = "robin")]
    username: Username,
    locked_until: Timestamp,
}

/// A caller who may only sign in and register for a while.
#[derive(Debug, Serialize, ToSchema)]
pub struct Penalty {
    id: Uuid,
    /// `user` and a name, or `address` and an address or network.
    #[schema(example = "address 192.0.2.7")]
    caller: String,
    /// The number of penalties in a row; each is twice as long as the last.
    #[schema(example = 1)]
    level: i32,
    until: Timestamp,
    imposed_at: Timestamp,
    #[schema(example = "asked too often after having been refused")]
    reason: String,
}

impl Penalty {
    pub(super) fn new(row: PenaltyRow, caller: String, until: Timestamp) -> ApiResult<Self> {
        Ok(Self {
            id: row.id.as_str().parse().map_err(ApiError::internal)?,
            caller,
            level: row.level,
            until,
            imposed_at: row.imposed_at,
            reason: row.reason,
        })
    }

    pub(super) fn id(&self) -> PenaltyId {
        self.id.into()
    }

    /// Whether `words` name this penalty's caller, with or without `user` or `address` in front.
    pub(super) fn is_of(&self, words: &str) -> bool {
        let name = self.caller.split_once(' ').map_or(self.caller.as_str(), |(_, name)| name);
        [self.caller.as_str(), name].iter().any(|known| known.eq_ignore_ascii_case(words.trim()))
    }
}

/// A line of a list at the command line.
impl Display for Penalty {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { caller, until, level, reason, .. } = self;
        write!(f, "{caller}  until {until}  level {level}  {reason}")
    }
}

/// A request that looked like an attack.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuspiciousRequest {
    at: Timestamp,
    /// `traversal`, `nul`, `scanner`, `script` or `sql`.
    #[schema(value_type = String, example = "scanner")]
    kind: Stored<SecurityEventKind>,
    #[schema(required = true, example = "192.0.2.7")]
    address: Option<String>,
    #[schema(value_type = Option<String>, required = true, example = "robin")]
    username: Option<Username>,
    #[schema(example = "GET /.env")]
    detail: String,
    #[schema(required = true, example = "019a5f0e-7c11-7d5e-9a51-0f6d1c2b3a4d")]
    request_id: Option<String>,
}

/// Read the security report.
///
/// Failed sign-ins, locked names, penalties and suspicious requests of the last 24 hours. What others
/// sent to entries, people and shares is shown to them alone.
#[utoipa::path(
    tag = "limits",
    responses(
        (status = 200, description = "The report", body = SecurityReport),
    )
)]
#[get("/admin/security")]
pub async fn get_security(state: web::Data<AppState>, admin: AdminUser) -> ApiResult<web::Json<SecurityReport>> {
    let now = state.clock.now();
    admin.0.read(&state.db, |conn, reader| report(conn, reader, now)).await.map(web::Json)
}

fn report(conn: &mut DbConnection, reader: &User, now: Timestamp) -> ApiResult<SecurityReport> {
    let since = Timestamp(now.0 - DAY);
    let mut suspicious = model::suspicious(conn, reader, since)?;
    let hours = (0..24)
        .map(|hour| {
            let (from, to) = (Timestamp(since.0 + hour * HOUR), Timestamp(since.0 + (hour + 1) * HOUR));
            // Events of this very instant belong to the last hour, too.
            let to = if hour == 23 { Timestamp(to.0 + 1) } else { to };
            Ok(SecurityHour {
                at: from,
                failed_sign_ins: model::count_failed_sign_ins(conn, from, to)?,
                penalties: model::count_penalties(conn, from, to)?,
                suspicious: suspicious.iter().map(|row| i64::from((from..to).contains(&row.at))).sum(),
                csp_reports: model::count_csp_reports(conn, from, to)?,
            })
        })
        .collect::<ApiResult<_>>()?;
    let failed_sign_ins = model::failed_sign_ins(conn, since, i64::from(SHOWN))?
        .into_iter()
        .map(|(at, username, address, request_id)| FailedSignIn { at, username, address, request_id })
        .collect();
    let lockouts = lockout::lockouts(conn, now)?
        .into_iter()
        .map(|(username, locked_until)| Lockout { username, locked_until })
        .collect();
    let penalties = penalties::views(conn, now)?;
    suspicious.truncate(usize::from(SHOWN));
    let suspicious = suspicious
        .into_iter()
        .map(|row| SuspiciousRequest {
            at: row.at,
            kind: row.kind,
            address: row.address,
            username: row.username,
            detail: row.detail,
            request_id: row.request_id,
        })
        .collect();
    Ok(SecurityReport { since, hours, failed_sign_ins, lockouts, penalties, suspicious })
}

/// Lift a penalty.
///
/// The caller is let in again at once, and the next penalty would be a short one.
#[utoipa::path(
    tag = "limits",
    params(("id" = Uuid, Path, description = "The penalty's id")),
    responses(
        (status = 204, description = "Lifted"),
        (status = 404, description = "No such penalty"),
    )
)]
#[delete("/admin/penalties/{id}")]
pub async fn delete_penalty(
    state: web::Data<AppState>,
    imposed: web::Data<Penalties>,
    admin: AdminUser,
    id: web::Path<Uuid>,
) -> ApiResult<HttpResponse> {
    let id = PenaltyId::from(*id);
    let lifted = admin.write(&state.db, move |conn, context| Ok(penalties::lift(conn, context, &id)?));
    let caller = lifted.await?.ok_or_else(ApiError::not_found)?;
    imposed.forgive(&caller);
    Ok(HttpResponse::NoContent().finish())
}

/// The report that a browser sends because of `report-uri`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CspReport {
    #[serde(rename = "csp-report")]
    report: Violation,
}

/// One refusal by the policy. Browsers send more fields than these.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct Violation {
    #[serde(rename = "document-uri", alias = "documentURL")]
    #[schema(example = "https://status.example.org/history")]
    document: Option<String>,
    #[serde(rename = "effective-directive", alias = "effectiveDirective")]
    #[schema(example = "script-src-elem")]
    directive: Option<String>,
    #[serde(rename = "blocked-uri", alias = "blockedURL")]
    #[schema(example = "https://elsewhere.example/x.js")]
    blocked: Option<String>,
}

/// The report that a browser sends because of `report-to`; reports of other types are ignored.
#[derive(Deserialize, ToSchema)]
struct Report {
    #[serde(rename = "type")]
    #[schema(example = "csp-violation")]
    kind: String,
    #[serde(default)]
    body: Violation,
}

/// The largest report that is read, in bytes.
const REPORT: usize = 64 * 1024;
/// The most reports out of one request that are recorded.
const REPORTS: usize = 5;

/// Report a refusal by the content security policy.
///
/// For browsers. The reports are counted, and shown only to admins.
#[utoipa::path(
    tag = "limits",
    security(()),
    request_body(content((CspReport = "application/csp-report"), (Vec<Report> = "application/reports+json"))),
    responses(
        (status = 204, description = "Noted"),
    )
)]
#[post("/csp-reports")]
pub async fn create_csp_report(
    req: HttpRequest,
    state: web::Data<AppState>,
    log: web::Data<SecurityLog>,
    context: AuditContext,
    payload: web::Payload,
) -> ApiResult<HttpResponse> {
    let content_type =
        req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let single = content_type == "application/csp-report";
    if !single && content_type != "application/reports+json" {
        return Err(ApiError::new(
            Code::UnsupportedMediaType,
            "Send the report as `application/csp-report` or `application/reports+json`.",
        ));
    }
    let body = read_body(&req, payload, REPORT).await?;
    let refused = |error: serde_json::Error| -> ApiError {
        if error.is_data() { FieldError::new("", "type", "is not such a report").into() } else { malformed(&error) }
    };
    let violations: Vec<Violation> = if single {
        vec![serde_json::from_slice::<CspReport>(&body).map_err(refused)?.report]
    } else {
        let reports: Vec<Report> = serde_json::from_slice(&body).map_err(refused)?;
        reports.into_iter().filter(|report| report.kind == "csp-violation").map(|report| report.body).collect()
    };
    let caller = Caller::known(&req);
    for violation in violations.into_iter().take(REPORTS) {
        let event = SecurityEvent { kind: SecurityEventKind::CspReport, detail: violation.detail(), caller };
        log.record(&state.db, &state.clock, context.clone(), event);
    }
    Ok(HttpResponse::NoContent().finish())
}

impl Violation {
    /// The report in words. Addresses end with their path, since a query can hold an invitation.
    fn detail(self) -> String {
        let short = |text: Option<String>| {
            let text = text.unwrap_or_else(|| "something".to_owned());
            text.split(['?', '#']).next().unwrap_or_default().chars().take(100).collect::<String>()
        };
        format!("{} refused {} on {}", short(self.directive), short(self.blocked), short(self.document))
    }
}
