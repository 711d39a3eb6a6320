//! Endpoints of the audit log, for admins: read it, export it.

use actix_web::{HttpResponse, get, web};
use diesel::QueryResult;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, rc::Rc};
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use super::{
    csv::csv_field,
    model::{self, AuditFilter},
    private::{Numbering, Reader},
};
use crate::{
    auth::guard::{AdminUser, CurrentUser},
    clock::Timestamp,
    error::ApiResult,
    http::{
        extract::ValidQuery,
        paging::{Page, PageQuery, default_limit},
        state::AppState,
    },
    trail::{Action, AuditEvent, AuditRow, Outcome},
    words::Stored,
};

/// One record of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditRecord {
    /// Counts the records that are shown to you, one by one.
    #[schema(example = 4711)]
    id: i64,
    at: Timestamp,
    /// The user who did it; `null` if nobody was recognised, `(operator)` for the server's command
    /// line.
    #[schema(required = true, example = "robin")]
    actor: Option<String>,
    #[schema(value_type = Action)]
    action: Stored<Action>,
    /// The user or thing that it was done to.
    #[schema(required = true, example = "robin")]
    target: Option<String>,
    outcome: Outcome,
    #[schema(required = true, example = "192.0.2.7")]
    address: Option<String>,
    #[schema(required = true, example = "019a5f0e-7c11-7d5e-9a51-0f6d1c2b3a4d")]
    request_id: Option<String>,
    #[schema(required = true, example = "role admin")]
    detail: Option<String>,
}

impl AuditRow {
    #[must_use]
    pub fn view(self) -> AuditRecord {
        AuditRecord {
            outcome: self.outcome.known().unwrap_or(Outcome::Failure),
            id: self.id,
            at: self.at,
            actor: self.actor,
            action: self.action,
            target: self.target,
            address: self.address,
            request_id: self.request_id,
            detail: self.detail,
        }
    }
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAudit {
    /// Only actions of this user.
    #[validate(length(max = 64))]
    #[param(max_length = 64, example = "robin")]
    actor: Option<String>,
    /// Only this action.
    #[validate(custom(function = "validate_action"))]
    #[param(value_type = Option<String>, example = "auth.login")]
    action: Option<Stored<Action>>,
    /// Only actions on this user or thing.
    #[validate(length(max = 64))]
    #[param(max_length = 64, example = "alex")]
    target: Option<String>,
    /// Only this outcome.
    #[param(inline)]
    outcome: Option<Outcome>,
    /// From this instant on.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-01T00:00:00Z")]
    from: Option<Timestamp>,
    /// Before this instant.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-04-01T00:00:00Z")]
    to: Option<Timestamp>,
    /// The number of items on a page.
    #[serde(default = "default_limit")]
    #[validate(range(min = 1, max = 500))]
    #[param(minimum = 1, maximum = 500, default = 20, required = false)]
    limit: u32,
    /// `next_cursor` of the previous page, with the same filters.
    cursor: Option<String>,
}

fn validate_action(action: &Stored<Action>) -> Result<(), ValidationError> {
    if action.known().is_some() {
        return Ok(());
    }
    let names: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
    Err(ValidationError::new("choice").with_message(Cow::Owned(format!("has to be one of {}", names.join(", ")))))
}

/// List the actions on this server.
///
/// Newest first. Records are only ever added; `status-tracker audit verify` checks that none was
/// changed or removed. Records of other people's entries, shares and looks are not shown: only the
/// people they name see them.
#[utoipa::path(
    tag = "audit",
    params(ListAudit),
    responses(
        (status = 200, description = "One page", body = Page<AuditRecord>),
    )
)]
#[get("/admin/audit")]
pub async fn list_audit(
    state: web::Data<AppState>,
    admin: AdminUser,
    query: ValidQuery<ListAudit>,
) -> ApiResult<web::Json<Page<AuditRecord>>> {
    let ListAudit { actor, action, target, outcome, from, to, limit, cursor } = query.0;
    let reader = Reader::new(&admin.0.user);
    let outcome = outcome.map(Stored::Known);
    let filter = AuditFilter { actor, action, target, outcome, from, to, reader: Some(reader.clone()) };
    let list = format!("audit|{filter:?}");
    let page = state.cursors.page(list, PageQuery { limit, cursor })?;
    let page = admin.0.read(&state.db, |conn, _| {
        let page = page.of(model::list(conn, &filter, page.after, page.rows())?, |last| (last.at.0, last.id));
        let mut numbers = Numbering::default();
        let numbered = page.items.into_iter().rev().map(|row| numbers.next(conn, &reader, row));
        let mut items = numbered.collect::<QueryResult<Vec<_>>>()?;
        items.reverse();
        Ok(Page { items, next_cursor: page.next_cursor })
    });
    Ok(web::Json(page.await?))
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// One JSON object a line.
    #[default]
    Jsonl,
    Csv,
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportAudit {
    #[serde(default)]
    #[param(inline, required = false)]
    /// One JSON object per line, or CSV.
    format: ExportFormat,
    /// From this instant on.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-01T00:00:00Z")]
    from: Option<Timestamp>,
    /// Before this instant.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-04-01T00:00:00Z")]
    to: Option<Timestamp>,
}

/// Export the audit log.
///
/// Oldest first, streamed: the records that the list shows to you. The export is recorded first.
#[utoipa::path(
    tag = "audit",
    params(ExportAudit),
    responses(
        (status = 200, description = "The records", content((String = "application/x-ndjson"), (String = "text/csv"))),
    )
)]
#[get("/admin/audit/export")]
pub async fn export_audit(
    state: web::Data<AppState>,
    admin: AdminUser,
    query: ValidQuery<ExportAudit>,
) -> ApiResult<HttpResponse> {
    let ExportAudit { format, from, to } = query.0;
    let reader = Reader::new(&admin.0.user);
    let filter = AuditFilter { from, to, reader: Some(reader.clone()), ..AuditFilter::default() };
    let admin = Rc::new(admin.0);
    let recorded = CurrentUser::clone(&admin)
        .write(&state.db, |conn, context| Ok(context.record(conn, &AuditEvent::new(Action::AuditExport))?));
    recorded.await?;
    let (content_type, name) = match format {
        ExportFormat::Jsonl => ("application/x-ndjson", "audit.jsonl"),
        ExportFormat::Csv => ("text/csv; charset=utf-8", "audit.csv"),
    };
    let head = Ok(web::Bytes::from_static(export_head(format).as_bytes()));
    let pages = stream::try_unfold(((i64::MIN, 0), Numbering::default()), move |(after, mut numbers)| {
        let (state, admin, filter, reader) = (state.clone(), Rc::clone(&admin), filter.clone(), reader.clone());
        async move {
            // A page at a time, so that no transaction lives as long as a slow client. The session may end in between.
            let read = admin.read(&state.db, |conn, _| {
                let rows = model::page_for_export(conn, &filter, after, AT_ONCE)?;
                let next = rows.last().map(|row| (row.at.0, row.id));
                let records = rows.into_iter().map(|row| numbers.next(conn, &reader, row));
                let records = records.collect::<QueryResult<Vec<_>>>()?;
                Ok((records.into_iter().map(|record| line(record, format)).collect::<String>(), next))
            });
            let (text, next) = read.await?;
            Ok::<_, crate::error::ApiError>(next.map(|next| (web::Bytes::from(text), (next, numbers))))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}\"")))
        .streaming(stream::iter([head]).chain(pages)))
}

const AT_ONCE: i64 = 500;

/// The head of an export, before its first record.
#[must_use]
pub fn export_head(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Jsonl => "",
        ExportFormat::Csv => "id,at,actor,action,target,outcome,address,request_id,detail\r\n",
    }
}

/// One record as a line of an export.
#[must_use]
pub fn line(record: AuditRecord, format: ExportFormat) -> String {
    if format == ExportFormat::Jsonl {
        return serde_json::to_string(&record).unwrap_or_default() + "\n";
    }
    let AuditRecord { id, at, actor, action, target, outcome, address, request_id, detail } = record;
    let text = |text: Option<String>| csv_field(&text.unwrap_or_default());
    [
        id.to_string(),
        at.to_string(),
        text(actor),
        action.as_str().to_owned(),
        text(target),
        outcome.as_str().to_owned(),
        text(address),
        text(request_id),
        text(detail),
    ]
    .join(",")
        + "\r\n"
}
